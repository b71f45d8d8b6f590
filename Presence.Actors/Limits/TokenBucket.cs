namespace Presence.Actors.Limits;

/// <summary>
/// What one user or link has used of a <see cref="RateLimit"/>: a token bucket that is kept as the time at which it is full again. It
/// starts full. More tokens may be used than there are, since the size of some messages is known only when they are there.
/// </summary>
/// <remarks>
/// It is a value of eight bytes, so it is kept in a field that is not readonly. The limit is the same in all calls. Times are in
/// milliseconds of one clock that does not go back.
/// </remarks>
public struct TokenBucket : IEquatable<TokenBucket>
{
    private long _fullAt;

    /// <summary>Uses tokens.</summary>
    /// <param name="limit">The limit.</param>
    /// <param name="tokens">How many.</param>
    /// <param name="now">The time.</param>
    public void Use(in RateLimit limit, int tokens, long now)
    {
        if (limit.IsLimited)
            _fullAt = Math.Max(_fullAt, RateLimit.Units(now)) + (tokens * limit.Cost);
    }

    /// <summary>Uses one token if there is one; false if there is none.</summary>
    /// <param name="limit">The limit.</param>
    /// <param name="now">The time.</param>
    public bool TryUse(in RateLimit limit, long now)
    {
        if (!HasToken(limit, now))
            return false;
        Use(limit, 1, now);
        return true;
    }

    /// <summary>Whether there is a token.</summary>
    /// <param name="limit">The limit.</param>
    /// <param name="now">The time.</param>
    public readonly bool HasToken(in RateLimit limit, long now) => UntilToken(limit, now) == 0;

    /// <summary>How long until there is a token, rounded up; 0 if there is one.</summary>
    /// <param name="limit">The limit.</param>
    /// <param name="now">The time.</param>
    public readonly long UntilToken(in RateLimit limit, long now) =>
        Math.Max(0, RateLimit.Milliseconds(UntilFull(now) + limit.Cost - limit.Burst));

    /// <summary>Whether more tokens were used than there were.</summary>
    /// <param name="limit">The limit.</param>
    /// <param name="now">The time.</param>
    public readonly bool IsOverdrawn(in RateLimit limit, long now) => UntilFull(now) > limit.Burst;

    /// <summary>Whether at least half of the tokens are there.</summary>
    /// <param name="limit">The limit.</param>
    /// <param name="now">The time.</param>
    public readonly bool IsHalfFull(in RateLimit limit, long now) => UntilFull(now) <= limit.Burst / 2;

    /// <summary>Whether all tokens are there.</summary>
    /// <param name="now">The time.</param>
    public readonly bool IsFull(long now) => UntilFull(now) <= 0;

    /// <inheritdoc/>
    public readonly bool Equals(TokenBucket other) => _fullAt == other._fullAt;

    /// <inheritdoc/>
    public override readonly bool Equals(object? obj) => obj is TokenBucket other && Equals(other);

    /// <inheritdoc/>
    public override readonly int GetHashCode() => _fullAt.GetHashCode();

    /// <summary>Whether two are the same.</summary>
    public static bool operator ==(TokenBucket left, TokenBucket right) => left.Equals(right);

    /// <summary>Whether two differ.</summary>
    public static bool operator !=(TokenBucket left, TokenBucket right) => !left.Equals(right);

    private readonly long UntilFull(long now) => _fullAt == 0 ? 0 : Math.Max(0, _fullAt - RateLimit.Units(now));
}
