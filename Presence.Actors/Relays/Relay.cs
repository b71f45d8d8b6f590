using System.Collections.Immutable;
using Akka.Actor;
using Akka.Cluster;
using Akka.Event;
using Presence.Actors.Collections;
using Presence.Actors.Connections;
using Presence.Actors.Messages;
using Presence.Actors.Model;
using Presence.Actors.Users;

namespace Presence.Actors.Relays;

/// <summary>
/// Stands between the connections of this node and the homes of a slice of the subjects, wherever those live. To a home it
/// is one watcher, however many connections of the node follow; to a connection it is where statuses go and changes come from.
/// </summary>
/// <remarks>
/// <para>
/// What it knows and owes of each subject is a <see cref="NodeShare"/>, which decides; this actor carries out. It watches the
/// shards of the homes that it reports to, whose end means that a home has moved or died and must be told everything again. The
/// end of a connection, which undoes all it asked for, is told by the connection's parent.
/// </para>
/// <para>
/// The order in which a step is carried out is a promise: first the replies to those whose change has been accepted, then the
/// event to the followers, then the answers to new followers, who start from the book that the others have just reached.
/// </para>
/// </remarks>
public sealed class Relay : UntypedActor, IWithTimers
{
    private readonly RelayId _id;
    private readonly IActorRef _homes;
    private readonly RelaySettings _settings;
    private readonly Dictionary<Subject, RelayEntry> _entries = [];
    private readonly Dictionary<IActorRef, Follower> _followers = new(ActorsByUid.Instance);
    private readonly Dictionary<IActorRef, int> _shards = [];
    private readonly DueQueue<RelayEntry> _due = new();
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private Departed _departed = Departed.Nobody;
    private long _version;

    /// <summary>For <see cref="Props"/>.</summary>
    public Relay(RelayId id, IActorRef homes, RelaySettings settings)
    {
        _id = id;
        _homes = homes;
        _settings = settings;
    }

    /// <inheritdoc/>
    public ITimerScheduler Timers { get; set; } = null!;

    private static TimeSpan Now => Context.System.Scheduler.MonotonicClock;

    /// <summary>How to make a relay.</summary>
    /// <param name="id">Its name, which no other relay has had.</param>
    /// <param name="homes">The shard region.</param>
    /// <param name="settings">Its times.</param>
    public static Props Props(RelayId id, IActorRef homes, RelaySettings settings) =>
        Akka.Actor.Props.Create(() => new Relay(id, homes, settings));

    /// <inheritdoc/>
    protected override void PreStart()
    {
        Timers.StartPeriodicTimer(Tick.Instance, Tick.Instance, _settings.Tick);
        Cluster.Get(Context.System).Subscribe(
            Self, ClusterEvent.SubscriptionInitialStateMode.InitialStateAsEvents, typeof(ClusterEvent.MemberRemoved));
    }

    /// <inheritdoc/>
    protected override void PostStop() => Cluster.Get(Context.System).Unsubscribe(Self);

