using System.Globalization;

namespace Presence.Host.Auth;

/// <summary>How long anybody waits for the issuer of a token (contract A2): an answer is there within 5 s.</summary>
internal static class IssuerPatience
{
    // The issuer is asked again a second after a failure. Clients that were refused together come back one after the other.
    private const int EarliestRetry = 2;
    private const int LatestRetry = 10;

    /// <summary>How long one reading of an issuer may take: the discovery document, the keys, and all redirects of both.</summary>
    public static TimeSpan Reading { get; } = TimeSpan.FromSeconds(3.5);

    /// <summary>How long one client waits for it.</summary>
    public static TimeSpan Waiting { get; } = TimeSpan.FromSeconds(4);

    /// <summary>The value of a <c>Retry-After</c> header: 2 to 10 s, a new random number each time.</summary>
    public static string RetryAfter() => Random.Shared.Next(EarliestRetry, LatestRetry + 1).ToString(CultureInfo.InvariantCulture);
}
