using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Presence.Tests.Host.Auth;

/// <summary>Signs whatever a test wants to see refused, or taken, with nothing of the server's own code.</summary>
internal static class Jwt
{
    public const string Hs256 = """{"alg":"HS256","typ":"JWT"}""";

    /// <summary>The instant at which the tests' clock starts: a whole second.</summary>
    public static readonly DateTimeOffset Now = new(2026, 11, 24, 12, 0, 0, TimeSpan.Zero);

    public const string Uid = "8f96bc43-7008-4d2a-8be1-1e73859b3033";

    /// <summary>A payload that is fine, with the members of <paramref name="changes"/> in place of its own; null removes.</summary>
    public static string Payload(params (string Name, string? Json)[] changes)
    {
        var members = new List<(string Name, string? Json)>
        {
            ("tid", "\"t1\""), ("uid", $"\"{Uid}\""), ("usn", "\"alice\""),
            ("exp", At(3600)), ("iat", At(0)),
        };
        foreach (var change in changes)
        {
            var at = members.FindIndex(member => member.Name == change.Name);
            if (at < 0)
                members.Add(change);
            else
                members[at] = change;
        }
        return $"{{{string.Join(',', members.Where(m => m.Json is not null).Select(m => $"\"{m.Name}\":{m.Json}"))}}}";
    }

    /// <summary>So many seconds from now, as JSON.</summary>
    public static string At(int seconds) => $"{Now.ToUnixTimeSeconds() + seconds}";

    public static string Hmac(string payload, string key, string header = Hs256) =>
        Signed(header, Encoding.UTF8.GetBytes(payload), signed => HMACSHA256.HashData(Encoding.UTF8.GetBytes(key), signed));

    public static string Rsa(string payload, RSA key, string header = """{"alg":"RS256"}""") =>
        Signed(header, Encoding.UTF8.GetBytes(payload), signed => key.SignData(signed, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1));

    public static string Elliptic(string payload, ECDsa key, string header = """{"alg":"ES256"}""") =>
        Signed(header, Encoding.UTF8.GetBytes(payload), signed => key.SignData(signed, HashAlgorithmName.SHA256));

    public static string Edwards(string payload, Ed25519Pair key, string header = """{"alg":"EdDSA"}""") =>
        Signed(header, Encoding.UTF8.GetBytes(payload), key.Sign);

    public static string Signed(string header, byte[] payload, Func<byte[], byte[]> sign)
    {
        var signed = $"{Base64Url.EncodeToString(Encoding.UTF8.GetBytes(header))}.{Base64Url.EncodeToString(payload)}";
        return $"{signed}.{Base64Url.EncodeToString(sign(Encoding.ASCII.GetBytes(signed)))}";
    }

    /// <summary>The payload of a token, as it was signed.</summary>
    public static string PayloadOf(string token) => Encoding.UTF8.GetString(Base64Url.DecodeFromChars(token.Split('.')[1]));

    public static JsonElement ClaimsOf(string token) => JsonDocument.Parse(PayloadOf(token)).RootElement;
}
