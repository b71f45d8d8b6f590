using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Text;
using Akka.Actor;
using Akka.Event;
using Presence.Actors.Dispatch;
using Presence.Actors.Messages;
using Presence.Actors.Model;
using Presence.Actors.Relays;
using Presence.Actors.Telemetry;

namespace Presence.Actors.Connections;

/// <summary>
/// One connection of a user, whatever link it came by (contract C1): the only source of truth for its own status and its own
/// follows. Its end, however it comes, is all that others need to forget it: its <see cref="ConnectionPool"/> tells them.
/// </summary>
/// <remarks>
/// Requests are carried out one at a time, so replies come in the order of the requests; while one waits for a relay the next
/// ones wait here, and the link reads no more than <see cref="ConnectionSettings.Pipeline"/> ahead. They wait as well while more of the
/// answers before them is unread than the link lets wait: so a client that reads nothing has one answer made beyond that (contract L4).
/// </remarks>
public sealed class Connection : UntypedActor
{
    /// <summary>What a follow is answered with while the node is overloaded (contract L5).</summary>
    public const string Overloaded = "The server is overloaded; try again later.";

    private readonly Opening _opening;
    private readonly ImmutableArray<IActorRef> _relays;
    private readonly IActorRef _registry;
    private readonly ConnectionSettings _settings;
    private readonly FollowList _follows;
    private Outbox _outbox;

    // Requests that wait for the one before, or for the client to read the answers before; null as long as there has never been one.
    private Queue<ClientRequest>? _requests;
    private bool _isVisible;
    private bool _isOver;
    private long _revision;
    private long _request;
    private int _undemanded;

    // What the request under way is answered with when the relays say that it is done, and how many have not said so; null while
    // none is under way, or while the answer is the follow list's to give.
    private ServerMessage? _whenDone;
    private int _notDone;
    private bool _isBusy;

    // From when on the next session refresh is carried out, by the scheduler's clock.
    private TimeSpan _refreshesFrom;

    private Stage _stage;

    /// <summary>For <see cref="Props"/>.</summary>
    public Connection(Opening opening, ImmutableArray<IActorRef> relays, IActorRef registry, ConnectionSettings settings)
    {
        _opening = opening;
        _relays = relays;
        _registry = registry;
        _settings = settings;
        _outbox = new Outbox(opening.Link);
        _follows = new FollowList(Identity.User, opening.Session, settings.Follows, settings.UsersPerName);
    }

    /// <summary>
    /// How far the start has come. Whoever is connected can be found, by id and by name (contract S7, F1), and misses nothing of its
    /// other devices (F9); and a session is visible only once it can be found by its name, so that no follow by name misses what
    /// is shown.
    /// </summary>
    private enum Stage
    {
        /// <summary>The name is not in force yet.</summary>
        Naming,

        /// <summary>The name is, but not the follow of the own user and the first status.</summary>
        Entering,

        /// <summary>The link has been taken up.</summary>
        Open,
    }

    private Identity Identity => _opening.Identity;

    private Subject Own => Subject.OfUser(Identity.User);

    /// <summary>How to make the connections of a number of links.</summary>
    /// <param name="openings">What they begin with; each takes one, so there is one for each before it is made.</param>
    /// <param name="relays">The relays of this node.</param>
    /// <param name="registry">The <see cref="SessionRegistry"/> of this node.</param>
    /// <param name="settings">Their limits.</param>
    public static Props Props(ConcurrentQueue<Opening> openings, RelayTable relays, IActorRef registry, ConnectionSettings settings) =>
        DirectProducer<Connection>.Props(() => new Connection(
            openings.TryDequeue(out var opening) ? opening : throw new InvalidOperationException("There is no link for this connection."),
            relays.Current,
            registry,
            settings));

    /// <inheritdoc/>
    protected override void PreStart()
    {
        _registry.Tell(new SessionRegistry.Register(_opening.Session, Identity));
        var name = Subject.OfName(Identity.Username);
        RelayOf(name).Tell(new RelayCommand.HoldName(name, Identity.User, ++_request));
    }

