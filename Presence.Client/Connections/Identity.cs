using System.Text.Json;

namespace Presence.Client.Connections;

/// <summary>Who a client is. A TCP link is told so; on a WebSocket the token says it, except for the session.</summary>
internal sealed record Identity(Guid? UserId, string? Username, string? SessionId)
{
    public static readonly Identity Unknown = new(null, null, null);

    /// <summary>What a session token says (protocol section D5). It is the client's own, so it is read and not checked.</summary>
    public static Identity Of(string token)
    {
        var parts = token.Split('.');
        if (parts.Length != 3)
            return Unknown;
        try
        {
            var payload = parts[1].Replace('-', '+').Replace('_', '/');
            using var json = JsonDocument.Parse(Convert.FromBase64String(payload.PadRight((payload.Length + 3) / 4 * 4, '=')));
            var claims = json.RootElement;
            Guid? user = claims.TryGetProperty("uid", out var uid) && Guid.TryParse(uid.GetString(), out var id) ? id : null;
            return new Identity(user, claims.TryGetProperty("usn", out var name) ? name.GetString() : null, null);
        }
        catch (Exception e) when (e is FormatException or JsonException or InvalidOperationException)
        {
            return Unknown;
        }
    }
}
