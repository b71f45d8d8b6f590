using System.Collections.Immutable;
using Akka.Actor;
using Akka.Cluster;
using Akka.Event;
using Presence.Actors.Collections;
using Presence.Actors.Connections;
using Presence.Actors.Dispatch;
using Presence.Actors.Limits;
using Presence.Actors.Messages;
using Presence.Actors.Model;
using Presence.Actors.Telemetry;
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
/// <para>
/// No message keeps it busy for long (contract L2). Follows, unfollows and the end of a connection can name thousands of subjects:
/// a <see cref="FollowScheduler{TWork}"/> lets users take turns, a <see cref="FollowWindow"/> bounds how many entities are created or
/// released at one time, and what concerns all entries is done a few at a time (<see cref="EntryWalk"/>). Between two slices the
/// actors and sockets of the same loop have their turn.
/// </para>
/// </remarks>
public sealed class Relay : UntypedActor, IWithTimers
{
    // A step takes up to 3 microseconds, so a slice takes about 0.2 milliseconds, and as much again for what entities answer.
    private const int StepsPerSlice = 64;

    private readonly RelayId _id;
    private readonly IActorRef _homes;
    private readonly RelaySettings _settings;
    private readonly Dictionary<Subject, RelayEntry> _entries = [];
    private readonly Dictionary<IActorRef, Follower> _followers = new(ActorsByUid.Instance);
    private readonly Dictionary<IActorRef, int> _shards = [];
    private readonly DueQueue<RelayEntry> _due = new();
    private readonly FollowScheduler<FollowWork> _follows;
    private readonly FollowWindow _window;
    private readonly Queue<EntryWalk> _walks = new();
    private readonly RateLimit _newEntityRate;
    private readonly Refusals _refusals;
    private readonly BackgroundRun _nextSlice;
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private TokenBucket _newEntities;
    private Departed _departed = Departed.Nobody;
    private long _version;
    private bool _isContinuing;

    // How many repetitions are left until the next tick, and how many requests were answered without an entity since the last one.
    private int _repeats;
    private int _unanswered;

    /// <summary>For <see cref="Props"/>.</summary>
    public Relay(RelayId id, IActorRef homes, RelaySettings settings, Refusals refusals)
    {
        _id = id;
        _homes = homes;
        _settings = settings;
        _refusals = refusals;
        _follows = new FollowScheduler<FollowWork>(settings.FollowRate.Share(settings.Count));
        _window = new FollowWindow(Math.Max(1, settings.FollowsInFlight / settings.Count), settings.FollowPatience);
        _newEntityRate = settings.NewEntityRate.Share(settings.Count);
        var self = Self;
        _nextSlice = new BackgroundRun(() => self.Tell(Continue.Instance, self));
    }

    /// <inheritdoc/>
    public ITimerScheduler Timers { get; set; } = null!;

    private static TimeSpan Now => Context.System.Scheduler.MonotonicClock;

    // The same clock, as the rates take it.
    private static long Milliseconds => (long)Now.TotalMilliseconds;