    /// <inheritdoc/>
    protected override void PostStop()
    {
        // Whatever stopped this actor, no link outlives its connection.
        if (!_isOver)
            _opening.Link.Close(CloseReason.Failure);
    }

    /// <inheritdoc/>
    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case ServerMessage.StatusEvent change:
                if (_follows.Admits(change))
                    _outbox.Tell(change);
                break;
            case LinkSignal.Received { Request: var request } when _isBusy || !_outbox.IsWritable:
                (_requests ??= new()).Enqueue(request);
                break;
            case LinkSignal.Received { Request: var request } when !_isOver:
                CarryOut(request);
                break;
            case LinkSignal.Received:
                break;
            case RelayReply.Done when _stage == Stage.Open:
                if (--_notDone == 0)
                    Complete(_whenDone!);
                break;
            case RelayReply.Done:
                Start();
                break;
            case RelayReply.Followed followed:
                Follow(_follows.Take(followed));
                break;
            case RelayReply.HoldersChanged changed:
                Follow(_follows.Resolve(changed));
                break;
            case TokenChecked when _isOver:
            case SessionRegistry.Renewed or SessionRegistry.NotRenewed when _isOver:
                break;
            case SessionRegistry.NotRenewed:
                if (_whenDone is ServerMessage.SessionRefreshed { Cid: var unanswered })
                    Complete(new ServerMessage.Failed(unanswered, ErrorCode.RuntimeException, RefreshRules.Unavailable));
                break;
            case TokenChecked(var cid, var check):
                Refresh(cid, check);
                break;
            // A revocation that the registry heard of before it knew of the token has missed it.
            case SessionRegistry.Renewed { Identity: var identity } when _settings.IsRevoked(identity):
                Close(CloseReason.Revoked);
                break;
            case SessionRegistry.Renewed:
                Complete(_whenDone!);
                break;
            case LinkSignal.Drained:
                _outbox.Drained();
                Demand();
                CarryOutNext();
                break;
            case LinkSignal.Closed:
                _isOver = true;
                Context.Stop(Self);
                break;
            case ServerMessage.Notice word:
                _outbox.Reply(word);
                break;
            case Kick kick:
                _outbox.Finish(kick.Notice);
                Close(kick.Reason);
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    /// <summary>Goes on with the start: what was asked for last is in force.</summary>
    private void Start()
    {
        if (++_stage == Stage.Entering)
        {
            _isVisible = _opening.AppearsOnline;
            RelayOf(Own).Tell(new RelayCommand.Enter(Own, _isVisible ? Status("") : null, ++_request));
            return;
        }

        _opening.Link.Attach(Self);
        _opening.Link.Demand(_settings.Pipeline);
    }

    // ---- requests, one at a time

    private void CarryOutNext()
    {
        while (!_isBusy && !_isOver && _outbox.IsWritable && _requests is not null && _requests.TryDequeue(out var request))
            CarryOut(request);
    }

