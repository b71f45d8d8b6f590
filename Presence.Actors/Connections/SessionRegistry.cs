using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Akka.Actor;
using Akka.Event;
using Presence.Actors.Announcements;
using Presence.Actors.Collections;
using Presence.Actors.Messages;
using Presence.Actors.Model;
using Presence.Actors.Relays;

namespace Presence.Actors.Connections;

/// <summary>
/// Knows the connections of this node by user and token, to end those that may not go on: when their token expires or is
/// revoked (contract C4, with a word before expiry), when a newer connection replaces them (contract C3), or when a relay that they depend on has failed.
/// </summary>
/// <remarks>
/// Of two connections of a user the older gives way, by their names and not by when they are heard of: so whatever is heard in
/// whatever order, on whatever node, the newest of all stays, and no other.
/// </remarks>
public sealed class SessionRegistry : UntypedActor, IWithTimers
{
    // What the protocol's clients know a replaced connection by.
    private const int ReplacedCode = -7;
    private const string ReplacedSubject = "single_socket";

    // Ours: Nakama's own numbers go from 0 to about -10, and what an application sends is above 0. It is the close code to come.
    private const int ExpiringCode = -4001;
    private const string ExpiringSubject = "session_expiring";

    private readonly SessionPolicy _policy;
    private readonly IActorRef _announcer;
    private readonly Action<Identity>? _replaced;
    private readonly Dictionary<IActorRef, Session> _sessions = [];

    // Without those that have been told to end: they may take a moment, and replace nobody any more.
    private readonly Dictionary<UserId, CompactSet<Session>> _byUser = [];

    // Each connection once: by when it is told that its token will expire, and from then on by when it does.
    private readonly DueQueue<Session> _expiries = new();

    // When the timer comes, in ticks of UTC.
    private long _looksAt = long.MaxValue;

    /// <summary>For <see cref="Props"/>.</summary>
    public SessionRegistry(SessionPolicy policy, IActorRef announcer, Action<Identity>? replaced)
    {
        _policy = policy;
        _announcer = announcer;
        _replaced = replaced;
    }

    /// <inheritdoc/>
    public ITimerScheduler Timers { get; set; } = null!;

    private static DateTimeOffset Now => Context.System.Scheduler.Now;

    /// <summary>How to make the registry of a node.</summary>
    /// <param name="policy">Which connections may not go on.</param>
    /// <param name="announcer">The <see cref="Announcer"/> of this node.</param>
    /// <param name="replaced">Called for each connection that a newer one has replaced, before the connection is told.</param>
    public static Props Props(SessionPolicy policy, IActorRef announcer, Action<Identity>? replaced = null) =>
        Akka.Actor.Props.Create(() => new SessionRegistry(policy, announcer, replaced));

    /// <inheritdoc/>
    protected override void PreStart()
    {
        Context.System.EventStream.Subscribe(Self, typeof(RelayFailed));
        Context.System.EventStream.Subscribe(Self, typeof(OpenedElsewhere));
    }

    /// <inheritdoc/>
    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case Register register:
                Add(Sender, register);
                break;
            case Renew renew when _sessions.TryGetValue(Sender, out var renewed):
                Take(renewed, renew.Identity);
                break;
            case Ended when _sessions.Remove(Sender, out var session):
                _expiries.Remove(session);
                Drop(session);
                break;
            case Revoke revoke when _byUser.TryGetValue(revoke.User, out var sessions):
                foreach (var concerned in sessions.ToArray())
                {
                    if (revoke.Concerns(concerned.Identity))
                        End(concerned, CloseReason.Revoked);
                }

                break;
            case OpenedElsewhere elsewhere when _policy.SingleConnection:
                // A newer one here is news to that node: its connection may have come after this one was announced.
                var newest = Newest(elsewhere.Opened);
                if (newest != elsewhere.Opened)
                    _announcer.Tell(new Announcer.StillOpen(elsewhere.Node, newest));
                break;
            case RelayFailed:
                foreach (var connection in _sessions.Keys)
                    connection.Tell(new Connection.Kick(CloseReason.Failure));
                break;
            case Expire:
                EndExpired();
                break;
            // This actor has failed since the connection registered: it does not know the connection any more.
            case Renew:
                Sender.Tell(NotRenewed.Instance);
                break;
            case Ended or Revoke or OpenedElsewhere:
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    /// <inheritdoc/>
    protected override void PreRestart(Exception reason, object message)
    {
        // The message that it has failed by is not handled again, and a connection waits for the answer to this one.
        if (message is Renew)
            Sender.Tell(NotRenewed.Instance);
        base.PreRestart(reason, message);
    }

