namespace Presence.Actors.Limits;

/// <summary>
/// A token bucket: up to <see cref="Rate.Burst"/> tokens at once, and <see cref="Rate.PerSecond"/> more each second. It may be
/// overdrawn; then it is empty until the debt is refilled.
/// </summary>
/// <remarks>
/// A value of 16 bytes, because there is one per user and relay. The limiters of System.Threading.RateLimiting are objects of some
/// hundred bytes with a lock and a timer. The caller gives the time, so tests need no clock.
/// </remarks>
/// <param name="Tokens">The tokens at <paramref name="At"/>; below zero after an overdraft.</param>
/// <param name="At">When the tokens were counted.</param>
internal readonly record struct TokenBucket(double Tokens, TimeSpan At)
{
    /// <summary>A full bucket.</summary>
    public static TokenBucket Full(Rate rate, TimeSpan now) => new(rate.Burst, now);

    /// <summary>The bucket with what was refilled since.</summary>
    public TokenBucket Refill(Rate rate, TimeSpan now) =>
        now <= At ? this : new(Math.Min(rate.Burst, Tokens + ((now - At).TotalSeconds * rate.PerSecond)), now);

    /// <summary>The bucket after some tokens were taken.</summary>
    public TokenBucket Take(double tokens = 1) => this with { Tokens = Tokens - tokens };

    /// <summary>Whether there is at least one token.</summary>
    public bool HasToken => Tokens >= 1;

    /// <summary>When the bucket is full again, if nothing is taken until then.</summary>
    public TimeSpan FullAt(Rate rate) => At + TimeSpan.FromSeconds(Math.Max(0, rate.Burst - Tokens) / rate.PerSecond);
}

/// <summary>How many of something are allowed.</summary>
/// <param name="PerSecond">How many per second in the long run; infinite for no limit.</param>
/// <param name="Burst">How many at once.</param>
public readonly record struct Rate(double PerSecond, double Burst)
{
    /// <summary>No limit.</summary>
    public static readonly Rate Unlimited = new(double.PositiveInfinity, double.PositiveInfinity);

    /// <summary>Whether there is a limit.</summary>
    public bool IsLimited => !double.IsPositiveInfinity(PerSecond);

    /// <summary>An equal part of it, for one of several that share it.</summary>
    public Rate Share(int parts) => new(PerSecond / parts, Math.Max(1, Burst / parts));
}