    private void CarryOut(ClientRequest request)
    {
        _isBusy = true;
        switch (request)
        {
            case ClientRequest.Ping ping:
                Complete(new ServerMessage.Pong(ping.Cid));
                break;
            case ClientRequest.UpdateStatus { Status: { } status } update:
                if (Encoding.UTF8.GetByteCount(status) > SessionStatus.MaxBytes)
                {
                    Complete(new ServerMessage.Failed(update.Cid, ErrorCode.BadInput, $"A status has at most {SessionStatus.MaxBytes} bytes."));
                    break;
                }

                _isVisible = true;
                Publish(Own, status);
                (_whenDone, _notDone) = (new ServerMessage.Acknowledged(update.Cid), 1);
                break;
            case ClientRequest.UpdateStatus erase when !_isVisible:
                Complete(new ServerMessage.Acknowledged(erase.Cid));
                break;
            case ClientRequest.UpdateStatus erase:
                _isVisible = false;
                RelayOf(Own).Tell(new RelayCommand.Withdraw(Own, _opening.Session, ++_request));
                (_whenDone, _notDone) = (new ServerMessage.Acknowledged(erase.Cid), 1);
                break;
            case ClientRequest.Follow follow when _settings.RefusesFollow():
                Complete(new ServerMessage.Failed(follow.Cid, ErrorCode.RuntimeException, Overloaded));
                break;
            case ClientRequest.Follow follow:
                Follow(_follows.Begin(follow, ++_request));
                break;
            case ClientRequest.Unfollow unfollow:
                Unfollow(_follows.End(unfollow, _request));
                break;
            case ClientRequest.RefreshSession refresh:
                Refresh(refresh);
                break;
            case ClientRequest.Refused { IsAnswered: true } refused:
                Complete(new ServerMessage.Failed(refused.Cid, refused.Code, refused.Message));
                break;
            case ClientRequest.Malformed malformed:
                _outbox.Reply(new ServerMessage.Failed(null, malformed.Code, malformed.Message));
                Close(malformed.Reason);
                break;
            case ClientRequest.Goodbye:
                Close(CloseReason.Normal);
                break;
            default:
                Complete(null);
                break;
        }
    }

    private void Follow(FollowList.Outcome outcome)
    {
        if (outcome.Limit is { } limit)
            _settings.Refused(limit);
        foreach (var change in outcome.Events)
            _outbox.Tell(change);
        Drop(outcome.Drop, null);
        Ask(outcome.Ask, _request);
        if (outcome.Reply is { } reply)
            Complete(reply);
    }

    /// <summary>
    /// Nothing of the users reaches the client any more; the reply waits until the relays have carried it out, so that a client that
    /// follows and unfollows in turn is served no faster than that (contract L2).
    /// </summary>
    private void Unfollow(FollowList.Outcome outcome)
    {
        _notDone = Drop(outcome.Drop, ++_request);
        _whenDone = outcome.Reply;
        if (_notDone == 0)
            Complete(outcome.Reply);
    }

    /// <summary>Ends follows; how many relays it concerns.</summary>
    private int Drop(ImmutableArray<Subject> subjects, long? request)
    {
        if (subjects.IsEmpty)
            return 0;
        var slices = RelayTable.Split(subjects, _relays.Length);
        foreach (var slice in slices)
            RelayOf(slice[0]).Tell(new RelayCommand.Unfollow(Identity.User, slice, request));
        return slices.Length;
    }

    /// <summary>Has a token checked. Checking a signature costs more than any other request, so the pace is limited (contract L4).</summary>
    private void Refresh(ClientRequest.RefreshSession request)
    {
        var now = Context.System.Scheduler.MonotonicClock;
        if (now < _refreshesFrom)
        {
            _settings.Refused(Limit.SessionRefreshes);
            Complete(new ServerMessage.Failed(request.Cid, ErrorCode.BadInput, RefreshRules.TooOften(_settings.RefreshInterval)));
            return;
        }

        _refreshesFrom = now + _settings.RefreshInterval;
        var cid = request.Cid;
        var check = _settings.CheckToken(request.Token);
        if (check.IsCompletedSuccessfully)
            Refresh(cid, check.Result);
        else
            check.AsTask().PipeTo(Self, success: result => new TokenChecked(cid, result), failure: _ => new TokenChecked(cid, TokenCheck.Failed));
    }

    /// <summary>Refuses a token, or has the registry take it; that answers with <see cref="SessionRegistry.Renewed"/>.</summary>
    private void Refresh(string? cid, TokenCheck check)
    {
        if (RefreshRules.RefusalOf(Identity, check, cid) is { } refusal)
        {
            Complete(refusal);
            return;
        }

        var identity = ((TokenCheck.Valid)check).Identity;
        _whenDone = new ServerMessage.SessionRefreshed(cid, identity.ExpiresAt);
        _registry.Tell(new SessionRegistry.Renew(identity));
    }

