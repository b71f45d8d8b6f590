using System.Net;
using System.Threading.Channels;
using Presence.Actors.Connections;
using Presence.Actors.Model;
using Presence.Client;
using Presence.Client.Links;

namespace Presence.Tests.Semantics.Clients;

/// <summary>
/// An application with the client library. What its calls return and what its subscriptions tell is put back into the order in which the
/// library promises it: the answer to a follow before the changes behind it, and no change of a user behind the end of the unfollow;
/// and, as on the wire, the end of a status call before the event that it causes.
/// </summary>
public sealed class LibraryPeer : Peer
{
    private readonly Channel<Told> _told = Channel.CreateUnbounded<Told>();
    private readonly Lock _gate = new();
    private readonly PresenceClient _client;
    private readonly Func<Link> _link;
    private readonly StatusSubscription _changes;
    private readonly bool _hasCloseCodes;
    private readonly List<Presence.Client.StatusChange> _ownKeptBack = [];
    private int _follows;
    private int _statuses;
    private bool _takesNothing;

    private LibraryPeer(PresenceClient client, Func<Link> link, Identity identity, bool hasCloseCodes)
        : base(identity.User, identity.Username)
    {
        _client = client;
        _link = link;
        _hasCloseCodes = hasCloseCodes;
        _changes = client.Subscribe();
    }

    /// <inheritdoc cref="WebSocketPeer.ConnectAsync"/>
    public static async Task<Peer> ConnectAsync(
        Uri http, IPEndPoint tcp, LinkKind kind, Identity identity, bool appearsOnline, int? receiveBuffer)
    {
        var isWebSocket = kind is LinkKind.LibraryWebSocketJson or LinkKind.LibraryWebSocketProtobuf;
        Link? link = null;
        var listens = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        PresenceClientOptions options = null!;
        options = new PresenceClientOptions
        {
            Server = isWebSocket ? new Uri($"ws://{http.Authority}") : new Uri($"tcp://{tcp}"),
            Format = kind is LinkKind.LibraryWebSocketJson or LinkKind.LibraryTcpJson ? MessageFormat.Json : MessageFormat.Protobuf,
            TokenProvider = async (_, _) =>
            {
                await listens.Task;
                return Tokens.Sign(identity);
            },
            AppearOnline = appearsOnline,
            Reconnect = ReconnectPolicy.None,
            // A client that reads slowly keeps little one by one.
            Backlog = receiveBuffer is null ? 10_000 : 64,
            Connector = async (token, beginsOnline, cancel) => link = await Link.ConnectAsync(options, token, beginsOnline, cancel),
        };
        // Begins to listen before there is a token, and so before there is a connection: it misses nothing.
        var client = PresenceClient.Start(options);
        var peer = new LibraryPeer(client, () => link!, identity, isWebSocket);
        _ = peer.ToldOfAsync(peer.ListenAsync());
        _ = peer.ToldOfAsync(peer.ListenToOwnAsync());
        listens.SetResult();
        using var patience = new CancellationTokenSource(Patience);
        await foreach (var state in client.States.WithCancellation(patience.Token))
        {
            if (state.Phase != ConnectionPhase.Connecting)
                break;
        }

        peer.Session = client.SessionId;
        peer.BeginReading(appearsOnline);
        return peer;
    }

    public override void StopReading()
    {
        lock (_gate)
            _takesNothing = true;
        base.StopReading();
    }

    public override void ReadOn()
    {
        lock (_gate)
            _takesNothing = false;
        base.ReadOn();
        TakeAll();
    }

    protected override Task WriteAsync(ClientRequest request)
    {
        var cid = request.Cid;
        switch (request)
        {
            case ClientRequest.UpdateStatus update:
                _ = ToldOfAsync(UpdateAsync(cid, update.Status));
                break;
            case ClientRequest.Follow follow:
                _ = ToldOfAsync(FollowAsync(cid, follow));
                break;
            case ClientRequest.Unfollow unfollow:
                _ = ToldOfAsync(AnswerAsync(cid, _client.UnfollowAsync(unfollow.UserIds.Select(Guid.Parse)), new Told.Ack(cid)));
                break;
            case ClientRequest.Ping:
                // The library has none to offer. To unfollow who is not followed takes the same way and says nothing.
                _ = ToldOfAsync(AnswerAsync(cid, _client.UnfollowAsync([Guid.NewGuid()]), new Told.Pong(cid)));
                break;
        }

        return Task.CompletedTask;
    }

