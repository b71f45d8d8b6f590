using System.Text.Json;

namespace Presence.Client.Connections;

/// <summary>When the token of a link is replaced by a newer one.</summary>
internal static class TokenTimes
{
    /// <summary>How long before the expiry a newer token is presented; a token that lives less than twice as long has half of its life left.</summary>
    public static readonly TimeSpan Lead = TimeSpan.FromSeconds(30);

    /// <summary>How long after a failure it is tried again.</summary>
    public static readonly TimeSpan RetryTime = TimeSpan.FromSeconds(5);

    /// <summary>The shortest time between two; a Presence server refuses more than one per second.</summary>
    public static readonly TimeSpan Shortest = TimeSpan.FromSeconds(1.5);

    /// <summary>The longest time that is waited for at once: timers go no further.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromDays(20);

    /// <summary>How long to wait before a token that expires at this instant is replaced.</summary>
    /// <param name="expiry">When it expires.</param>
    /// <param name="now">The time.</param>
    public static TimeSpan WaitOf(DateTimeOffset expiry, DateTimeOffset now)
    {
        var left = expiry - now;
        var wait = left >= Lead + Lead ? left - Lead : TimeSpan.FromTicks(left.Ticks / 2);
        return wait < Shortest ? Shortest : wait > Longest ? Longest : wait;
    }

    /// <summary>When a session token says that it expires (protocol section D5); null if it does not say. It is read and not checked.</summary>
    public static DateTimeOffset? ExpiryOf(string token)
    {
        var parts = token.Split('.');
        if (parts.Length != 3)
            return null;
        try
        {
            var payload = parts[1].Replace('-', '+').Replace('_', '/');
            using var json = JsonDocument.Parse(Convert.FromBase64String(payload.PadRight((payload.Length + 3) / 4 * 4, '=')));
            return json.RootElement.TryGetProperty("exp", out var exp) && exp.TryGetDouble(out var seconds)
                ? DateTimeOffset.FromUnixTimeSeconds(checked((long)Math.Floor(seconds)))
                : null;
        }
        catch (Exception e) when (e is FormatException or JsonException or InvalidOperationException or ArgumentOutOfRangeException or OverflowException)
        {
            return null;
        }
    }
}