    private void Complete(ServerMessage? reply)
    {
        if (reply is not null)
            _outbox.Reply(reply);
        _whenDone = null;
        _isBusy = false;
        _undemanded++;
        Demand();
        CarryOutNext();
    }

    /// <summary>A client that does not take its replies is not read any further: that is its back-pressure.</summary>
    private void Demand()
    {
        if (!_outbox.IsWritable || _undemanded == 0)
            return;
        _opening.Link.Demand(_undemanded);
        _undemanded = 0;
    }

    private void Close(CloseReason reason)
    {
        _isOver = true;
        _opening.Link.Close(reason);
        Context.Stop(Self);
    }

    // ---- relays

    private void Publish(Subject subject, string status) =>
        RelayOf(subject).Tell(new RelayCommand.Publish(subject, Status(status), ++_request));

    private SessionStatus Status(string text) => new(_opening.Session, Identity.Username, text, ++_revision);

    private void Ask(ImmutableArray<Subject> subjects, long request)
    {
        if (subjects.IsEmpty)
            return;
        foreach (var slice in RelayTable.Split(subjects, _relays.Length))
            RelayOf(slice[0]).Tell(new RelayCommand.Follow(Identity.User, slice, request));
    }

    private IActorRef RelayOf(Subject subject) => _relays[RelayTable.IndexOf(subject, _relays.Length)];

    /// <summary>What a connection begins with.</summary>
    /// <param name="Link">The way to the client.</param>
    /// <param name="Session">The connection's name.</param>
    /// <param name="Identity">Who is at the other end.</param>
    /// <param name="AppearsOnline">Whether it begins with the empty status (contract S1).</param>
    public sealed record Opening(ILink Link, SessionId Session, Identity Identity, bool AppearsOnline)
        : INoSerializationVerificationNeeded;

    /// <summary>A token has been checked.</summary>
    /// <param name="Cid">The client's name for the request.</param>
    /// <param name="Check">What came of it.</param>
    private sealed record TokenChecked(string? Cid, TokenCheck Check) : INoSerializationVerificationNeeded, IDeadLetterSuppression;

    /// <summary>Ends a connection from the server's side.</summary>
    /// <param name="Reason">What the link is closed with.</param>
    /// <param name="Notice">A word before; null for none.</param>
    public sealed record Kick(CloseReason Reason, ServerMessage.Notice? Notice = null) : INoSerializationVerificationNeeded;
}

/// <summary>The limits of a connection.</summary>
/// <param name="Follows">How many users it may follow (contract F10).</param>
/// <param name="Pipeline">How many requests its link may bring before the first is answered.</param>
public sealed record ConnectionSettings(int Follows, int Pipeline)
{
    /// <summary>What a server runs with unless told otherwise.</summary>
    public static readonly ConnectionSettings Default = new(10_000, 16);

    /// <summary>How many users of one name a follow by that name may find (contract F11).</summary>
    public int UsersPerName { get; init; } = 100;

    /// <summary>
    /// Whether the next follow is refused because the node is overloaded (contract L5); also counts the refusal. Called once for
    /// each follow.
    /// </summary>
    public Func<bool> RefusesFollow { get; init; } = static () => false;

    /// <summary>Checks a token that a client presents on an open connection. Completes at once unless its issuer has to be asked.</summary>
    public Func<string, ValueTask<TokenCheck>> CheckToken { get; init; } = static _ => ValueTask.FromResult(TokenCheck.Invalid);

    /// <summary>Whether the token that says this was revoked.</summary>
    public Func<Identity, bool> IsRevoked { get; init; } = static _ => false;

    /// <summary>The shortest time between two session refreshes of one connection; zero sets no limit (contract L4).</summary>
    public TimeSpan RefreshInterval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Counts a request that a limit has refused.</summary>
    public Action<Limit> Refused { get; init; } = static _ => { };
}
