namespace Presence.Host.Links.Loops;

/// <summary>
/// Whether many connections end at one moment. Each end causes events to the followers of its user. While the connections of those
/// followers end as well, it is better to find out about all of them first: nothing is sent to a connection whose end is known.
/// </summary>
internal sealed class EndBurst
{
    /// <summary>More ends than these in a turn of a loop are a burst.</summary>
    public const int EndsPerTurn = 8;

    /// <summary>A burst that goes on for longer counts no more: the followers wait for the events.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromMilliseconds(200);

    private int _ends;

    // Null while there is no burst.
    private long? _since;

    /// <summary>A connection has ended in this turn.</summary>
    public void ConnectionEnded() => _ends++;

    /// <summary>Ends a turn, and says whether there is a burst.</summary>
    /// <param name="now">Milliseconds of a clock that does not go back.</param>
    public bool IsOnAfterTurn(long now)
    {
        _since = _ends > EndsPerTurn ? _since ?? now : null;
        _ends = 0;
        return now - _since < Longest.TotalMilliseconds;
    }
}