    /// <inheritdoc/>
    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case RelayCommand.Enter enter:
                Enter(FollowerOf(Sender), enter);
                break;
            case RelayCommand.Publish publish:
                Publish(FollowerOf(Sender), publish);
                break;
            case RelayCommand.Withdraw withdraw:
                Withdraw(FollowerOf(Sender), withdraw);
                break;
            case RelayCommand.Follow follow:
                Follow(FollowerOf(Sender), follow);
                break;
            case RelayCommand.Unfollow unfollow:
                if (_followers.TryGetValue(Sender, out var unfollower))
                    Unfollow(unfollower, unfollow);
                break;
            case RelayCommand.End:
                if (_followers.Remove(Sender, out var ended))
                    End(ended);
                break;
            case ReportAccepted accepted:
                WatchShard(accepted.Subject);
                Accept(accepted);
                break;
            case PresenceChanged changed:
                if (_entries.TryGetValue(changed.Subject, out var watched))
                    Carry(watched, watched.Share.Changed(changed, _departed, ++_version));
                else
                    ReportNothing(changed.Subject);
                break;
            case AskReport ask:
                if (_entries.TryGetValue(ask.Subject, out var asked))
                    Carry(asked, asked.Share.Resend(++_version));
                else
                    ReportNothing(ask.Subject);
                break;
            case Terminated { ActorRef: var gone }:
                if (_shards.Remove(gone, out var shard))
                    ReportAgain([shard]);
                break;
            case ClusterEvent.MemberRemoved when Cluster.Get(Context.System).IsTerminated:
                // It is this node that has been removed. To it, all others look as if they were gone.
                break;
            case ClusterEvent.MemberRemoved removed:
                _departed = _departed.With(removed.Member.UniqueAddress.Uid);
                foreach (var entry in _entries.Values.ToList())
                    Carry(entry, entry.Share.Retire(_departed));
                break;
            case PeerIsBack { Peer: var peer }:
                ReportAgain([.. ShardsOf(peer)]);
                break;
            case Tick:
                CarryDue();
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    // ---- what connections ask for

    private void Enter(Follower follower, RelayCommand.Enter enter)
    {
        var entry = EntryOf(enter.Subject);
        follower.Follows.Add(entry);
        if (enter.Status is { } status)
        {
            follower.Publishes.Add(entry);
            follower.Session = status.Session;
        }

        var step = entry.Share.Enter(enter.Status, ++_version);
        Carry(entry, step, Waiting(RelayEntry.Wish.Enter, follower, enter.Request, enter.Status is null ? null : _version));
    }

    private void Publish(Follower follower, RelayCommand.Publish publish)
    {
        var entry = EntryOf(publish.Subject);
        follower.Publishes.Add(entry);
        follower.Session = publish.Status.Session;
        Carry(entry, entry.Share.Put(publish.Status, ++_version), Waiting(RelayEntry.Wish.Publish, follower, publish.Request, _version));
    }

    private void Withdraw(Follower follower, RelayCommand.Withdraw withdraw)
    {
        var entry = EntryOf(withdraw.Subject);
        follower.Publishes.Remove(entry);
        Carry(entry, entry.Share.Remove(withdraw.Session, ++_version), Waiting(RelayEntry.Wish.Publish, follower, withdraw.Request, _version));
    }

    private void Follow(Follower follower, RelayCommand.Follow follow)
    {
        var known = ImmutableArray.CreateBuilder<RelayReply.Snapshot>(follow.Subjects.Length);
        foreach (var subject in follow.Subjects)
        {
            var entry = EntryOf(subject);
            follower.Follows.Add(entry);
            if (entry.Share.IsSettled || entry.Followers.Contains(follower.Connection))
            {
                entry.Followers.Add(follower.Connection);
                known.Add(new RelayReply.Snapshot(subject, entry.Share.Book.Sessions));
            }
            else
            {
                entry.Wait(Waiting(RelayEntry.Wish.Follow, follower, follow.Request, null));
                Carry(entry, entry.Share.Watch(++_version));
            }
        }

        if (known.Count > 0)
            follower.Connection.Tell(new RelayReply.Followed(follow.Request, known.DrainToImmutable()));
    }

    private void Unfollow(Follower follower, RelayCommand.Unfollow unfollow)
    {
        foreach (var subject in unfollow.Subjects)
        {
            if (_entries.TryGetValue(subject, out var entry) && follower.Follows.Remove(entry))
                Unfollow(follower, entry);
        }
    }

    private void Unfollow(Follower follower, RelayEntry entry)
    {
        entry.Followers.Remove(follower.Connection);
        entry.Take(w => w.Wish != RelayEntry.Wish.Publish && w.Follower == follower);
        if (!entry.IsFollowed)
            Carry(entry, entry.Share.Unwatch(++_version));
    }