    private void Add(IActorRef connection, Register register)
    {
        var session = new Session(connection, register.Session, register.Identity);
        _sessions[connection] = session;
        CollectionsMarshal.GetValueRefOrAddDefault(_byUser, register.Identity.User, out _).Add(session);
        var opened = new SessionOpened(register.Identity.User, register.Session);
        if (_policy.SingleConnection && Newest(opened) == opened)
            _announcer.Tell(new Announcer.Opened(opened));

        AwaitExpiryOf(session);
    }

    /// <summary>A connection goes on by another token, unless it has been told to end.</summary>
    private void Take(Session session, Identity identity)
    {
        if (!_byUser.TryGetValue(session.Identity.User, out var sessions) || !sessions.Contains(session))
            return;
        session.Identity = identity;
        AwaitExpiryOf(session);
        session.Connection.Tell(new Renewed(identity));
    }

    private void AwaitExpiryOf(Session session)
    {
        if (!_policy.EndAtExpiry)
            return;
        var expiry = session.Identity.ExpiresAt;
        // Who comes with a token that expires sooner knows it: a notice would be a greeting, which no client expects.
        var isTold = _policy.ExpiryNotice > TimeSpan.Zero && expiry - Now > _policy.ExpiryNotice;
        _expiries.Set(session, (isTold ? expiry - _policy.ExpiryNotice : expiry).UtcTicks);
        AwaitExpiry();
    }

    /// <summary>
    /// Ends all connections of a user but the newest, and says which that is: one of this node, or the one that was heard of.
    /// </summary>
    private SessionOpened Newest(SessionOpened opened)
    {
        if (!_byUser.TryGetValue(opened.User, out var sessions))
            return opened;
        var newest = opened.Session;
        foreach (var session in sessions)
        {
            if (session.Id.IsNewerThan(newest))
                newest = session.Id;
        }

        foreach (var older in sessions.ToArray())
        {
            if (older.Id == newest)
                continue;
            // First, so that a client that reconnects at once finds the replacement noted.
            _replaced?.Invoke(older.Identity);
            End(older, CloseReason.Replaced, new ServerMessage.Notice(ReplacedSubject, ReplacedCode, Now));
        }

        return opened with { Session = newest };
    }

    private void End(Session session, CloseReason reason, ServerMessage.Notice? notice = null)
    {
        session.Connection.Tell(new Connection.Kick(reason, notice));
        Drop(session);
    }

    /// <summary>The connection is not its user's any more.</summary>
    private void Drop(Session session)
    {
        var user = session.Identity.User;
        ref var sessions = ref CollectionsMarshal.GetValueRefOrNullRef(_byUser, user);
        if (Unsafe.IsNullRef(ref sessions) || !sessions.Remove(session))
            return;
        if (sessions.Count == 0)
            _byUser.Remove(user);
        if (_policy.SingleConnection)
            _announcer.Tell(new Announcer.Ended(new SessionOpened(user, session.Id)));
    }

    private void EndExpired()
    {
        _looksAt = long.MaxValue;
        while (_expiries.TryPeek(out var session, out var at) && at <= Now.UtcTicks)
        {
            _expiries.Remove(session);
            if (session.Identity.ExpiresAt <= Now)
            {
                End(session, CloseReason.Expired);
                continue;
            }

            session.Connection.Tell(new ServerMessage.Notice(ExpiringSubject, ExpiringCode, Now));
            _expiries.Set(session, session.Identity.ExpiresAt.UtcTicks);
        }

        AwaitExpiry();
    }

