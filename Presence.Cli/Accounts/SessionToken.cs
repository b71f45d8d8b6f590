using System.Buffers.Text;
using System.Text.Json;

namespace Presence.Cli.Accounts;

/// <summary>What a session token says of itself (protocol section D5). It is the user's own, so it is read and not checked.</summary>
/// <param name="Username">The user's name; null if it does not say.</param>
/// <param name="UserId">The user's id; null if it does not say.</param>
/// <param name="ExpiresAt">When it ceases to be valid; null if it does not say.</param>
internal sealed record SessionToken(string? Username, Guid? UserId, DateTimeOffset? ExpiresAt)
{
    private static readonly long LastSecond = DateTimeOffset.MaxValue.ToUnixTimeSeconds();

    /// <summary>Reads a token; null if it is not a signed JWT.</summary>
    public static SessionToken? Read(string token)
    {
        var parts = token.Split('.');
        if (parts.Length != 3)
            return null;
        try
        {
            using var payload = JsonDocument.Parse(Base64Url.DecodeFromChars(parts[1]));
            var claims = payload.RootElement;
            if (claims.ValueKind != JsonValueKind.Object)
                return null;
            return new SessionToken(
                Text(claims, "usn"),
                Guid.TryParse(Text(claims, "uid"), out var id) ? id : null,
                claims.TryGetProperty("exp", out var exp) && exp.ValueKind == JsonValueKind.Number && exp.TryGetInt64(out var seconds)
                    ? DateTimeOffset.FromUnixTimeSeconds(Math.Clamp(seconds, 0, LastSecond)) : null);
        }
        catch (Exception e) when (e is FormatException or JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    private static string? Text(JsonElement claims, string name) =>
        claims.TryGetProperty(name, out var claim) && claim.ValueKind == JsonValueKind.String ? claim.GetString() : null;
}
