using Akka.Actor;
using Akka.Cluster;
using Akka.Event;
using Presence.Actors.Connections;
using Presence.Actors.Messages;

namespace Presence.Actors.Announcements;

/// <summary>
/// Tells every other node the rare facts that all must know: which tokens are revoked, and which connections have opened where a
/// user may have one only (contract A1, C3, K1). It is also the door by which the others tell this node. What is told to whom is the
/// <see cref="Ledger"/>'s to decide.
/// </summary>
public sealed class Announcer : UntypedActor, IWithTimers
{
    /// <summary>The name of this actor under <c>/user</c>; the other nodes find it by it.</summary>
    public const string Name = "announcer";

    private readonly Action<TokensRevoked> _apply;
    private readonly Action _toldAll;
    private readonly AnnouncementSettings _settings;
    private readonly UniqueAddress _self = Cluster.Get(Context.System).SelfUniqueAddress;

    // The members that have something to tell to a new one, and the way to each member.
    private readonly HashSet<int> _elders = [];
    private readonly Dictionary<int, ActorSelection> _ways = [];
    private Ledger _ledger;
    private bool _isMember;
    private bool _isReady;

    /// <summary>For <see cref="Props"/>.</summary>
    public Announcer(Action<TokensRevoked> apply, Action toldAll, AnnouncementSettings settings)
    {
        _apply = apply;
        _toldAll = toldAll;
        _settings = settings;
        _ledger = new Ledger(_self.Uid);
    }

    /// <inheritdoc/>
    public ITimerScheduler Timers { get; set; } = null!;

    private static TimeSpan Now => Context.System.Scheduler.MonotonicClock;

    /// <summary>How to make the announcer of a node.</summary>
    /// <param name="apply">Puts a revocation of another node into force on this one, before it returns.</param>
    /// <param name="toldAll">Called once, when this node is a member and the others have told it all that they keep.</param>
    /// <param name="settings">The sizes and times.</param>
    public static Props Props(Action<TokensRevoked> apply, Action toldAll, AnnouncementSettings settings) =>
        Akka.Actor.Props.Create(() => new Announcer(apply, toldAll, settings));

    /// <inheritdoc/>
    protected override void PreStart()
    {
        Cluster.Get(Context.System).Subscribe(
            Self, ClusterEvent.SubscriptionInitialStateMode.InitialStateAsEvents, typeof(ClusterEvent.IMemberEvent));
        Timers.StartPeriodicTimer(Signal.Forget, Signal.Forget, _settings.ForgetEvery);
    }

    /// <inheritdoc/>
    protected override void PostStop() => Cluster.Get(Context.System).Unsubscribe(Self);

    /// <inheritdoc/>
    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case Revoke { Revoked: var revoked }:
                _ledger = _ledger.Revoke(revoked);
                break;
            case Opened { Session: var opened }:
                _ledger = _ledger.Open(opened);
                break;
            case StillOpen open:
                _ledger = _ledger.Remind(open.Node, open.Session);
                break;
            case Ended { Session: var ended }:
                _ledger = _ledger.End(ended);
                break;
            case Announcement announcement:
                Hear(announcement);
                break;
            case AnnouncementAccepted accepted:
                _ledger = _ledger.Settle(accepted);
                break;
            case ClusterEvent.IMemberEvent { Member: var member }:
                Meet(member);
                break;
            case Signal signal when signal == Signal.Forget:
                _ledger = _ledger.Forget(Context.System.Scheduler.Now);
                break;
            case Signal signal when signal == Signal.Patience:
                Serve();
                break;
            case Signal:
                break;
            default:
                Unhandled(message);
                return;
        }

        SendDue();
    }

    private void Hear(Announcement announcement)
    {
        // A node that is not known to be a member yet says it again; what one says that has been removed is of the past.
        if (!_ledger.IsMember(announcement.Node))
            return;
        var before = _ledger.Kept;
        _ledger = _ledger.Hear(announcement);
        foreach (var revoked in announcement.Revoked)
        {
            var tokens = TokenSet.Of(revoked);
            if (_ledger.Kept[tokens] != before.GetValueOrDefault(tokens))
                _apply(revoked);
        }

        foreach (var opened in announcement.Opened)
            Context.System.EventStream.Publish(new SessionRegistry.OpenedElsewhere(announcement.Node, opened));
        Sender.Tell(new AnnouncementAccepted(_self.Uid, announcement.Number));
        ServeIfToldAll();
    }

    private void Meet(Member member)
    {
        var node = member.UniqueAddress;
        if (node == _self)
        {
            if (member.Status == MemberStatus.Up && !_isMember)
            {
                _isMember = true;
                Timers.StartSingleTimer(Signal.Patience, Signal.Patience, _settings.Patience);
            }
        }
        else if (member.Status == MemberStatus.Removed)
        {
            _elders.Remove(node.Uid);
            _ways.Remove(node.Uid);
            _ledger = _ledger.Remove(node.Uid);
        }
        else
        {
            if (member.Status == MemberStatus.Up)
                _elders.Add(node.Uid);
            _ways[node.Uid] = Context.ActorSelection(new RootActorPath(node.Address) / "user" / Name);
            _ledger = _ledger.Join(node.Uid);
        }

        ServeIfToldAll();
    }

    private void SendDue()
    {
        (_ledger, var send) = _ledger.Due(Now, _settings);
        foreach (var (node, announcement) in send)
            _ways[node].Tell(announcement);
        if (_ledger.NextRepetition is not { } next)
            Timers.Cancel(Signal.Repeat);
        else
            Timers.StartSingleTimer(Signal.Repeat, Signal.Repeat, next > Now ? next - Now : TimeSpan.Zero);
    }

    private void ServeIfToldAll()
    {
        if (_isMember && _elders.All(_ledger.HasToldAll))
            Serve();
    }

    private void Serve()
    {
        if (_isReady)
            return;
        _isReady = true;
        var silent = _elders.Count(node => !_ledger.HasToldAll(node));
        if (silent > 0)
            Context.GetLogger().Warning("{0} of {1} members have not told all tokens that are revoked; this node serves all the same", silent, _elders.Count);
        Timers.Cancel(Signal.Patience);
        _toldAll();
    }

    /// <summary>Tokens were revoked on this node.</summary>
    /// <param name="Revoked">Which.</param>
    public sealed record Revoke(TokensRevoked Revoked) : INoSerializationVerificationNeeded;

    /// <summary>A connection has opened on this node and replaces all others of its user.</summary>
    /// <param name="Session">Which.</param>
    public sealed record Opened(SessionOpened Session) : INoSerializationVerificationNeeded;

    /// <summary>A connection of this node is open, newer than the one that another node has announced.</summary>
    /// <param name="Node">The cluster's unique id of the other node.</param>
    /// <param name="Session">The connection of this node.</param>
    public sealed record StillOpen(int Node, SessionOpened Session) : INoSerializationVerificationNeeded;

    /// <summary>A connection of this node that had opened is over.</summary>
    /// <param name="Session">Which.</param>
    public sealed record Ended(SessionOpened Session) : INoSerializationVerificationNeeded;

    private sealed class Signal : INoSerializationVerificationNeeded, IDeadLetterSuppression
    {
        public static readonly Signal Repeat = new();
        public static readonly Signal Forget = new();
        public static readonly Signal Patience = new();
    }
}
