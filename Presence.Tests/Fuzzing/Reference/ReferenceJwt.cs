using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Presence.Actors.Model;

namespace Presence.Tests.Fuzzing.Reference;

/// <summary>Reads tokens by RFC 7515 and RFC 7519 with nothing but .NET: three parts, one algorithm, its signature, its times.</summary>
internal sealed class ReferenceJwt(byte[] secret, ECDsa elliptic, RSA rsa, Func<byte[], byte[], bool> edwards, DateTimeOffset now)
{
    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false };

    /// <summary>Whether the header of a token is one JSON text in which no name comes twice.</summary>
    public static bool IsStrictHeader(string header)
    {
        try
        {
            JsonDocument.Parse(Base64Url.DecodeFromChars(header), Strict).Dispose();
            return true;
        }
        catch (Exception fault) when (fault is JsonException or InvalidOperationException or FormatException)
        {
            return false;
        }
    }

    /// <summary>What a token says in a few words; null if it must not be taken.</summary>
    public string? Read(string token)
    {
        var parts = token.Split('.');
        if (parts.Length != 3 || Array.Exists(parts, p => p.Length == 0 || p.Any(c => !char.IsAsciiLetterOrDigit(c) && c is not ('-' or '_')) || p.Length % 4 == 1))
            return null;
        try
        {
            using var header = JsonDocument.Parse(Decode(parts[0]), Strict);
            if (header.RootElement.TryGetProperty("crit", out _))
                return null;
            var signed = Encoding.ASCII.GetBytes($"{parts[0]}.{parts[1]}");
            var signature = Decode(parts[2]);
            var isSigned = header.RootElement.GetProperty("alg").GetString() switch
            {
                "HS256" => HMACSHA256.HashData(secret, signed).AsSpan().SequenceEqual(signature),
                "ES256" => elliptic.VerifyData(signed, signature, HashAlgorithmName.SHA256),
                "RS256" => rsa.VerifyData(signed, signature, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1),
                "EdDSA" => edwards(signed, signature),
                _ => false,
            };
            return isSigned ? Claims(Decode(parts[1])) : null;
        }
        catch (Exception fault) when (fault is JsonException or InvalidOperationException or FormatException or KeyNotFoundException)
        {
            return null;
        }
    }

    private static byte[] Decode(string part) => Base64Url.DecodeFromChars(part);

    private string? Claims(byte[] payload)
    {
        using var document = JsonDocument.Parse(payload, Strict);
        var claims = document.RootElement;
        if (First(claims, "uid", "sub") is not { Length: > 0 } user)
            return null;
        var original = user;
        var name = First(claims, "usn", "preferred_username", "name");
        if (user.StartsWith("urn:uuid:", StringComparison.OrdinalIgnoreCase))
            user = user[9..];
        if (user.Length is not (32 or 36 or 38) || user is ['(', ..] || !Guid.TryParse(user, out var id))
            id = NameBased(NameBased(new Guid("6ba7b811-9dad-11d1-80b4-00c04fd430c8"), First(claims, "iss") ?? ""), original);
        if (Seconds(claims, "exp") is not { } expires || expires <= now.ToUnixTimeSeconds())
            return null;
        if (Seconds(claims, "nbf") > now.ToUnixTimeSeconds() || Seconds(claims, "iat") > now.ToUnixTimeSeconds())
            return null;
        if (name is null && !Username.TryNormalize(original, out name))
            name = id.ToString();
        var login = claims.TryGetProperty("tid", out var tid) && tid.ValueKind == JsonValueKind.String && tid.GetString()!.Length > 0 ? tid.GetString() : null;
        if (login is null && (tid.ValueKind is JsonValueKind.Undefined or JsonValueKind.Null) && claims.TryGetProperty("jti", out var jti) && jti.ValueKind == JsonValueKind.String && jti.GetString()!.Length > 0)
            login = jti.GetString();
        if (login is ['#', ..])
            login = null;
        var vars = claims.TryGetProperty("vrs", out var vrs) && vrs.ValueKind == JsonValueKind.Object
            ? vrs.EnumerateObject().Count(v => v.Value.ValueKind == JsonValueKind.String)
            : 0;
        return $"{id} {name} {login} {Math.Floor(expires)} {vars}";
    }

    private static string? First(JsonElement claims, params string[] names)
    {
        foreach (var name in names)
        {
            if (claims.TryGetProperty(name, out var claim) && claim.ValueKind != JsonValueKind.Null)
                return claim.GetString();
        }

        return null;
    }

    private static double? Seconds(JsonElement claims, string name) =>
        claims.TryGetProperty(name, out var claim) && claim.ValueKind != JsonValueKind.Null
            ? Math.Clamp(claim.GetDouble(), 0, DateTimeOffset.MaxValue.ToUnixTimeSeconds())
            : null;

    [SuppressMessage("Security", "CA5350:Do Not Use Weak Cryptographic Algorithms", Justification = "RFC 9562 demands it.")]
    private static Guid NameBased(Guid space, string name)
    {
        var hash = SHA1.HashData([.. space.ToByteArray(bigEndian: true), .. Encoding.UTF8.GetBytes(name)]);
        hash[6] = (byte)((hash[6] % 16) + 0x50);
        hash[8] = (byte)((hash[8] % 64) + 0x80);
        return new Guid(hash.AsSpan(0, 16), bigEndian: true);
    }
}
