using Akka.Actor;
using Akka.Event;
using Presence.Actors.Dispatch;
using Presence.Actors.Messages;
using Presence.Actors.Model;

namespace Presence.Actors.Users;

/// <summary>
/// Answers queries about many subjects at once, for the entities that are on this node. One per node.
/// </summary>
/// <remarks>
/// A query through the shard region costs a message per subject and creates an entity for each id that nobody uses; a few hundred random
/// ids in each request would keep the node busy with entities. Here a query is one message per node. The entities are looked up by name among the children of
/// their shards, so that none is created.
/// <para>
/// The node of a shard is not known to others, so a query goes to each node, and each answers for the shards that it has. While a shard is
/// handed over no node may have it; then the asker sends a <see cref="BookQuery"/> through the region, which waits for the hand-over.
/// </para>
/// <para>
/// Queries are carried out one after the other, in slices of <see cref="SliceSize"/> subjects as background work, so that the queries
/// of many clients do not delay what else the event loops have to do (contract L2).
/// </para>
/// </remarks>
public sealed class PresenceQueries : UntypedActor
{
    /// <summary>The name of this actor under <c>/user</c>; other nodes find it by it.</summary>
    public const string Name = "presence-queries";

    /// <summary>How many subjects are looked up in one turn: about a tenth of a millisecond.</summary>
    public const int SliceSize = 128;

    // An entity that stops does not answer. All entities are local, so this is much longer than an answer takes.
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(500);

    private readonly IActorRef _region;
    private readonly BackgroundRun _nextSlice;
    private readonly Queue<(PresenceQuery Query, IActorRef Asker)> _waiting = new();

    // The entities of the current slice that have not answered, by their subjects, with the places of the subjects in the query.
    private readonly Dictionary<Subject, int> _asked = [];
    private readonly HashSet<int> _shards = [];
    private readonly HashSet<int> _unanswered = [];
    private readonly List<PresenceFound> _found = [];
    private (PresenceQuery Query, IActorRef Asker)? _current;
    private int _next;
    private long _slice;
    private ICancelable? _timeout;

    /// <summary>For <see cref="Props"/>.</summary>
    public PresenceQueries(IActorRef region)
    {
        _region = region;
        var self = Self;
        _nextSlice = new BackgroundRun(() => self.Tell(Continue.Instance, self));
    }

    /// <summary>How to make the actor.</summary>
    /// <param name="region">The shard region of the entities.</param>
    public static Props Props(IActorRef region) => Akka.Actor.Props.Create(() => new PresenceQueries(region));

    /// <inheritdoc/>
    protected override void PostStop() => _timeout?.Cancel();

    /// <inheritdoc/>
    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case PresenceQuery query:
                _waiting.Enqueue((query, Sender));
                if (_current is null)
                    Begin();
                break;
            case BookAnswer answer when _asked.Remove(answer.Subject, out var at):
                if (PresenceFound.Of(at, answer) is { } found)
                    _found.Add(found);
                if (_asked.Count == 0)
                    EndSlice();
                break;
            case BookAnswer:
                // It came after the timeout.
                break;
            case SliceTimeout { Slice: var slice } when slice == _slice:
                foreach (var subject in _asked.Keys)
                    _unanswered.Add(HomeSharding.ShardOf(subject));
                _asked.Clear();
                EndSlice();
                break;
            case SliceTimeout:
                break;
            case Continue:
                BeginSlice();
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    private void Begin()
    {
        _current = _waiting.Dequeue();
        _next = 0;
        BeginSlice();
    }

    private void BeginSlice()
    {
        var subjects = _current!.Value.Query.Subjects;
        for (var end = Math.Min(_next + SliceSize, subjects.Length); _next < end; _next++)
        {
            var subject = subjects[_next];
            if (HomeSharding.ShardOn(_region, subject) is not { } shard)
                continue;
            _shards.Add(HomeSharding.ShardOf(subject));
            if (HomeSharding.EntityIn(shard, subject) is not { } entity || !_asked.TryAdd(subject, _next))
                continue;
            entity.Tell(new BookQuery(subject), Self);
        }

        _slice++;
        if (_asked.Count == 0)
            EndSlice();
        else
            _timeout = Context.System.Scheduler.ScheduleTellOnceCancelable(Patience, Self, new SliceTimeout(_slice), Self);
    }

    private void EndSlice()
    {
        _slice++;
        _timeout?.Cancel();
        _timeout = null;
        var (query, asker) = _current!.Value;
        if (_next < query.Subjects.Length)
        {
            Context.Dispatcher.Schedule(_nextSlice);
            return;
        }

        asker.Tell(new PresenceQueryAnswer(query.Number, [.. _shards.Except(_unanswered)], [.. _found]));
        _shards.Clear();
        _unanswered.Clear();
        _found.Clear();
        _current = null;
        if (_waiting.Count > 0)
        {
            _current = _waiting.Dequeue();
            _next = 0;
            Context.Dispatcher.Schedule(_nextSlice);
        }
    }

    private sealed record SliceTimeout(long Slice) : INoSerializationVerificationNeeded, IDeadLetterSuppression;

    private sealed class Continue : INoSerializationVerificationNeeded
    {
        public static readonly Continue Instance = new();
    }
}
