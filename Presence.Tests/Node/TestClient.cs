using System.Collections.Immutable;
using System.Globalization;
using Akka.Actor;
using Presence.Actors.Connections;
using Presence.Actors.Model;

namespace Presence.Tests.Node;

/// <summary>Speaks to a connection as a client's link does.</summary>
public sealed class TestClient(TestLink link, UserId user, string username, SessionId session, InMemoryNode node)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    private int _cid;

    public TestLink Link { get; } = link;

    public UserId User { get; } = user;

    public string Username { get; } = username;

    public SessionId Session { get; } = session;

    /// <summary>The node that it is connected to.</summary>
    public InMemoryNode Node { get; } = node;

    public string NewCid() => (++_cid).ToString(CultureInfo.InvariantCulture);

    public async Task TellAsync(ClientRequest request) =>
        (await Link.Connection.WaitAsync(Patience)).Tell(new LinkSignal.Received(request));

    public async Task<ServerMessage> NextAsync()
    {
        using var patience = new CancellationTokenSource(Patience);
        try
        {
            return await Link.Sent.ReadAsync(patience.Token);
        }
        catch (OperationCanceledException)
        {
            throw new TimeoutException($"{Username} was told nothing for {Patience.TotalSeconds} s.");
        }
    }

    public async Task<T> NextAsync<T>()
        where T : ServerMessage
    {
        var message = await NextAsync();
        return message as T ?? throw new InvalidOperationException($"{Username} awaited {typeof(T).Name} and was told {message}.");
    }

    public async Task SetAsync(string? status)
    {
        var cid = NewCid();
        await TellAsync(new ClientRequest.UpdateStatus(cid, status));
        Assert(cid, (await NextAsync<ServerMessage.Acknowledged>()).Cid);
    }

    public Task<ImmutableArray<UserSession>> FollowAsync(params UserId[] users) => FollowAsync(users, []);

    public async Task<ImmutableArray<UserSession>> FollowAsync(IEnumerable<UserId> users, IEnumerable<string> names)
    {
        var cid = NewCid();
        await TellAsync(new ClientRequest.Follow(cid, [.. users.Select(u => u.ToString())], [.. names]));
        var snapshot = await NextAsync<ServerMessage.Snapshot>();
        Assert(cid, snapshot.Cid);
        return snapshot.Presences;
    }

    public async Task UnfollowAsync(params UserId[] users)
    {
        var cid = NewCid();
        await TellAsync(new ClientRequest.Unfollow(cid, [.. users.Select(u => u.ToString())]));
        Assert(cid, (await NextAsync<ServerMessage.Acknowledged>()).Cid);
    }

    /// <summary>The next thing told is one change of one session.</summary>
    public async Task<StatusChange> ChangeAsync(UserId of)
    {
        var change = await NextAsync<ServerMessage.StatusEvent>();
        Xunit.Assert.Equal(of, change.User);
        return Xunit.Assert.Single(change.Changes);
    }

    /// <summary>The connection is open: its user can be found, and its first status is in force.</summary>
    public Task StartedAsync() => Link.Connection.WaitAsync(TimeSpan.FromMinutes(1));

    /// <summary>Everything that was under way for this client has come before the pong.</summary>
    public async Task NothingMoreAsync()
    {
        var cid = NewCid();
        await TellAsync(new ClientRequest.Ping(cid));
        Assert(cid, (await NextAsync<ServerMessage.Pong>()).Cid);
    }

    public async Task DisconnectAsync() => (await Link.Connection.WaitAsync(Patience)).Tell(LinkSignal.Closed.Instance);

    private static void Assert(string? expected, string? actual) => Xunit.Assert.Equal(expected, actual);
}
