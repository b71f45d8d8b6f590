using System.Runtime.InteropServices;
using Akka.Actor;
using Presence.Actors.Collections;
using Presence.Actors.Limits;
using Presence.Actors.Model;

namespace Presence.Actors.Relays;

/// <summary>One subject of a relay: the state of the protocol, and the connections that it concerns.</summary>
internal sealed class RelayEntry(Subject subject) : IQueued
{
    /// <summary>Connections that have been answered and are told of changes.</summary>
    public CompactSet<IActorRef> Followers;

    /// <summary>The updates of the user that were reported, against the rate of updates.</summary>
    public TokenBucket Updates;

    /// <summary>Of a username: the users of this node who have it. Null as long as there has been none.</summary>
    public NameHolders? Holders;

    // Null while nobody waits, which is nearly always.
    private List<Waiting>? _waiting;

    public Subject Subject { get; } = subject;

    public NodeShare Share { get; set; } = NodeShare.None;

    /// <summary>How often the report that is owed has been repeated.</summary>
    public int Attempt { get; set; }

    /// <summary>When the relay must look at this subject again.</summary>
    public TimeSpan DueAt { get; set; } = TimeSpan.MaxValue;

    /// <summary>When the relay's queue brings this subject up: as soon as it must, or sooner.</summary>
    public TimeSpan QueuedFor { get; set; } = TimeSpan.MaxValue;

    /// <inheritdoc/>
    public int Place { get; set; } = -1;

    /// <summary>Its wait in the <see cref="FollowWindow"/>; null if it is not there.</summary>
    public FollowWindow.Stay? Stay { get; set; }

    /// <summary>Whether the relay has let go of it: what else is to be done for it is not done any more.</summary>
    public bool IsForgotten { get; set; }

    /// <summary>When the first waiting request will have waited too long.</summary>
    public TimeSpan PatienceEnds
    {
        get
        {
            var ends = TimeSpan.MaxValue;
            foreach (var w in Waits)
                ends = w.Until < ends ? w.Until : ends;
            return ends;
        }
    }

    /// <summary>Whether any connection follows, or waits to follow.</summary>
    public bool IsFollowed => Followers.Count > 0 || IsAwaitedBesides(null);

    /// <summary>Whether any other connection follows, or waits to follow.</summary>
    public bool IsFollowedBesides(Follower follower) =>
        Followers.Count > (Followers.Contains(follower.Connection) ? 1 : 0) || IsAwaitedBesides(follower);

    private ReadOnlySpan<Waiting> Waits => CollectionsMarshal.AsSpan(_waiting);

    public void Wait(Waiting waiting) => (_waiting ??= new(1)).Add(waiting);

    /// <summary>Takes the requests that can be answered as the state of the protocol is now, in the order in which they came.</summary>
    public ReadOnlySpan<Waiting> TakeAnswered()
    {
        foreach (var w in Waits)
        {
            if (IsAnswered(w))
                return Take(IsAnswered);
        }

        return [];
    }

    /// <summary>Takes the requests that have waited for too long, in the order in which they came.</summary>
    public ReadOnlySpan<Waiting> TakeLate(TimeSpan now) => Take(w => w.Until <= now);

    /// <summary>Drops requests of a connection, which are not answered.</summary>
    /// <param name="follower">The connection.</param>
    /// <param name="followsOnly">Whether only requests to follow are dropped: it does not follow any more. Otherwise all: it has ended.</param>
    public void Drop(Follower follower, bool followsOnly)
    {
        // A method of its own, since this one would allocate for what it captures even if nothing waits.
        if (_waiting is not null)
            DropWaiting(follower, followsOnly);
    }

    private void DropWaiting(Follower follower, bool followsOnly) =>
        Take(w => w.Follower == follower && !(followsOnly && w.Wish == Wish.Publish));

    private ReadOnlySpan<Waiting> Take(Predicate<Waiting> when)
    {
        if (_waiting is not { } waiting)
            return [];
        if (waiting.TrueForAll(when))
        {
            _waiting = null;
            return CollectionsMarshal.AsSpan(waiting);
        }

        var taken = waiting.FindAll(when);
        if (taken.Count > 0)
            waiting.RemoveAll(when);
        return CollectionsMarshal.AsSpan(taken);
    }

    private bool IsAwaitedBesides(Follower? follower)
    {
        foreach (var w in Waits)
        {
            if (w.Wish != Wish.Publish && w.Follower != follower)
                return true;
        }

        return false;
    }

    private bool IsAnswered(Waiting w) => w.Version is { } version ? version <= Share.Accepted || !Share.IsOwed : Share.IsSettled;

    /// <summary>What a request is for, and so how it is answered.</summary>
    public enum Wish
    {
        /// <summary>To show something, or nothing any more.</summary>
        Publish,

        /// <summary>To follow.</summary>
        Follow,

        /// <summary>To follow, and to show something, as a connection does that begins.</summary>
        Enter,
    }

    /// <summary>A connection's request that waits for a home.</summary>
    /// <param name="Wish">What it is for.</param>
    /// <param name="Follower">Who asked.</param>
    /// <param name="Request">The request's name.</param>
    /// <param name="Version">If it shows something, or nothing any more: the version that must be accepted.</param>
    /// <param name="Until">When patience ends.</param>
    public readonly record struct Waiting(Wish Wish, Follower Follower, long Request, long? Version, TimeSpan Until);
}
