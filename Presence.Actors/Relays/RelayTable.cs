using System.Collections.Immutable;
using System.Runtime.InteropServices;
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
    // Never written to.
    private volatile IActorRef[] _relays = [];
    private int _started;

    /// <summary>The relays in the order of their index, as they are now.</summary>
    public ImmutableArray<IActorRef> Current => ImmutableCollectionsMarshal.AsImmutableArray(_relays);

    /// <summary>Completes when there are relays.</summary>
    public Task Filled => _filled.Task;

    /// <summary>Which of a number of relays a subject belongs to.</summary>
    public static int IndexOf(Subject subject, int relays) => HomeSharding.ShardOf(subject) % relays;

    /// <summary>Subjects by the relay that they belong to: a part for each relay that has any, in no order that means anything.</summary>
    /// <param name="subjects">The subjects; at least one.</param>
    /// <param name="relays">How many relays there are.</param>
    public static ImmutableArray<Subject>[] Split(ImmutableArray<Subject> subjects, int relays)
    {
        if (subjects.Length == 1)
            return [subjects];
        var (counts, parts) = (new int[relays], 0);
        foreach (var subject in subjects)
            parts += counts[IndexOf(subject, relays)]++ == 0 ? 1 : 0;
        var split = new ImmutableArray<Subject>[parts];
        for (var relay = 0; relay < relays; relay++)
        {
            if (counts[relay] > 0)
                split[--parts] = Part(subjects, relays, relay, counts[relay]);
        }

        return split;
    }

    /// <summary>
    /// A number that no relay of this node has had. It is kept here, outside of the actor that starts them: homes have been told
    /// for good that a relay of an earlier number is gone.
    /// </summary>
    internal int NextIncarnation() => _started++;

    private static ImmutableArray<Subject> Part(ImmutableArray<Subject> subjects, int relays, int relay, int count)
    {
        if (count == subjects.Length)
            return subjects;
        var part = ImmutableArray.CreateBuilder<Subject>(count);
        foreach (var subject in subjects)
        {
            if (IndexOf(subject, relays) == relay)
                part.Add(subject);
        }

        return part.MoveToImmutable();
    }

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
