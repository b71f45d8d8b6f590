namespace Presence.Host.Links.Loops;

/// <summary>
/// Spreads what causes work over time, so that those who are there already have part of the time of a loop (contract L2). Items begin in
/// groups. Each item may keep the loop busy for a short time without delay to the next one. Beyond that, the loop has to be idle for twice
/// as long before the next group begins. No group waits for longer than the time of the items before it, whatever else keeps the loop busy.
/// </summary>
/// <remarks>
/// Items that begin together cost less: each step runs for all of them while its code is in the cache of the processor. So groups grow
/// while none has to wait. What an item causes shows only after a while: a client connects, and then it follows thousands. So they grow
/// slowly, and a group that has waited, or comes after a pause, is small.
/// </remarks>
/// <param name="perItem">How long an item keeps the next one waiting at most.</param>
/// <param name="freePerItem">For how long an item may keep the loop busy before the next one waits.</param>
internal sealed class BusyPace(TimeSpan perItem, TimeSpan freePerItem)
{
    /// <summary>How many items a small group has.</summary>
    public const int SmallGroup = 4;

    /// <summary>How many items the largest group has.</summary>
    public const int LargestGroup = 32;

    /// <summary>How long groups keep their size before they are twice as large.</summary>
    public static readonly TimeSpan Growth = TimeSpan.FromMilliseconds(10);

    // How much idle time follows one unit of busy time.
    private const int IdlePerBusy = 2;

    // More than this much busy time is forgotten.
    private static readonly TimeSpan s_mostExcess = TimeSpan.FromMilliseconds(20);

    private TimeSpan _now;
    private TimeSpan _busy;

    // For how long the loop was busy, above what was free, and has not been idle since. Below zero: what the last group has free.
    private TimeSpan _excess;
    private TimeSpan _nextAt;

    // Since when the groups have had their size.
    private TimeSpan _sizedAt;
    private int _nextGroup = SmallGroup;

    /// <summary>Begins the next group if it need not wait.</summary>
    /// <param name="most">How many items it may have.</param>
    /// <param name="now">A time that does not go back.</param>
    /// <param name="busy">For how long the loop has been busy until now, in all.</param>
    /// <param name="wait">How long to wait before asking again, if the group does not begin.</param>
    /// <returns>How many items begin now; 0: none.</returns>
    public int Begin(int most, TimeSpan now, TimeSpan busy, out TimeSpan wait)
    {
        var worked = busy - _busy;
        var idle = now - _now - worked;
        (_now, _busy) = (now, busy);
        _excess += worked;
        if (_excess > TimeSpan.Zero)
            _excess = Within(TimeSpan.Zero, _excess - (idle / IdlePerBusy), s_mostExcess);
        wait = Min(_excess * IdlePerBusy, _nextAt - now);
        if (wait > TimeSpan.Zero)
        {
            (_nextGroup, _sizedAt) = (SmallGroup, now);
            return 0;
        }

        if (now > _nextAt)
            (_nextGroup, _sizedAt) = (SmallGroup, now);
        else if (now - _sizedAt >= Growth && _nextGroup < LargestGroup)
            (_nextGroup, _sizedAt) = (2 * _nextGroup, now);
        var items = Math.Min(most, _nextGroup);
        _excess = Within(-items * freePerItem, _excess - (items * freePerItem), s_mostExcess);
        _nextAt = now + (items * perItem);
        return items;
    }

    private static TimeSpan Within(TimeSpan least, TimeSpan time, TimeSpan most) => time < least ? least : Min(time, most);

    private static TimeSpan Min(TimeSpan one, TimeSpan other) => one < other ? one : other;
}
