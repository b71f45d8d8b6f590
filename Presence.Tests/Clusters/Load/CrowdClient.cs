using System.Collections.Immutable;
using System.Net.Sockets;
using System.Net.WebSockets;
using Presence.Actors.Connections;
using Presence.Actors.Model;
using Presence.Tests.Semantics.Clients;

namespace Presence.Tests.Clusters.Load;

/// <summary>
/// One client of a crowd: connects, follows, sets and erases its status, and connects again when its link is gone, at random but
/// by a seed. Everything it does and hears is recorded.
/// </summary>
internal sealed class CrowdClient(Crowd crowd, int number, Account account, Habits habits)
{
    /// <summary>Longer than any server takes to answer (contract F1); the oracle has its own, stricter bound.</summary>
    private static readonly TimeSpan ReplyPatience = TimeSpan.FromSeconds(40);

    private static readonly TimeSpan LossPatience = TimeSpan.FromSeconds(3);

    private static readonly LinkKind[] Kinds = [LinkKind.WebSocketJson, LinkKind.TcpProtobuf, LinkKind.WebSocketProtobuf, LinkKind.TcpJson];

    // Not of a HashCode, which is another in every process.
    private readonly Random _random = new((habits.Seed * 397) ^ number);
    private readonly LinkKind _kind = Kinds[number % Kinds.Length];
    private readonly HashSet<UserId> _follows = [];
    private Peer? _peer;
    private Recording? _recording;
    private int _life;
    private int _update;

    /// <summary>Whether it has a link.</summary>
    public bool IsConnected => _recording is { IsOver: false };

    /// <summary>Lives until it is told to stop; its link, if it has one, stays open.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            if (!IsConnected)
            {
                await PauseAsync(TimeSpan.FromMilliseconds(150), stop);
                if (!stop.IsCancellationRequested)
                    await ConnectAsync();
                continue;
            }

