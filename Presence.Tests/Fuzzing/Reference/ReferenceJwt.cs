using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

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
        if (claims.GetProperty("uid").GetString() is not { } user || claims.GetProperty("usn").GetString() is not { Length: > 0 } name)
            return null;
        if (user.StartsWith("urn:uuid:", StringComparison.OrdinalIgnoreCase))
            user = user[9..];
        if (user.Length is not (32 or 36 or 38) || user is ['(', ..] || !Guid.TryParse(user, out var id))
            return null;
        var expires = claims.GetProperty("exp").GetInt64();
        if (expires <= now.ToUnixTimeSeconds())
            return null;
        if (claims.TryGetProperty("nbf", out var start) && start.GetInt64() > now.ToUnixTimeSeconds())
            return null;
        if (claims.TryGetProperty("iat", out var issued))
            issued.GetInt64();
        var login = claims.TryGetProperty("tid", out var tid) && tid.ValueKind == JsonValueKind.String && tid.GetString()!.Length > 0 ? tid.GetString() : null;
        var vars = claims.TryGetProperty("vrs", out var vrs) && vrs.ValueKind == JsonValueKind.Object
            ? vrs.EnumerateObject().Count(v => v.Value.ValueKind == JsonValueKind.String)
            : 0;
        return $"{id} {name} {login} {Math.Min(expires, DateTimeOffset.MaxValue.ToUnixTimeSeconds())} {vars}";
    }
}
