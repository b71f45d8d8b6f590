namespace Presence.Client.Reconnecting;

/// <summary>The waits between attempts to connect, by a policy. A pure rule: it reads no clock.</summary>
/// <param name="policy">The rule.</param>
/// <param name="random">A number from 0 (inclusive) to 1 for each wait.</param>
internal sealed class Backoff(ReconnectPolicy policy, Func<double> random)
{
#if !NET
    // Not by the clock, as theirs are: clients that start together would wait alike.
    private static readonly Random Shared = new(Guid.NewGuid().GetHashCode());

#endif
    private int _attempts;
    private TimeSpan _waited;

    /// <summary>How long to wait before the next attempt; null: no more attempts.</summary>
    /// <param name="without">For how long there has been no connection.</param>
    public TimeSpan? Next(TimeSpan without)
    {
        if (policy.GiveUpAfter is { } limit && without >= limit)
            return null;
        // 2^30 times the first delay is above any other that is meant.
        var longest = Math.Min(policy.MaxDelay.TotalMilliseconds, policy.FirstDelay.TotalMilliseconds * Math.Pow(2, Math.Min(_attempts, 30)));
        _attempts++;
        _waited = TimeSpan.FromMilliseconds(longest * (1 - random() / 2));
        return _waited;
    }

    /// <summary>
    /// A connection has lasted this long. One that lasted no longer than the wait for it starts nothing anew, so that a server that
    /// takes every connection and drops it is not called without a pause.
    /// </summary>
    public void Lasted(TimeSpan connected)
    {
        if (connected > _waited)
            (_attempts, _waited) = (0, TimeSpan.Zero);
    }

    /// <summary>A number from 0 (inclusive) to 1, for any thread.</summary>
    public static double Chance()
    {
#if NET
        return Random.Shared.NextDouble();
#else
        lock (Shared)
            return Shared.NextDouble();
#endif
    }
}