    private void AwaitExpiry()
    {
        // Looking early is harmless, so the timer is set anew only if it is too late.
        if (!_expiries.TryPeek(out _, out var at) || at >= _looksAt)
            return;
        // Tokens may live longer than a timer may wait.
        var wait = TimeSpan.FromTicks(at - Now.UtcTicks);
        wait = wait < TimeSpan.FromHours(1) ? wait : TimeSpan.FromHours(1);
        _looksAt = Now.UtcTicks + wait.Ticks;
        Timers.StartSingleTimer(Expire.Instance, Expire.Instance, wait > TimeSpan.Zero ? wait : TimeSpan.Zero);
    }

    /// <summary>A connection says who it is.</summary>
    /// <param name="Session">Its name.</param>
    /// <param name="Identity">Whose it is, and by what token.</param>
    public sealed record Register(SessionId Session, Identity Identity) : INoSerializationVerificationNeeded;

    /// <summary>A connection, the sender, goes on by another token of its user. Answered by <see cref="Renewed"/> or <see cref="NotRenewed"/>, unless it has been told to end.</summary>
    /// <param name="Identity">What the token says; of the same user.</param>
    public sealed record Renew(Identity Identity) : INoSerializationVerificationNeeded, IDeadLetterSuppression;

    /// <summary>Told to a connection: the expiry and the revocation of this token count from now on, and those of the one before do not.</summary>
    /// <param name="Identity">What the token says.</param>
    public sealed record Renewed(Identity Identity) : INoSerializationVerificationNeeded, IDeadLetterSuppression;

    /// <summary>Told to a connection: the registry has failed and not taken the token; what counted before counts as before.</summary>
    public sealed class NotRenewed : INoSerializationVerificationNeeded, IDeadLetterSuppression
    {
        /// <summary>The only instance.</summary>
        public static readonly NotRenewed Instance = new();

        private NotRenewed()
        {
        }
    }

    /// <summary>A connection, the sender, is no more; its parent says so for it.</summary>
    public sealed class Ended : INoSerializationVerificationNeeded, IDeadLetterSuppression
    {
        /// <summary>The only instance.</summary>
        public static readonly Ended Instance = new();

        private Ended()
        {
        }
    }

    /// <summary>Tokens of a user are not valid any more.</summary>
    /// <param name="User">The user.</param>
    /// <param name="TokenId">The login whose tokens are revoked; null: all that were issued up to <paramref name="IssuedUpTo"/>.</param>
    /// <param name="IssuedUpTo">The last instant of issue that is revoked.</param>
    public sealed record Revoke(UserId User, string? TokenId, DateTimeOffset IssuedUpTo) : INoSerializationVerificationNeeded
    {
        internal bool Concerns(Identity identity) =>
            TokenId is null ? identity.IssuedAt <= IssuedUpTo : identity.TokenId == TokenId;
    }

    /// <summary>
    /// Published on the event stream of a node when another node has announced that a connection is open there (contract C3).
    /// </summary>
    /// <param name="Node">The cluster's unique id of that node.</param>
    /// <param name="Opened">The connection.</param>
    public sealed record OpenedElsewhere(int Node, SessionOpened Opened) : INoSerializationVerificationNeeded;

    private sealed class Session(IActorRef connection, SessionId id, Identity identity) : IQueued
    {
        public IActorRef Connection { get; } = connection;

        public SessionId Id { get; } = id;

        public Identity Identity { get; set; } = identity;

        public int Place { get; set; } = -1;
    }

    private sealed class Expire : INoSerializationVerificationNeeded, IDeadLetterSuppression
    {
        public static readonly Expire Instance = new();
    }
}

/// <summary>Which connections may not go on.</summary>
/// <param name="EndAtExpiry">Whether a connection ends when its token expires.</param>
/// <param name="SingleConnection">Whether a new connection of a user replaces the older ones, of all nodes.</param>
public sealed record SessionPolicy(bool EndAtExpiry, bool SingleConnection)
{
    /// <summary>What a server runs with unless told otherwise.</summary>
    public static readonly SessionPolicy Default = new(EndAtExpiry: true, SingleConnection: false);

    /// <summary>How long before its end at expiry a connection is told of it; zero for not at all.</summary>
    public TimeSpan ExpiryNotice { get; init; } = TimeSpan.FromSeconds(30);
}