    private void End(Follower follower)
    {
        foreach (var entry in follower.Publishes)
        {
            entry.Take(w => w.Follower == follower);
            Carry(entry, entry.Share.Remove(follower.Session, ++_version));
        }

        foreach (var entry in follower.Follows)
            Unfollow(follower, entry);
    }

    // ---- what homes say

    private void Accept(ReportAccepted accepted)
    {
        if (_entries.TryGetValue(accepted.Subject, out var entry))
        {
            entry.Attempt = 0;
            Carry(entry, entry.Share.Accept(accepted, _id, _departed, ++_version));
            if (!entry.Share.IsOwed)
                Due(entry, Now + Jitter(_settings.Lease));
        }
        else if (accepted.Holds)
        {
            // An old report has come late: the home believes in something that is not there any more.
            ReportNothing(accepted.Subject);
        }
    }

    private void ReportNothing(Subject subject) =>
        _homes.Tell(new NodeReport(subject, _id, new Page(++_version, []), Watching: false, []), Self);

    private void WatchShard(Subject subject)
    {
        // The home answers in its shard's name. Thousands of homes cost one watch.
        if (!Sender.IsNobody() && _shards.TryAdd(Sender, HomeSharding.ShardOf(subject)))
            Context.Watch(Sender);
    }

    private IEnumerable<int> ShardsOf(Address peer) => _shards.Where(s => s.Key.Path.Address == peer).Select(s => s.Value);

    private void ReportAgain(HashSet<int> shards)
    {
        if (shards.Count == 0)
            return;
        foreach (var entry in _entries.Values)
        {
            if (shards.Contains(HomeSharding.ShardOf(entry.Subject)))
                Due(entry, Now);
        }
    }

    // ---- carrying out a step

    private void Carry(RelayEntry entry, NodeShare.Step step, RelayEntry.Waiting? waiting = null)
    {
        entry.Share = step.Next;
        if (waiting is { } request)
            entry.Wait(request);
        if (step.MustReport)
            Send(entry);

        var answered = entry.TakeAnswered();
        Reply(answered);
        var told = TellFollowers(entry, step.Changes);
        Admit(entry, answered, told);

        if (step.Next.IsForgettable && !entry.IsFollowed)
        {
            entry.IsForgotten = true;
            _entries.Remove(entry.Subject);
            _due.Remove(entry);
        }
    }

    private static void Reply(ReadOnlySpan<RelayEntry.Waiting> answered)
    {
        foreach (var w in answered)
        {
            if (w.Wish != RelayEntry.Wish.Follow)
                w.Follower.Connection.Tell(new RelayReply.Done(w.Request));
        }
    }

    /// <summary>Tells the followers what has changed, and says what they were told; null if nothing has.</summary>
    private static object? TellFollowers(RelayEntry entry, ImmutableArray<StatusChange> changes)
    {
        if (changes.IsEmpty)
            return null;
        object told = entry.Subject.Name is { } name
            ? new RelayReply.BearersChanged(name, changes)
            : new ServerMessage.StatusEvent(entry.Subject.User, changes);
        foreach (var follower in entry.Followers)
            follower.Tell(told, ActorRefs.NoSender);
        return told;
    }

    /// <summary>Those who have waited are followers from now on, and are told from where.</summary>
    private static void Admit(RelayEntry entry, ReadOnlySpan<RelayEntry.Waiting> answered, object? told)
    {
        foreach (var w in answered)
        {
            if (w.Wish == RelayEntry.Wish.Publish)
                continue;
            entry.Followers.Add(w.Follower.Connection);
            if (w.Wish == RelayEntry.Wish.Follow)
                w.Follower.Connection.Tell(new RelayReply.Followed(w.Request, [new RelayReply.Snapshot(entry.Subject, entry.Share.Book.Sessions)]));
            else if (entry.Share.Book.Find(w.Follower.Session) is { } own)
                w.Follower.Connection.Tell(OwnJoin(entry.Subject.User, own, told), ActorRefs.NoSender);
        }
    }

