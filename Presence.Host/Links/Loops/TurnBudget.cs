using System.Diagnostics;

namespace Presence.Host.Links.Loops;

/// <summary>
/// How much one step of a loop's turn may still do: a number of items, and a time that begins with the budget. The clock is read
/// once per <see cref="ItemsPerLook"/> items, so that an item costs no clock read of its own.
/// </summary>
internal struct TurnBudget
{
    /// <summary>How many items are done between two looks at the clock.</summary>
    public const int ItemsPerLook = 8;

    private readonly long _end;
    private int _left;
    private int _untilLook;

    /// <param name="items">How many items may be done; above zero.</param>
    /// <param name="time">How long they may take together.</param>
    public TurnBudget(int items, TimeSpan time)
        : this(items, Stopwatch.GetTimestamp() + (long)(time.TotalSeconds * Stopwatch.Frequency))
    {
    }

    /// <param name="items">How many items may be done; above zero.</param>
    /// <param name="end">When the time is over, in ticks of <see cref="Stopwatch"/>.</param>
    public TurnBudget(int items, long end)
    {
        _left = items;
        _end = end;
        _untilLook = ItemsPerLook;
    }

    /// <summary>Whether what is left has to wait for the next turn.</summary>
    public readonly bool IsSpent => _left <= 0;

    /// <summary>Items have been done.</summary>
    public void Spend(int items)
    {
        _left -= items;
        _untilLook -= items;
        if (_untilLook > 0)
            return;
        _untilLook = ItemsPerLook;
        if (Stopwatch.GetTimestamp() >= _end)
            _left = 0;
    }
}
