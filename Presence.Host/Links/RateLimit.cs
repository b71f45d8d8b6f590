namespace Presence.Host.Links;

/// <summary>A number of tokens per second that one link may use, with a burst of <see cref="BurstMilliseconds"/> worth of them.</summary>
/// <remarks>
/// Immutable and shared by all links; what one link has used is its <see cref="TokenBucket"/>, of eight bytes. The limiters of
/// System.Threading.RateLimiting are not used here: each costs an object with a lock and a queue per link, and there are tens of
/// thousands of links.
/// </remarks>
internal readonly record struct RateLimit
{
    /// <summary>How many milliseconds' worth of tokens a link that has used none may use at once.</summary>
    public const long BurstMilliseconds = 4000;

    // Times are kept in milliseconds times this, so that one token of a high rate is not rounded to nothing.
    private const int Shift = 22;

    private readonly long _cost;

    /// <param name="perSecond">Tokens per second; 0 sets no limit.</param>
    public RateLimit(int perSecond)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(perSecond);
        _cost = perSecond == 0 ? 0 : Math.Max(1, (1000L << Shift) / perSecond);
    }

    /// <summary>Adds used tokens to a time at which a bucket is full again.</summary>
    /// <param name="fullAt">That time before, in units of this type.</param>
    /// <param name="tokens">How many tokens are used.</param>
    /// <param name="now">The time, in milliseconds.</param>
    internal long Use(long fullAt, int tokens, long now) => _cost == 0 ? fullAt : Math.Max(fullAt, now << Shift) + (tokens * _cost);

    /// <summary>How long until a full bucket, in milliseconds, rounded up; not above zero if it is full.</summary>
    internal static long UntilFull(long fullAt, long now) => (fullAt - (now << Shift) + (1L << Shift) - 1) >> Shift;
}

/// <summary>
/// What one link has used of a <see cref="RateLimit"/>: a token bucket that is kept as the time at which it is full again. It
/// starts full. More tokens may be used than there are, since the size of a message is known when it is there; the bucket is
/// overdrawn then, and nothing more is to be used until it is not.
/// </summary>
internal struct TokenBucket
{
    private long _fullAt;

    /// <summary>Uses tokens.</summary>
    /// <param name="limit">The limit; the same in all calls.</param>
    /// <param name="tokens">How many.</param>
    /// <param name="now">The time, in milliseconds; it never goes back.</param>
    public void Use(in RateLimit limit, int tokens, long now) => _fullAt = limit.Use(_fullAt, tokens, now);

    /// <summary>Whether more tokens were used than there are.</summary>
    public readonly bool IsOverdrawn(long now) => RateLimit.UntilFull(_fullAt, now) > RateLimit.BurstMilliseconds;

    /// <summary>Whether at least half of the tokens are there.</summary>
    public readonly bool IsHalfFull(long now) => RateLimit.UntilFull(_fullAt, now) <= RateLimit.BurstMilliseconds / 2;
}