    // What the other followers have just been told, if it is no more than that.
    private static object OwnJoin(UserId user, SessionStatus own, object? told) =>
        told is ServerMessage.StatusEvent { Changes: [{ Old: null, New: var joined }] } && joined == own
            ? told
            : new ServerMessage.StatusEvent(user, [new StatusChange(null, own)]);

    private void Send(RelayEntry entry)
    {
        _homes.Tell(entry.Share.ToReport(entry.Subject, _id), Self);
        var delay = _settings.RetryAfter * Math.Pow(2, Math.Min(entry.Attempt, 16));
        var due = Now + Jitter(delay < _settings.RetryAtMost ? delay : _settings.RetryAtMost);
        Due(entry, due < entry.PatienceEnds ? due : entry.PatienceEnds);
    }

    // ---- what time brings

    private void CarryDue()
    {
        var now = Now;
        var budget = Math.Max(1, (int)(_settings.RepeatsPerSecond * _settings.Tick.TotalSeconds / _settings.Count));
        while (_due.TryPeek(out var entry, out var at) && at <= now.Ticks)
        {
            _due.Remove(entry);
            entry.QueuedFor = TimeSpan.MaxValue;
            LoseItsPatience(entry, now);
            if (entry.DueAt > now)
            {
                Due(entry, entry.DueAt);
            }
            else if (budget-- > 0)
            {
                if (entry.Share.IsOwed && ++entry.Attempt > 1)
                    _log.Debug("No home has accepted the report on {0}; attempt {1}", entry.Subject, entry.Attempt);
                Carry(entry, entry.Share.Resend(++_version));
            }
            else
            {
                Due(entry, now + _settings.Tick);
            }
        }
    }

    /// <summary>Answers requests that have waited too long with what this node knows.</summary>
    private void LoseItsPatience(RelayEntry entry, TimeSpan now)
    {
        if (entry.PatienceEnds > now)
            return;
        var late = entry.Take(w => w.Until <= now);
        _log.Warning("No home of {0} answers; {1} requests are answered with what this node knows", entry.Subject, late.Length);
        Reply(late);
        Carry(entry, entry.Share.SettleAlone(_id));
        Admit(entry, late, null);
    }

    private void Due(RelayEntry entry, TimeSpan at)
    {
        entry.DueAt = at;
        if (entry.IsForgotten || at >= entry.QueuedFor)
            return;
        entry.QueuedFor = at;
        _due.Set(entry, at.Ticks);
    }

    /// <summary>Spreads a time by a quarter, so that what was lost together is not repeated together.</summary>
    private static TimeSpan Jitter(TimeSpan time) => time * (0.75 + (Random.Shared.NextDouble() / 2));

    private RelayEntry.Waiting Waiting(RelayEntry.Wish wish, Follower follower, long request, long? version) =>
        new(wish, follower, request, version, Now + _settings.Patience);

    private RelayEntry EntryOf(Subject subject)
    {
        if (!_entries.TryGetValue(subject, out var entry))
            _entries[subject] = entry = new RelayEntry(subject);
        return entry;
    }

    private Follower FollowerOf(IActorRef connection)
    {
        if (!_followers.TryGetValue(connection, out var follower))
            _followers[connection] = follower = new Follower(connection);
        return follower;
    }

    /// <summary>
    /// A node can be reached again, or by a new connection: what its homes and this relay had said to each other meanwhile may
    /// have been lost, so everything that concerns them is reported again (contract K2).
    /// </summary>
    /// <param name="Peer">The node.</param>
    internal sealed record PeerIsBack(Address Peer) : INoSerializationVerificationNeeded;

    private sealed class Tick : INoSerializationVerificationNeeded, INotInfluenceReceiveTimeout, IDeadLetterSuppression
    {
        public static readonly Tick Instance = new();
    }
}
