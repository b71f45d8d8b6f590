using System.Collections.Immutable;
using System.Text;
using Akka.Actor;
using Presence.Actors.Messages;
using Presence.Actors.Model;
using Presence.Actors.Relays;

namespace Presence.Actors.Connections;

/// <summary>
/// One connection of a user, whatever link it came by (contract C1): the only source of truth for its own status and its own
/// follows. Its end, however it comes, is all that others need to forget it.
/// </summary>
/// <remarks>
/// Requests are carried out one at a time, so replies come in the order of the requests; while one waits for a relay the next
/// ones wait here, and the link reads no more than <see cref="ConnectionSettings.Pipeline"/> ahead.
/// </remarks>
public sealed class Connection : UntypedActor
{
    private readonly Opening _opening;
    private readonly ImmutableArray<IActorRef> _relays;
    private readonly IActorRef _registry;
    private readonly ConnectionSettings _settings;
    private readonly Outbox _outbox;
    private readonly FollowList _follows;
    private readonly Queue<ClientRequest> _requests = new();
    private bool _isVisible;
    private bool _isOver;
    private long _revision;
    private long _request;
    private int _undemanded;

    // What the request under way is answered with when a relay says that it is done; null while none is under way, or while
    // the answer is the follow list's to give.
    private ServerMessage? _whenDone;
    private bool _isBusy;

    // What the connection asks of relays by itself at its start, and is not in force yet. Whoever is connected can be found, by
    // id and by name (contract S7, F1), and misses nothing of its other devices (F9).
    private int _starting;

    /// <summary>For <see cref="Props"/>.</summary>
    public Connection(Opening opening, ImmutableArray<IActorRef> relays, IActorRef registry, ConnectionSettings settings)
    {
        _opening = opening;
        _relays = relays;
        _registry = registry;
        _settings = settings;
        _outbox = new Outbox(opening.Link);
        _follows = new FollowList(Identity.User, Identity.Username, settings.Follows);
    }

    private Identity Identity => _opening.Identity;

    private Subject Own => Subject.OfUser(Identity.User);

    /// <summary>How to make the connection of a link.</summary>
    /// <param name="opening">The link and who is at its other end.</param>
    /// <param name="relays">The relays of this node.</param>
    /// <param name="registry">The <see cref="SessionRegistry"/> of this node.</param>
    /// <param name="settings">Its limits.</param>
    public static Props Props(Opening opening, ImmutableArray<IActorRef> relays, IActorRef registry, ConnectionSettings settings) =>
        Akka.Actor.Props.CreateBy(new Producer(opening, relays, registry, settings));

