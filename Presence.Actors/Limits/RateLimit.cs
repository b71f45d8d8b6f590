namespace Presence.Actors.Limits;

/// <summary>How many tokens per second may be used, and how many at once. The default value sets no limit.</summary>
/// <remarks>
/// Immutable and shared; what one user or link has used is its <see cref="TokenBucket"/>, of eight bytes. The limiters of
/// System.Threading.RateLimiting are not used here: each is an object with a lock and a queue, and there are tens of thousands.
/// </remarks>
public readonly record struct RateLimit
{
    // Times are kept in milliseconds times this, so that one token of a high rate is not rounded to nothing.
    private const int Shift = 22;

    /// <param name="perSecond">Tokens per second in the long run; 0 sets no limit.</param>
    /// <param name="burst">How many seconds' worth of tokens may be used at once; at least one token may.</param>
    public RateLimit(double perSecond, TimeSpan burst)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(perSecond);
        if (perSecond == 0)
            return;
        Cost = Math.Max(1, (long)((1000L << Shift) / perSecond));
        Burst = Math.Max(Cost, (long)burst.TotalMilliseconds << Shift);
    }

    private RateLimit(long cost, long burst) => (Cost, Burst) = (cost, burst);

    /// <summary>Whether there is a limit.</summary>
    public bool IsLimited => Cost != 0;

    /// <summary>How long one token takes to come back, in units of this type; 0 without a limit.</summary>
    internal long Cost { get; }

    /// <summary>How long all tokens take to come back, likewise.</summary>
    internal long Burst { get; }

    /// <summary>An equal part, for one of several that share the limit.</summary>
    public RateLimit Share(int parts) => new(Cost * parts, Math.Max(Cost * parts, Burst));

    /// <summary>A time in units of this type.</summary>
    /// <param name="milliseconds">The time.</param>
    internal static long Units(long milliseconds) => milliseconds << Shift;

    /// <summary>A time in milliseconds, rounded up.</summary>
    /// <param name="units">The time, in units of this type.</param>
    internal static long Milliseconds(long units) => (units + (1L << Shift) - 1) >> Shift;
}
