using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Presence.Actors.Connections;
using Presence.Host.Configuration;

namespace Presence.Tests.Semantics.Clients;

/// <summary>Signs session tokens as an issuer does that shares the server's well-known development key.</summary>
public static class Tokens
{
    public static string Sign(Identity identity) => Sign("""{"alg":"HS256","typ":"JWT"}""", Payload(identity), WellKnownKeys.Signing);

    /// <summary>A token of this header and payload, signed with HS256 whatever they say.</summary>
    public static string Sign(string header, string payload, string key)
    {
        var signed = $"{Encode(header)}.{Encode(payload)}";
        return $"{signed}.{Base64Url.EncodeToString(HMACSHA256.HashData(Encoding.UTF8.GetBytes(key), Encoding.ASCII.GetBytes(signed)))}";
    }

    public static string Payload(Identity identity) => JsonSerializer.Serialize(new Dictionary<string, object>
    {
        ["tid"] = identity.TokenId ?? "",
        ["uid"] = identity.User.ToString(),
        ["usn"] = identity.Username,
        ["exp"] = identity.ExpiresAt.ToUnixTimeSeconds(),
        ["iat"] = identity.IssuedAt.ToUnixTimeSeconds(),
    });

    private static string Encode(string text) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(text));
}
