namespace Presence.Actors.Announcements;

/// <summary>The sizes and times of what a node announces to the others.</summary>
/// <param name="BatchBytes">About how large an announcement may be; far below the frame limit of the transport.</param>
/// <param name="RetryAfter">How long one that is not accepted waits before it is sent again; doubled each time up to <paramref name="RetryAtMost"/>.</param>
/// <param name="RetryAtMost">The longest wait before a repetition.</param>
/// <param name="Patience">How long a new member waits to be told what the others keep, before it serves all the same.</param>
/// <param name="ForgetEvery">How often what has expired is forgotten.</param>
public sealed record AnnouncementSettings(
    int BatchBytes, TimeSpan RetryAfter, TimeSpan RetryAtMost, TimeSpan Patience, TimeSpan ForgetEvery)
{
    /// <summary>What a server runs with.</summary>
    public static readonly AnnouncementSettings Default = new(
        BatchBytes: 32 * 1024,
        RetryAfter: TimeSpan.FromMilliseconds(500),
        RetryAtMost: TimeSpan.FromSeconds(4),
        Patience: TimeSpan.FromSeconds(5),
        ForgetEvery: TimeSpan.FromMinutes(10));
}
