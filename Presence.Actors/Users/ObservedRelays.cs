using System.Collections.Concurrent;
using System.Collections.Immutable;
using Akka.Actor;
using Presence.Actors.Model;

namespace Presence.Actors.Users;

/// <summary>
/// The relays, of whatever node, that homes of this node have met. They are watched once for all homes, by the
/// <see cref="RelayObserver"/>: a watch of its own would cost each home more than all that it holds. Homes read it on their threads,
/// the observer writes it.
/// </summary>
public sealed class ObservedRelays
{
    private readonly ConcurrentDictionary<RelayId, IActorRef> _observed = new();

    // It only grows, by some bytes per relay of every node that has ever gone: a report may be under way for longer than any time.
    private volatile ImmutableHashSet<RelayId> _gone = [];
    private volatile IActorRef _observer = ActorRefs.Nobody;

    /// <summary>
    /// From now on the end of a relay is told to all homes of this node. False: it has ended already, and nothing will be told.
    /// </summary>
    /// <param name="id">The relay's name.</param>
    /// <param name="relay">The relay.</param>
    public bool TryObserve(RelayId id, IActorRef relay)
    {
        if (_gone.Contains(id))
            return false;
        if (!_observed.TryAdd(id, relay))
            return true;
        // Added, then looked for the observer; the observer is set, then looks for what has been added: one sees the other.
        Interlocked.MemoryBarrier();
        _observer.Tell(new RelayObserver.Observe(relay), ActorRefs.NoSender);
        return true;
    }

    /// <summary>There is an observer. Returns the relays that are to be watched already.</summary>
    internal IEnumerable<IActorRef> Begin(IActorRef observer)
    {
        _observer = observer;
        Interlocked.MemoryBarrier();
        return _observed.Values;
    }

    /// <summary>A relay has ended: says by which names it was known.</summary>
    internal ImmutableArray<RelayId> End(IActorRef relay)
    {
        ImmutableArray<RelayId> gone = [.. _observed.Where(o => o.Value.Equals(relay)).Select(o => o.Key)];
        _gone = _gone.Union(gone);
        foreach (var id in gone)
            _observed.TryRemove(id, out _);
        return gone;
    }
}