    protected override async Task<(Told Told, byte[] Bytes)> ReadAsync() => (await _told.Reader.ReadAsync(), []);

    protected override Task SayGoodbyeAsync() => _client.DisposeAsync().AsTask();

    protected override void Cut() => _ = _link().DisposeAsync().AsTask();

    private static Shown? Show(Guid user, string session, string username, string? status) =>
        status is null ? null : new Shown(new UserId(user), session, username, status);

    private async Task FollowAsync(string? cid, ClientRequest.Follow follow)
    {
        Task<IReadOnlyList<Presence.Client.UserPresence>> answer;
        lock (_gate)
        {
            TakeAll();
            _follows++;
            answer = _client.FollowAsync(follow.UserIds.Select(Guid.Parse), follow.Usernames);
        }

        var told = await ReplyAsync(cid, answer, () => new Told.Snapshot(cid, [.. answer.Result.Select(p => Show(p.UserId, p.SessionId, p.Username, p.Status)!)]));
        lock (_gate)
        {
            _follows--;
            _told.Writer.TryWrite(told);
            TakeAll();
        }
    }

    private async Task UpdateAsync(string? cid, string? status)
    {
        Task call;
        lock (_gate)
        {
            _statuses++;
            call = status is null ? _client.EraseStatusAsync() : _client.SetStatusAsync(status);
        }

        var told = await ReplyAsync(cid, call, () => new Told.Ack(cid));
        lock (_gate)
        {
            TakeAll();
            _told.Writer.TryWrite(told);
            if (--_statuses > 0)
                return;
            _ownKeptBack.ForEach(Tell);
            _ownKeptBack.Clear();
        }
    }

    private async Task AnswerAsync(string? cid, Task call, Told reply)
    {
        var told = await ReplyAsync(cid, call, () => reply);
        lock (_gate)
        {
            TakeAll();
            _told.Writer.TryWrite(told);
        }
    }

    /// <summary>Has whoever reads fail of what a call fails of: nobody else waits for it.</summary>
    private async Task ToldOfAsync(Task call)
    {
        try
        {
            await call;
        }
        catch (Exception fault)
        {
            _told.Writer.TryComplete(fault);
        }
    }

    private static async Task<Told> ReplyAsync(string? cid, Task call, Func<Told> reply)
    {
        try
        {
            await call;
            return reply();
        }
        catch (PresenceRequestException refusal)
        {
            return new Told.Error(cid, refusal.Code, refusal.Message);
        }
        catch (Exception e) when (e is PresenceConnectionException or ObjectDisposedException)
        {
            return new Told.Error(cid, -1, e.Message);
        }
    }

    /// <summary>
    /// Tells what has come, unless a follow is under way, whose answer comes first, or nothing is to be taken.
    /// </summary>
    private void TakeAll()
    {
        lock (_gate)
        {
            try
            {
                while (_follows == 0 && !_takesNothing && _changes.TryTake(out var change))
                    Tell(change);
            }
            catch (PresenceException)
            {
                // Told at the end.
            }
        }
    }

    private void Tell(Presence.Client.StatusChange change)
    {
        var (old, now) = (
            Show(change.UserId, change.SessionId, change.Username, change.Old), Show(change.UserId, change.SessionId, change.Username, change.New));
        _told.Writer.TryWrite(new Told.Event(now is null ? [] : [now], old is null ? [] : [old]));
    }

    private async Task ListenAsync()
    {
        int? code = null;
        try
        {
            // Only to be woken: each subscription is told the same.
            await foreach (var _ in _client.Changes)
                TakeAll();
        }
        catch (PresenceConnectionException e)
        {
            code = e.CloseCode;
        }

        lock (_gate)
        {
            TakeAll();
            _told.Writer.TryWrite(new Told.Closed(_hasCloseCodes ? code : null));
        }
    }

    private async Task ListenToOwnAsync()
    {
        try
        {
            await foreach (var change in _client.OwnChanges)
            {
                lock (_gate)
                {
                    if (_statuses > 0)
                        _ownKeptBack.Add(change);
                    else
                        Tell(change);
                }
            }
        }
        catch (PresenceConnectionException)
        {
            // Told at the end.
        }
    }
}
