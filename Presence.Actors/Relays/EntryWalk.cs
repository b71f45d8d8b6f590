namespace Presence.Actors.Relays;

/// <summary>
/// Visits entries of a relay a few at a time: a relay can have hundreds of thousands, and no message may keep it busy for long
/// (contract L2). An entry that the relay forgets meanwhile is left out; one that comes later is not visited.
/// </summary>
/// <param name="entries">The entries.</param>
/// <param name="visit">What is done with each.</param>
internal sealed class EntryWalk(RelayEntry[] entries, Action<RelayEntry> visit)
{
    private int _next;

    /// <summary>Whether all have been visited.</summary>
    public bool IsDone => _next == entries.Length;

    /// <summary>Visits the next ones.</summary>
    /// <param name="most">How many at most.</param>
    /// <returns>How many it went through; at least one, so that an empty walk counts as well.</returns>
    public int Step(int most)
    {
        var end = Math.Min(entries.Length, _next + most);
        var count = Math.Max(1, end - _next);
        for (; _next < end; _next++)
        {
            if (!entries[_next].IsForgotten)
                visit(entries[_next]);
        }

        return count;
    }
}
