using Presence.Client.Rosters;

namespace Presence.Client.Changes;

/// <summary>
/// The changes that one consumer has not taken yet, in order. While there are few, each is kept as it came. From
/// <paramref name="capacity"/> on a change is merged into the last one kept of the same session: the old of the first, the new of the
/// last; a session that came and went in between is dropped. So it holds at most the capacity, and one for each session that the
/// consumer was shown last or that shows something now, however slow the consumer is (the server's own rule L1).
/// </summary>
/// <param name="capacity">How many changes are kept apart; at least one.</param>
internal sealed class Backlog(int capacity)
{
    private readonly LinkedList<Kept> _order = [];
    private readonly Dictionary<PresenceKey, Kept> _last = [];

    public int Count => _order.Count;

    public void Add(StatusChange change)
    {
        if (_order.Count >= capacity && _last.TryGetValue(change.Key, out var kept))
            Merge(kept, change);
        else
            Append(change);
    }

    public bool TryTake(out StatusChange change)
    {
        if (_order.First is not { } first)
        {
            change = null!;
            return false;
        }

        change = first.Value.Change;
        Remove(first.Value);
        return true;
    }

    /// <summary>Drops what is kept of a user.</summary>
    public void Forget(Guid user)
    {
        for (var node = _order.First; node is not null;)
        {
            var next = node.Next;
            if (node.Value.Change.UserId == user)
                Remove(node.Value);
            node = next;
        }
    }

    /// <summary>The roster as the consumer knows it, who has not been told yet what is kept here.</summary>
    public Roster Undo(Roster roster)
    {
        for (var node = _order.Last; node is not null; node = node.Previous)
            roster = roster.With(node.Value.Change.Key, node.Value.Change.Before);
        return roster;
    }

    private void Append(StatusChange change)
    {
        var kept = new Kept(change);
        if (_last.TryGetValue(change.Key, out var earlier))
            (kept.Earlier, earlier.Later) = (earlier, kept);
        _last[change.Key] = kept;
        kept.Node = _order.AddLast(kept);
    }

    private void Merge(Kept kept, StatusChange change)
    {
        kept.Change = change with { Old = kept.Change.Old };
        if (kept.Change is { Old: null, New: null })
            Remove(kept);
    }

    private void Remove(Kept kept)
    {
        _order.Remove(kept.Node);
        if (kept.Earlier is { } earlier)
            earlier.Later = kept.Later;
        if (kept.Later is { } later)
            later.Earlier = kept.Earlier;
        else if (kept.Earlier is { } last)
            _last[kept.Change.Key] = last;
        else
            _last.Remove(kept.Change.Key);
    }

    /// <summary>One change in its place, and its neighbours of the same session.</summary>
    private sealed class Kept(StatusChange change)
    {
        public StatusChange Change { get; set; } = change;

        public LinkedListNode<Kept> Node { get; set; } = null!;

        public Kept? Earlier { get; set; }

        public Kept? Later { get; set; }
    }
}