            try
            {
                await PauseAsync(habits.Pause, stop);
                if (!stop.IsCancellationRequested && IsConnected)
                    await ActAsync();
            }
            catch (Exception e) when (IsOfLink(e))
            {
                await LoseAsync();
            }
        }
    }

    /// <summary>Ends its link, without a word.</summary>
    public async Task LeaveAsync()
    {
        if (_peer is not null)
            await EndAsync(isPolite: false);
    }

    private async Task ConnectAsync()
    {
        await LeaveAsync();
        var nodes = crowd.NodesThatServe(habits.Nodes?.Invoke(number));
        if (nodes.Count == 0)
            return;
        var node = nodes[_random.Next(nodes.Count)];
        var address = crowd.Cluster[node].Address;
        // A WebSocket is not told its session id; without it, nobody knows whose an empty status is.
        var appearsOnline = _kind is LinkKind.TcpJson or LinkKind.TcpProtobuf && _random.Next(3) == 0;
        var recording = crowd.Record($"c{number}.{++_life}", account, node);
        _update = 0;
        recording.Opens(appearsOnline);
        try
        {
            var peer = await Peers.ConnectAsync(address.Http, address.Tcp, _kind, Peers.IdentityOf(account.User, account.Username), appearsOnline);
            _peer = peer;
            _recording = recording;
            peer.Listen(recording.Hear);
            // A WebSocket is open a moment before its connection is there.
            await AskAsync(cid => (recording.Pings(cid), new ClientRequest.Ping(cid)));
            recording.Opened(peer.Session);
            if (_follows.Count == 0)
                _follows.UnionWith(Somebody(habits.Follows));
            await FollowAsync([.. _follows], []);
        }
        catch (Exception e) when (IsOfLink(e))
        {
            if (_recording == recording)
                await LoseAsync();
            recording.Hear(new Told.Closed(null));
        }
    }

    /// <summary>The link does not work: it is over as soon as the network says so, and if it does not, the client ends it.</summary>
    private async Task LoseAsync()
    {
        await Task.WhenAny(_recording!.Over, Task.Delay(LossPatience));
        await LeaveAsync();
    }

    private Task ActAsync() => _random.Next(100) switch
    {
        < 55 => UpdateAsync(),
        < 63 => AskAsync(cid => (_recording!.Does(cid, null), new ClientRequest.UpdateStatus(cid, null))),
        < 75 => FollowSomebodyAsync(),
        < 84 => UnfollowSomebodyAsync(),
        < 88 => EndAsync(isPolite: _random.Next(2) == 0),
        _ => AskAsync(cid => (_recording!.Pings(cid), new ClientRequest.Ping(cid))),
    };

    /// <summary>One update, or a few without waiting for replies.</summary>
    private async Task UpdateAsync()
    {
        var replies = new List<Task>();
        for (var i = _random.Next(3) == 0 ? 3 : 1; i > 0; i--)
        {
            var cid = _peer!.NewCid();
            var status = $"c{number}.{_life}:{++_update}";
            replies.Add(_recording!.Does(cid, status));
            await _peer.SendAsync(new ClientRequest.UpdateStatus(cid, status));
        }

        await ReplyAsync(Task.WhenAll(replies));
    }

    private Task FollowSomebodyAsync()
    {
        var users = Somebody(1 + _random.Next(4));
        _follows.UnionWith(users);
        return _random.Next(3) == 0 ? FollowAsync([], users) : FollowAsync(users, []);
    }

    private Task FollowAsync(ImmutableArray<UserId> ids, ImmutableArray<UserId> holders) => AskAsync(cid => (
        _recording!.Follows(cid, ids, holders),
        new ClientRequest.Follow(cid, [.. ids.Select(u => u.ToString())], [.. holders.Select(crowd.NameOf)])));

    private Task UnfollowSomebodyAsync()
    {
        var users = _follows.Where(_ => _random.Next(5) == 0).Take(3).ToImmutableArray();
        _follows.ExceptWith(users);
        return AskAsync(cid => (_recording!.Unfollows(cid, users), new ClientRequest.Unfollow(cid, [.. users.Select(u => u.ToString())])));
    }

    private async Task EndAsync(bool isPolite)
    {
        var peer = _peer!;
        _peer = null;
        _recording!.Ends();
        try
        {
            if (isPolite)
                await peer.CloseAsync();
        }
        catch (Exception e) when (IsOfLink(e))
        {
            // The other side is not there, or not quick enough: cut below.
        }

        await peer.DisposeAsync();
        _recording!.Hear(new Told.Closed(null));
    }

    private async Task AskAsync(Func<string, (Task Reply, ClientRequest Request)> ask)
    {
        var (reply, request) = ask(_peer!.NewCid());
        await _peer.SendAsync(request);
        await ReplyAsync(reply);
    }

    private async Task ReplyAsync(Task reply)
    {
        var first = await Task.WhenAny(reply, _recording!.Over).WaitAsync(ReplyPatience);
        if (first != reply)
            throw new IOException("The link has ended.");
    }

    private ImmutableArray<UserId> Somebody(int count) =>
        [.. Enumerable.Range(0, count).Select(_ => crowd.Accounts[_random.Next(crowd.Accounts.Count)].User).Where(u => u != account.User).Distinct()];

    /// <summary>Waits for about this long, or until there is something else to do.</summary>
    private async Task PauseAsync(TimeSpan mean, CancellationToken stop)
    {
        var pause = Task.Delay(mean * (0.2 + (1.6 * _random.NextDouble())), stop);
        await (_recording is { IsOver: false } recording ? Task.WhenAny(pause, recording.Over) : Task.WhenAny(pause));
    }

    private static bool IsOfLink(Exception e) => e is IOException or SocketException or WebSocketException or HttpRequestException
        or InvalidOperationException or OperationCanceledException or TimeoutException;
}