    /// <summary>How to make a relay.</summary>
    /// <param name="id">Its name, which no other relay has had.</param>
    /// <param name="homes">The shard region.</param>
    /// <param name="settings">Its times and limits.</param>
    /// <param name="refusals">Counts what its limits delay.</param>
    public static Props Props(RelayId id, IActorRef homes, RelaySettings settings, Refusals refusals) =>
        Akka.Actor.Props.Create(() => new Relay(id, homes, settings, refusals));

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
            case RelayCommand.HoldName hold:
                HoldName(FollowerOf(Sender), hold);
                break;
            case RelayCommand.Withdraw withdraw:
                Withdraw(FollowerOf(Sender), withdraw);
                break;
            case RelayCommand.Follow follow:
                var beginner = FollowerOf(Sender);
                beginner.Follows.EnsureCapacity(beginner.Follows.Count + follow.Subjects.Length);
                Schedule(follow.User, FollowWork.Follow(beginner, follow));
                break;
            case RelayCommand.Unfollow unfollow:
                if (_followers.TryGetValue(Sender, out var unfollower))
                    Schedule(unfollow.User, FollowWork.Unfollow(unfollower, unfollow));
                else if (unfollow.Request is { } request)
                    Sender.Tell(new RelayReply.Done(request));
                break;
            case RelayCommand.End:
                if (_followers.Remove(Sender, out var ended))
                    End(ended);
                break;
            case ReportAccepted accepted:
                WatchShard(accepted.Subject);
                Accept(accepted);
                if (!_isContinuing && !_follows.IsIdle && _follows.CanGoOn(Room))
                    GoOn();
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
            case Continue:
                _isContinuing = false;
                GoOn();
                break;
            case ClusterEvent.MemberRemoved when Cluster.Get(Context.System).IsTerminated:
                // It is this node that has been removed. To it, all others look as if they were gone.
                break;
            case ClusterEvent.MemberRemoved removed:
                _departed = _departed.With(removed.Member.UniqueAddress.Uid);
                Walk(entry => Carry(entry, entry.Share.Retire(_departed)));
                break;
            case PeerIsBack { Peer: var peer }:
                ReportAgain([.. ShardsOf(peer)]);
                break;
            case Tick:
                OnTick();
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
        follower.User = enter.Subject.User;
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
        var mayReport = MayReportUpdate(entry);
        Carry(entry, entry.Share.Put(publish.Status, ++_version, mayReport), Waiting(RelayEntry.Wish.Publish, follower, publish.Request, _version));
    }

    private void HoldName(Follower follower, RelayCommand.HoldName hold)
    {
        var entry = EntryOf(hold.Name);
        follower.User = hold.User;
        var step = follower.Publishes.Add(entry)
            ? ReportHolders(entry, (entry.Holders ??= new NameHolders(_settings.UsersPerName + 1)).Add(hold.User))
            : entry.Share.Stay;
        // What is not reported needs no acceptance of its own: the name is ambiguous, or the user is known by another connection.
        Carry(entry, step, Waiting(RelayEntry.Wish.Publish, follower, hold.Request, step.Next.Version));
    }

    private NodeShare.Step ReportHolders(RelayEntry entry, NameHolders.Change change)
    {
        var step = entry.Share.Stay;
        if (change.Hidden is { } hidden)
            step = entry.Share.Remove(new SessionId(hidden.Value), ++_version, mayReport: change.Shown is null);
        if (change.Shown is { } shown)
            step = step.Next.Put(SessionStatus.OfHolder(shown, ++_version), _version);
        return step;
    }

    private void Withdraw(Follower follower, RelayCommand.Withdraw withdraw)
    {
        var entry = EntryOf(withdraw.Subject);
        follower.Publishes.Remove(entry);
        var mayReport = MayReportUpdate(entry);
        Carry(entry, entry.Share.Remove(withdraw.Session, ++_version, mayReport), Waiting(RelayEntry.Wish.Publish, follower, withdraw.Request, _version));
    }

    /// <summary>
    /// Whether an update is reported at once. Above the rate of a user it is not: the relay merges what comes until the rate allows the
    /// next report, and answers all of it then (contract L4).
    /// </summary>
    private bool MayReportUpdate(RelayEntry entry)
    {
        if (entry.Updates.TryUse(_settings.UpdateRate, Milliseconds))
            return true;
        if (!entry.Share.HasUnsent)
            _refusals.Count(Limit.UpdatesPerSecond);
        return false;
    }

    private bool IsThrottled(RelayEntry entry) => entry.Share.HasUnsent && !entry.Updates.HasToken(_settings.UpdateRate, Milliseconds);

    private void End(Follower follower)
    {
        follower.IsEnded = true;
        foreach (var entry in follower.Publishes)
        {
            entry.Drop(follower, followsOnly: false);
            Carry(
                entry,
                entry.Holders is { } holders
                    ? ReportHolders(entry, holders.Remove(follower.User))
                    : entry.Share.Remove(follower.Session, ++_version));
        }

        if (follower.Follows.Count > 0)
            Schedule(follower.User, FollowWork.EndAll(follower));
    }

    // ---- follows and unfollows, in turns

    private Room Room =>
        _window.Room is var room && (room & Room.Normal) != 0 && HasTokenOfNewEntities ? room | Room.Creation : _window.Room;

    private bool HasTokenOfNewEntities => _newEntities.HasToken(_newEntityRate, Milliseconds);

    private void Schedule(UserId user, FollowWork work)
    {
        work.Follower.User = user;
        _follows.Enqueue(user, work);
        if (!_isContinuing)
            GoOn();
    }

    /// <summary>Does a slice of what there is to do, and continues when nothing else waits for this loop.</summary>
    private void GoOn()
    {
        var now = Now;
        var left = StepsPerSlice;
        while (left > 0 && _follows.TryNext(Room, out var turn))
            left -= TakeTurn(turn, now);
        while (left > 0 && _walks.TryPeek(out var walk))
        {
            left -= walk.Step(left);
            if (walk.IsDone)
                _walks.Dequeue();
        }

        while (left > 0 && _repeats > 0 && TryRepeat(now))
            left--;
        if (left > 0 && !_follows.CanGoOn(Room))
            return;
        _isContinuing = true;
        // Through the dispatcher: a message of its own would be the next of the same run of the mailbox.
        Context.Dispatcher.Schedule(_nextSlice);
    }

    /// <summary>One turn of a user; says how many steps it took.</summary>
    private int TakeTurn(FollowScheduler<FollowWork>.Turn turn, TimeSpan now)
    {
        var work = turn.First;
        var steps = 1;
        Held? held = null;
        while (!work.IsDone && steps < FollowWork.StepsPerTurn && (held = work.IsRelease ? StepUnfollow(work, now) : StepFollow(turn, work, now)) is null)
            steps++;
        if (work.TakeKnown() is { IsEmpty: false } known)
            work.Follower.Connection.Tell(new RelayReply.Followed(work.Request!.Value, known));
        if (work.IsDone)
        {
            if (work is { IsRelease: true, Request: { } request })
                work.Follower.Connection.Tell(new RelayReply.Done(request));
            FollowScheduler<FollowWork>.Complete(turn);
        }

        switch (held)
        {
            case null:
                _follows.Yield(turn);
                break;
            case Held.ByRate:
                CountOnce(work, Limit.FollowsPerSecond);
                _follows.Throttle(turn);
                break;
            case Held.ByWindow:
                CountOnce(work, Limit.FollowsInFlight);
                _follows.Block(turn, Room.Normal);
                break;
            case Held.ByCreation:
                CountOnce(work, Limit.NewEntities);
                _follows.Block(turn, Room.Creation);
                break;
            case Held.BySlowWindow:
                CountOnce(work, Limit.FollowsInFlight);
                _follows.Block(turn, Room.Slow);
                break;
        }

        return steps;
    }

    private void CountOnce(FollowWork work, Limit limit)
    {
        if (!work.IsCounted)
            _refusals.Count(limit);
        work.IsCounted = true;
    }

    /// <summary>The connection follows one more subject. Answers what holds it up; null if it is done.</summary>
    private Held? StepFollow(FollowScheduler<FollowWork>.Turn turn, FollowWork work, TimeSpan now)
    {
        var follower = work.Follower;
        if (follower.IsEnded)
        {
            work.Cancel();
            return null;
        }

        var subject = work.Subject;
        _entries.TryGetValue(subject, out var entry);
        var isFollower = entry is not null && entry.Followers.Contains(follower.Connection);
        var mustReport = !isFollower && entry is not { Share.IsWatching: true };
        if (mustReport && HeldBy(subject) is { } held)
            return held;
        if (!isFollower && !_follows.TryTakeFollow(turn, Milliseconds))
            return Held.ByRate;

        entry ??= EntryOf(subject);
        follower.Follows.Add(entry);
        if (isFollower || entry.Share.IsSettled)
        {
            entry.Followers.Add(follower.Connection);
            work.AddKnown(new RelayReply.Snapshot(subject, entry.Share.Book.Sessions));
        }
        else
        {
            entry.Wait(Waiting(RelayEntry.Wish.Follow, follower, work.Request!.Value, null));
            Carry(entry, entry.Share.Watch(++_version));
            if (mustReport && entry.Share.IsOwed)
                _window.Enter(entry, HomeSharding.ShardOf(subject), now);
        }

        work.Advance();
        return null;
    }

    /// <summary>The connection follows one subject less. Answers what holds it up; null if it is done.</summary>
    private Held? StepUnfollow(FollowWork work, TimeSpan now)
    {
        var follower = work.Follower;
        var entry = work.Entry;
        if ((entry is null && !_entries.TryGetValue(work.Subject, out entry)) || !follower.Follows.Contains(entry))
        {
            work.Advance();
            return null;
        }

        var mustReport = !entry.IsFollowedBesides(follower);
        var needed = _window.NeededFor(HomeSharding.ShardOf(entry.Subject));
        // It takes no token of new entities: they must come to an end however many are created.
        if (mustReport && (_window.Room & needed) == 0)
            return needed == Room.Slow ? Held.BySlowWindow : Held.ByWindow;
        follower.Follows.Remove(entry);
        entry.Followers.Remove(follower.Connection);
        entry.Drop(follower, followsOnly: true);
        if (!entry.IsFollowed)
            Carry(entry, entry.Share.Unwatch(++_version));
        if (mustReport && entry.Share.IsOwed && !entry.IsForgotten)
            _window.Enter(entry, HomeSharding.ShardOf(entry.Subject), now);
        work.Advance();
        return null;
    }

    private Held? HeldBy(Subject subject)
    {
        if (_window.NeededFor(HomeSharding.ShardOf(subject)) == Room.Slow)
            return (_window.Room & Room.Slow) == 0 ? Held.BySlowWindow : null;
        if ((_window.Room & Room.Normal) == 0)
            return Held.ByWindow;
        return HasTokenOfNewEntities ? null : Held.ByCreation;
    }

    /// <summary>What keeps a follow or an unfollow from its next step.</summary>
    private enum Held
    {
        /// <summary>The user has begun too many follows.</summary>
        ByRate,

        /// <summary>Too many entities are under way.</summary>
        ByWindow,

        /// <summary>Too many entities were created.</summary>
        ByCreation,

        /// <summary>Too many entities of shards that do not answer are under way.</summary>
        BySlowWindow,
    }

    // ---- what homes say

    private void Accept(ReportAccepted accepted)
    {
        if (_entries.TryGetValue(accepted.Subject, out var entry))
        {
            entry.Attempt = 0;
            // Only follows are in the window: the entity of a user who connects is paid for by the connection.
            if (accepted.IsNewEntity && entry.Stay is not null)
                _newEntities.Use(_newEntityRate, 1, Milliseconds);
            FollowWindow.Leave(entry);
            if (_window.HasSlowShards)
                _window.Answered(HomeSharding.ShardOf(accepted.Subject));
            Carry(entry, entry.Share.Accept(accepted, _id, _departed, ++_version, mayReport: !IsThrottled(entry)));
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
        Walk(entry =>
        {
            if (shards.Contains(HomeSharding.ShardOf(entry.Subject)))
                Due(entry, Now);
        });
    }

    /// <summary>Does something with all entries that there are now, some at a time.</summary>
    private void Walk(Action<RelayEntry> visit)
    {
        _walks.Enqueue(new EntryWalk([.. _entries.Values], visit));
        if (!_isContinuing)
            GoOn();
    }

    // ---- carrying out a step

    private void Carry(RelayEntry entry, NodeShare.Step step, RelayEntry.Waiting? waiting = null)
    {
        entry.Share = step.Next;
        if (waiting is { } request)
            entry.Wait(request);
        if (step.Report is { } page)
            Send(entry, page);
        else if (step.Next.HasOnlyUnsent)
            Due(entry, Now + TimeSpan.FromMilliseconds(entry.Updates.UntilToken(_settings.UpdateRate, Milliseconds)));

        var answered = entry.TakeAnswered();
        Reply(answered);
        var told = TellFollowers(entry, step.Changes);
        Admit(entry, answered, told);

        if (step.Next.IsForgettable && !entry.IsFollowed)
        {
            entry.IsForgotten = true;
            FollowWindow.Leave(entry);
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
            ? new RelayReply.HoldersChanged(name, changes)
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

    private void Send(RelayEntry entry, PageUpdate page)
    {
        _homes.Tell(entry.Share.ToReport(entry.Subject, _id, page), Self);
        var delay = _settings.RetryAfter * Math.Pow(2, Math.Min(entry.Attempt, 16));
        var due = Now + Jitter(delay < _settings.RetryAtMost ? delay : _settings.RetryAtMost);
        Due(entry, due < entry.PatienceEnds ? due : entry.PatienceEnds);
    }

    // ---- what time brings

    private void OnTick()
    {
        if (_unanswered > 0)
            _log.Warning("No entity answered in time; {0} requests were answered with what this node knows", _unanswered);
        _unanswered = 0;
        var now = Now;
        _window.Expire(now);
        _follows.Tick(Milliseconds);
        _repeats = Math.Max(1, (int)(_settings.RepeatsPerSecond * _settings.Tick.TotalSeconds / _settings.Count));
        if (!_isContinuing)
            GoOn();
    }

    /// <summary>Repeats the report that is due first; says whether one was due.</summary>
    private bool TryRepeat(TimeSpan now)
    {
        if (!_due.TryPeek(out var entry, out var at) || at > now.Ticks)
            return false;
        _due.Remove(entry);
        entry.QueuedFor = TimeSpan.MaxValue;
        LoseItsPatience(entry, now);
        if (entry.DueAt > now)
        {
            Due(entry, entry.DueAt);
            return true;
        }

        _repeats--;
        if (entry.Share.IsOwed && ++entry.Attempt > 1)
            _log.Debug("No home has accepted the report on {0}; attempt {1}", entry.Subject, entry.Attempt);
        Carry(entry, entry.Share.Resend(++_version));
        return true;
    }

    /// <summary>Answers requests that have waited too long with what this node knows.</summary>
    private void LoseItsPatience(RelayEntry entry, TimeSpan now)
    {
        if (entry.PatienceEnds > now)
            return;
        var late = entry.TakeLate(now);
        _unanswered += late.Length;
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

    private sealed class Continue : INoSerializationVerificationNeeded, INotInfluenceReceiveTimeout, IDeadLetterSuppression
    {
        public static readonly Continue Instance = new();
    }

    private sealed class Tick : INoSerializationVerificationNeeded, INotInfluenceReceiveTimeout, IDeadLetterSuppression
    {
        public static readonly Tick Instance = new();
    }
}
