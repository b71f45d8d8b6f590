using Presence.Actors.Model;

namespace Presence.Actors.Relays;

/// <summary>One subject of a relay: the state of the protocol, and the connections that it concerns.</summary>
internal sealed class RelayEntry(Subject subject)
{
    private List<Waiting>? _waiting;

    public Subject Subject { get; } = subject;

    public NodeShare Share { get; set; } = NodeShare.None;

    /// <summary>Connections that have been answered and are told of changes.</summary>
    public HashSet<Follower> Followers { get; } = [];

    /// <summary>How often the report that is owed has been repeated.</summary>
    public int Attempt { get; set; }

    /// <summary>When the relay must look at this subject again.</summary>
    public TimeSpan DueAt { get; set; } = TimeSpan.MaxValue;

    /// <summary>The earliest time at which the relay's queue brings this subject up.</summary>
    public TimeSpan QueuedFor { get; set; } = TimeSpan.MaxValue;

    public bool HasWaiting => _waiting is { Count: > 0 };

    /// <summary>When the first waiting request will have waited too long.</summary>
    public TimeSpan PatienceEnds => HasWaiting ? _waiting!.Min(w => w.Until) : TimeSpan.MaxValue;

    /// <summary>Whether any connection follows, or waits to follow.</summary>
    public bool IsFollowed => Followers.Count > 0 || (_waiting?.Exists(w => w.IsFollow) ?? false);

    public void Wait(Waiting waiting) => (_waiting ??= []).Add(waiting);

    /// <summary>Takes the requests that can be answered now, in the order in which they came.</summary>
    public IReadOnlyList<Waiting> TakeWaiting(Predicate<Waiting> when)
    {
        if (_waiting is null)
            return [];
        var taken = _waiting.FindAll(when);
        if (taken.Count > 0)
            _waiting.RemoveAll(when);
        if (_waiting.Count == 0)
            _waiting = null;
        return taken;
    }

    /// <summary>A connection's request that waits for a home.</summary>
    /// <param name="Follower">Who asked.</param>
    /// <param name="Request">The request's name.</param>
    /// <param name="Version">For a publication: the version that must be accepted. Null for a follow.</param>
    /// <param name="Until">When patience ends.</param>
    public readonly record struct Waiting(Follower Follower, long Request, long? Version, TimeSpan Until)
    {
        public bool IsFollow => Version is null;
    }
}
