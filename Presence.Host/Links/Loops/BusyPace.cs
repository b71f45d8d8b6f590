namespace Presence.Host.Links.Loops;

/// <summary>
/// Spreads what causes work over time while there is much to do: groups of items begin at least their items' time apart. A pause is
/// not saved up: after one, a group begins at once, and the next has to wait again.
/// </summary>
/// <param name="perItem">The time of one item.</param>
internal sealed class BusyPace(TimeSpan perItem)
{
    // When the next group may begin, in milliseconds.
    private long _nextAt = long.MinValue;

    /// <summary>How long a group has to wait before it may ask again; zero: it begins now.</summary>
    /// <param name="items">How many the group has.</param>
    /// <param name="isBusy">Whether there is much to do; otherwise nothing waits.</param>
    /// <param name="now">Milliseconds of a clock that does not go back.</param>
    public TimeSpan WaitBefore(int items, bool isBusy, long now)
    {
        if (isBusy && now < _nextAt)
            return TimeSpan.FromMilliseconds(_nextAt - now);
        _nextAt = now + (long)(items * perItem.TotalMilliseconds);
        return TimeSpan.Zero;
    }
}
