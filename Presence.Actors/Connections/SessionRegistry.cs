using Akka.Actor;
using Akka.Event;
using Presence.Actors.Model;
using Presence.Actors.Relays;

namespace Presence.Actors.Connections;

/// <summary>
/// Knows the connections of this node by user and token, to end those that may not go on: when their token expires or is
/// revoked (contract C4, with a word before expiry), when a newer connection replaces them (contract C3), or when a relay that they depend on has failed.
/// </summary>
public sealed class SessionRegistry : UntypedActor, IWithTimers
{
    // What the protocol's clients know a replaced connection by.
    private const int ReplacedCode = -7;
    private const string ReplacedSubject = "single_socket";

    // Ours: Nakama's own numbers go from 0 to about -10, and what an application sends is above 0. It is the close code to come.
    private const int ExpiringCode = -4001;
    private const string ExpiringSubject = "session_expiring";

    private readonly SessionPolicy _policy;
    private readonly Dictionary<IActorRef, Register> _sessions = [];
    private readonly Dictionary<UserId, HashSet<IActorRef>> _byUser = [];

    // Each connection once: by when it is told that its token will expire, and from then on by when it does.
    private readonly PriorityQueue<IActorRef, DateTimeOffset> _expiries = new();

    /// <summary>For <see cref="Props"/>.</summary>
    public SessionRegistry(SessionPolicy policy) => _policy = policy;

    /// <inheritdoc/>
    public ITimerScheduler Timers { get; set; } = null!;

    private static DateTimeOffset Now => Context.System.Scheduler.Now;

    /// <summary>How to make the registry of a node.</summary>
    public static Props Props(SessionPolicy policy) => Akka.Actor.Props.Create(() => new SessionRegistry(policy));

    /// <inheritdoc/>
    protected override void PreStart() => Context.System.EventStream.Subscribe(Self, typeof(RelayFailed));

    /// <inheritdoc/>
    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case Register register:
                Add(Sender, register);
                break;
            case Terminated { ActorRef: var ended } when _sessions.Remove(ended, out var session):
                var others = _byUser[session.Identity.User];
                others.Remove(ended);
                if (others.Count == 0)
                    _byUser.Remove(session.Identity.User);
                break;
            case Revoke revoke when _byUser.TryGetValue(revoke.User, out var connections):
                foreach (var connection in connections.Where(c => revoke.Concerns(_sessions[c].Identity)))
                    connection.Tell(new Connection.Kick(CloseReason.Revoked));
                break;
            case RelayFailed:
                foreach (var connection in _sessions.Keys)
                    connection.Tell(new Connection.Kick(CloseReason.Failure));
                break;
            case Expire:
                EndExpired();
                break;
            case Terminated or Revoke:
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    private void Add(IActorRef connection, Register register)
    {
        Context.Watch(connection);
        _sessions[connection] = register;
        if (!_byUser.TryGetValue(register.Identity.User, out var connections))
            _byUser[register.Identity.User] = connections = [];
        if (_policy.SingleConnection)
        {
            foreach (var older in connections)
                older.Tell(new Connection.Kick(CloseReason.Replaced, new ServerMessage.Notice(ReplacedSubject, ReplacedCode, Now)));
        }

        connections.Add(connection);
        if (_policy.EndAtExpiry)
        {
            var expiry = register.Identity.ExpiresAt;
            // Who comes with a token that expires sooner knows it: a notice would be a greeting, which no client expects.
            var isTold = _policy.ExpiryNotice > TimeSpan.Zero && expiry - Now > _policy.ExpiryNotice;
            _expiries.Enqueue(connection, isTold ? expiry - _policy.ExpiryNotice : expiry);
            AwaitExpiry();
        }
    }

    private void EndExpired()
    {
        while (_expiries.TryPeek(out var connection, out var at) && at <= Now)
        {
            _expiries.Dequeue();
            if (!_sessions.TryGetValue(connection, out var session))
                continue;
            if (session.Identity.ExpiresAt <= Now)
            {
                connection.Tell(new Connection.Kick(CloseReason.Expired));
                continue;
            }

            connection.Tell(new ServerMessage.Notice(ExpiringSubject, ExpiringCode, Now));
            _expiries.Enqueue(connection, session.Identity.ExpiresAt);
        }

        AwaitExpiry();
    }

    private void AwaitExpiry()
    {
        if (!_expiries.TryPeek(out _, out var at))
            return;
        // Tokens may live longer than a timer may wait; to look early is harmless.
        var wait = at - Now;
        wait = wait < TimeSpan.FromHours(1) ? wait : TimeSpan.FromHours(1);
        Timers.StartSingleTimer(Expire.Instance, Expire.Instance, wait > TimeSpan.Zero ? wait : TimeSpan.Zero);
    }

    /// <summary>A connection says who it is.</summary>
    /// <param name="Session">Its name.</param>
    /// <param name="Identity">Whose it is, and by what token.</param>
    public sealed record Register(SessionId Session, Identity Identity) : INoSerializationVerificationNeeded;

    /// <summary>Tokens of a user are not valid any more.</summary>
    /// <param name="User">The user.</param>
    /// <param name="TokenId">The login whose tokens are revoked; null: all that were issued up to <paramref name="IssuedUpTo"/>.</param>
    /// <param name="IssuedUpTo">The last instant of issue that is revoked.</param>
    public sealed record Revoke(UserId User, string? TokenId, DateTimeOffset IssuedUpTo) : INoSerializationVerificationNeeded
    {
        internal bool Concerns(Identity identity) =>
            TokenId is null ? identity.IssuedAt <= IssuedUpTo : identity.TokenId == TokenId;
    }

    private sealed class Expire : INoSerializationVerificationNeeded, IDeadLetterSuppression
    {
        public static readonly Expire Instance = new();
    }
}

/// <summary>Which connections may not go on.</summary>
/// <param name="EndAtExpiry">Whether a connection ends when its token expires.</param>
/// <param name="SingleConnection">Whether a new connection of a user replaces the older ones of the node.</param>
public sealed record SessionPolicy(bool EndAtExpiry, bool SingleConnection)
{
    /// <summary>What a server runs with unless told otherwise.</summary>
    public static readonly SessionPolicy Default = new(EndAtExpiry: true, SingleConnection: false);

    /// <summary>How long before its end at expiry a connection is told of it; zero for not at all.</summary>
    public TimeSpan ExpiryNotice { get; init; } = TimeSpan.FromSeconds(30);
}
