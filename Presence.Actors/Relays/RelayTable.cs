using System.Collections.Immutable;
using Akka.Actor;
using Presence.Actors.Model;
using Presence.Actors.Users;

namespace Presence.Actors.Relays;

/// <summary>
/// The relays of this node, as its connections find them: each has the subjects of every n-th shard. The pool writes it, and
/// writes it anew when a relay has failed; a connection keeps the table that it began with, since it ends with any relay of it.
/// </summary>
public sealed class RelayTable
{
    private readonly TaskCompletionSource _filled = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile IActorRef[] _relays = [];
    private int _started;

    /// <summary>The relays in the order of their index, as they are now.</summary>
    public ImmutableArray<IActorRef> Current => [.. _relays];

    /// <summary>Completes when there are relays.</summary>
    public Task Filled => _filled.Task;

    /// <summary>Which of a number of relays a subject belongs to.</summary>
    public static int IndexOf(Subject subject, int relays) => HomeSharding.ShardOf(subject) % relays;

    /// <summary>
    /// A number that no relay of this node has had. It is kept here, outside of the actor that starts them: homes have been told
    /// for good that a relay of an earlier number is gone.
    /// </summary>
    internal int NextIncarnation() => _started++;

    internal void Set(IEnumerable<IActorRef> relays)
    {
        _relays = [.. relays];
        _filled.TrySetResult();
    }
}

/// <summary>
/// Published on the event stream of a node when one of its relays has failed: what it had shown is not known any more, so no
/// connection of the node can be told only what is new to it.
/// </summary>
public sealed class RelayFailed
{
    /// <summary>The only instance.</summary>
    public static readonly RelayFailed Instance = new();

    private RelayFailed()
    {
    }
}