    /// <inheritdoc/>
    protected override void PreStart()
    {
        _registry.Tell(new SessionRegistry.Register(_opening.Session, Identity));
        // Contract F9; the answer is of no interest, since what the user's other devices show is not told at the start.
        Ask([Own], ++_request);
        _starting++;
        Publish(Subject.OfName(Identity.Username), Identity.User.ToString());
        _starting++;
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
            case LinkSignal.Received { Request: var request }:
                _requests.Enqueue(request);
                CarryOutNext();
                break;
            case RelayReply when _starting > 0:
                _starting--;
                Start();
                break;
            case RelayReply.Done:
                Complete(_whenDone!);
                break;
            case RelayReply.Followed followed:
                Follow(_follows.Take(followed));
                break;
            case RelayReply.BearersChanged changed:
                Follow(_follows.Resolve(changed));
                break;
            case LinkSignal.Drained:
                _outbox.Drained();
                Demand();
                break;
            case LinkSignal.Closed:
                _isOver = true;
                Context.Stop(Self);
                break;
            case ServerMessage.Notice word:
                _outbox.Reply(word);
                break;
            case Kick kick:
                if (kick.Notice is { } notice)
                    _outbox.Reply(notice);
                Close(kick.Reason);
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    /// <summary>
    /// Goes on with the start. A session is visible only once it can be found by its name, so that no follow by name misses what
    /// is shown; and the link is taken up only once all is in force, so that whoever is connected is online.
    /// </summary>
    private void Start()
    {
        if (_starting > 0)
            return;
        if (_opening.AppearsOnline && !_isVisible)
        {
            _isVisible = true;
            Publish(Own, "");
            _starting++;
            return;
        }

        _opening.Link.Attach(Self);
        _opening.Link.Demand(_settings.Pipeline);
    }

    // ---- requests, one at a time

    private void CarryOutNext()
    {
        while (!_isBusy && !_isOver && _requests.TryDequeue(out var request))
        {
            _isBusy = true;
            CarryOut(request);
        }
    }

    private void CarryOut(ClientRequest request)
    {
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
                _whenDone = new ServerMessage.Acknowledged(update.Cid);
                break;
            case ClientRequest.UpdateStatus erase when !_isVisible:
                Complete(new ServerMessage.Acknowledged(erase.Cid));
                break;
            case ClientRequest.UpdateStatus erase:
                _isVisible = false;
                RelayOf(Own).Tell(new RelayCommand.Withdraw(Own, _opening.Session, ++_request));
                _whenDone = new ServerMessage.Acknowledged(erase.Cid);
                break;
            case ClientRequest.Follow follow:
                Follow(_follows.Begin(follow, ++_request));
                break;
            case ClientRequest.Unfollow unfollow:
                Follow(_follows.End(unfollow, _request));
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
        foreach (var change in outcome.Events)
            _outbox.Tell(change);
        if (!outcome.Drop.IsEmpty)
        {
            foreach (var slice in ByRelay(outcome.Drop))
                RelayOf(slice[0]).Tell(new RelayCommand.Unfollow(slice));
        }

        Ask(outcome.Ask, _request);
        if (outcome.Reply is { } reply)
            Complete(reply);
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

    private void Publish(Subject subject, string status) => RelayOf(subject).Tell(
        new RelayCommand.Publish(subject, new SessionStatus(_opening.Session, Identity.Username, status, ++_revision), ++_request));

    private void Ask(ImmutableArray<Subject> subjects, long request)
    {
        if (subjects.IsEmpty)
            return;
        foreach (var slice in ByRelay(subjects))
            RelayOf(slice[0]).Tell(new RelayCommand.Follow(slice, request));
    }

    private IEnumerable<ImmutableArray<Subject>> ByRelay(ImmutableArray<Subject> subjects) => subjects.Length == 1
        ? [subjects]
        : subjects.GroupBy(s => RelayTable.IndexOf(s, _relays.Length)).Select(g => g.ToImmutableArray());

    private IActorRef RelayOf(Subject subject) => _relays[RelayTable.IndexOf(subject, _relays.Length)];

    /// <summary>What a connection begins with.</summary>
    /// <param name="Link">The way to the client.</param>
    /// <param name="Session">The connection's name.</param>
    /// <param name="Identity">Who is at the other end.</param>
    /// <param name="AppearsOnline">Whether it begins with the empty status (contract S1).</param>
    public sealed record Opening(ILink Link, SessionId Session, Identity Identity, bool AppearsOnline)
        : INoSerializationVerificationNeeded;

    /// <summary>Ends a connection from the server's side.</summary>
    /// <param name="Reason">What the link is closed with.</param>
    /// <param name="Notice">A word before; null for none.</param>
    public sealed record Kick(CloseReason Reason, ServerMessage.Notice? Notice = null) : INoSerializationVerificationNeeded;

    /// <summary>Makes a connection by a plain call; one object, since each connection keeps its own.</summary>
    private sealed class Producer(Opening opening, ImmutableArray<IActorRef> relays, IActorRef registry, ConnectionSettings settings)
        : IIndirectActorProducer
    {
        public Type ActorType => typeof(Connection);

        public ActorBase Produce() => new Connection(opening, relays, registry, settings);

        public void Release(ActorBase actor)
        {
        }
    }
}

/// <summary>The limits of a connection.</summary>
/// <param name="Follows">How many users it may follow (contract F10).</param>
/// <param name="Pipeline">How many requests its link may bring before the first is answered.</param>
public sealed record ConnectionSettings(int Follows, int Pipeline)
{
    /// <summary>What a server runs with unless told otherwise.</summary>
    public static readonly ConnectionSettings Default = new(10_000, 16);
}
