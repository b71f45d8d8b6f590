using Akka.Actor;
using Presence.Actors.Connections;
using Presence.Actors.Hosting;
using Presence.Actors.Model;
using Presence.Tests.Node;

namespace Presence.Tests.Semantics.Clients;

/// <summary>A client without bytes: speaks to its connection actor as a link does.</summary>
public sealed class MemoryPeer : Peer
{
    private readonly TestLink _link = new();
    private readonly TaskCompletionSource _gone = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private MemoryPeer(UserId user, string username)
        : base(user, username)
    {
    }

    public static async Task<Peer> ConnectAsync(PresenceNode node, Identity identity, bool appearsOnline)
    {
        var session = SessionId.New();
        var peer = new MemoryPeer(identity.User, identity.Username) { Session = session.ToString() };
        node.Open(new Connection.Opening(peer._link, session, identity, appearsOnline));
        await peer._link.Connection.WaitAsync(Patience);
        peer.BeginReading(appearsOnline);
        return peer;
    }

    public override void StopReading()
    {
        _link.IsWritable = false;
        base.StopReading();
    }

    public override void ReadOn()
    {
        base.ReadOn();
        if (_link.IsWritable)
            return;
        _link.IsWritable = true;
        Tell(LinkSignal.Drained.Instance);
    }

    protected override Task WriteAsync(ClientRequest request)
    {
        Tell(new LinkSignal.Received(request));
        return Task.CompletedTask;
    }

    protected override async Task<(Told Told, byte[] Bytes)> ReadAsync()
    {
        while (true)
        {
            // Looked at first: whatever was sent before the close is there by then.
            var ending = _link.Closed.IsCompleted ? _link.Closed.Result.Code : _gone.Task.IsCompleted ? null : (int?)0;
            if (_link.Sent.TryRead(out var message))
                return (Translate(message), []);
            if (ending != 0)
                return (new Told.Closed(ending), []);
            await Task.WhenAny(_link.Sent.WaitToReadAsync().AsTask(), _link.Closed, _gone.Task);
        }
    }

    protected override Task SayGoodbyeAsync()
    {
        Cut();
        return Task.CompletedTask;
    }

    protected override void Cut()
    {
        Tell(LinkSignal.Closed.Instance);
        _gone.TrySetResult();
    }

    private void Tell(LinkSignal signal) => _link.Connection.Result.Tell(signal);

    private static Told Translate(ServerMessage message) => message switch
    {
        ServerMessage.Acknowledged done => new Told.Ack(done.Cid),
        ServerMessage.Pong pong => new Told.Pong(pong.Cid),
        ServerMessage.Snapshot snapshot => new Told.Snapshot(
            snapshot.Cid, [.. snapshot.Presences.Select(p => Translate(p.User, p.Status))]),
        ServerMessage.SessionRefreshed refreshed => new Told.Refreshed(refreshed.Cid, refreshed.ExpiresAt.ToUnixTimeSeconds()),
        ServerMessage.StatusEvent change => new Told.Event(Side(change, c => c.New), Side(change, c => c.Old)),
        ServerMessage.Failed failed => new Told.Error(failed.Cid, (int)failed.Code, failed.Message),
        ServerMessage.Notice notice => new Told.Notice(notice.Subject, notice.Code),
        _ => throw new FormatException($"No message to a client: {message}"),
    };

    private static IReadOnlyList<Shown> Side(ServerMessage.StatusEvent change, Func<StatusChange, SessionStatus?> side) =>
        [.. change.Changes.Select(side).OfType<SessionStatus>().Select(s => Translate(change.User, s))];

    private static Shown Translate(UserId user, SessionStatus status) => new(user, status.Session.ToString(), status.Username, status.Status);
}
