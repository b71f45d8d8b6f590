using Presence.Client;
using Presence.Client.Links;
using Presence.Tests.Client.Faults;
using Presence.Tests.Host;
using Presence.Tests.Semantics.Clients;
using Xunit;

namespace Presence.Tests.Client;

/// <summary>The library against the server, over every kind of link.</summary>
public sealed class ClientTests(ServerFixture server) : IClassFixture<ServerFixture>
{
    [Theory]
    [ClassData(typeof(EveryClientKind))]
    [Trait("Clause", "F2")]
    public async Task A_follow_answers_and_every_change_comes_behind_it(ClientKind kind)
    {
        await using var alice = await server.ConnectAsync(kind, "alice", appearOnline: true);
        await using var bob = await server.ConnectAsync(kind, "bob");
        var user = alice.UserId!.Value;
        Assert.Equal("", alice.Status);
        await using var told = bob.Subscribe();
        var shown = Assert.Single(await bob.FollowAsync([user]));
        Assert.Equal(("alice", ""), (shown.Username, shown.Status));
        Assert.Equal([shown], bob.Roster);
        Assert.True(bob.Roster.IsCurrent);
        await alice.SetStatusAsync("one");
        await alice.EraseStatusAsync();
        await alice.SetStatusAsync("two");
        await alice.DisposeAsync();
        using var patience = new CancellationTokenSource(Clients.Patience);
        await using var changes = told.GetAsyncEnumerator(patience.Token);
        foreach (var (old, now) in new[] { ("", "one"), ("one", null), (null, "two"), ("two", null) })
        {
            Assert.True(await changes.MoveNextAsync());
            Assert.Equal(new StatusChange(user, shown.SessionId, "alice", old, now), changes.Current);
        }

        Assert.Empty(bob.Roster);
        await bob.DisposeAsync();
        Assert.False(await changes.MoveNextAsync());
        Assert.Equal(ConnectionPhase.Closed, bob.State.Phase);
        await bob.Completion;
    }

    [Theory]
    [ClassData(typeof(EveryClientKind))]
    [Trait("Clause", "A1")]
    public async Task A_token_that_is_refused_is_asked_for_once_more(ClientKind kind)
    {
        var asked = 0;
        var options = Clients.OptionsOf(server, kind, _ =>
        {
            asked++;
            return new ValueTask<string>("nonsense");
        });
        var e = await Assert.ThrowsAsync<PresenceConnectionException>(() => PresenceClient.ConnectAsync(options).WaitAsync(Clients.Patience));
        Assert.Equal((DisconnectReason.TokenRefused, 2), (e.Reason, asked));
    }

    [Theory]
    [ClassData(typeof(EveryClientKind))]
    [Trait("Clause", "E2")]
    public async Task A_link_that_is_cut_is_made_again_and_the_difference_is_told(ClientKind kind)
    {
        Link? link = null;
        PresenceClientOptions options = null!;
        var gate = new SemaphoreSlim(1);
        options = Clients.OptionsOf(server, kind, Peers.NewUser(), "bob", async (token, beginsOnline, cancel) =>
        {
            await gate.WaitAsync(cancel);
            gate.Release();
            return link = await Link.ConnectAsync(options, token, beginsOnline, cancel);
        });
        await using var alice = await server.ConnectAsync(kind, "alice", appearOnline: true);
        await using var carol = await server.ConnectAsync(kind, "carol", appearOnline: true);
        await using var bob = await PresenceClient.ConnectAsync(options).WaitAsync(Clients.Patience);
        await bob.SetStatusAsync("bob is here");
        Assert.Equal(2, (await bob.FollowAsync([alice.UserId!.Value, carol.UserId!.Value])).Count);
        await using var seen = alice.Changes.GetAsyncEnumerator();
        Assert.Single(await alice.FollowAsync([carol.UserId!.Value]));
        await using var told = bob.Subscribe();

        // While there is no link alice changes and carol leaves.
        await gate.WaitAsync();
        await link!.DisposeAsync();
        await bob.UntilAsync(s => s.Phase == ConnectionPhase.Reconnecting);
        Assert.False(bob.Roster.IsCurrent);
        await alice.SetStatusAsync("changed");
        await carol.DisposeAsync();
        // Her link has ended then, and she has left when others are told so.
        Assert.True(await seen.MoveNextAsync().AsTask().WaitAsync(Clients.Patience));
        Assert.Equal("carol", seen.Current.Username);
        Assert.Null(seen.Current.New);
        var late = bob.FollowAsync(usernames: ["nobody at all"]);
        gate.Release();
        await bob.UntilAsync(s => s.IsConnected);

        Assert.True(told.TryTake(out var one));
        Assert.True(told.TryTake(out var two));
        Assert.False(told.TryTake(out _));
        StatusChange[] changes = [one, two];
        Assert.Contains(changes, c => c is { Username: "alice", Old: "", New: "changed" });
        Assert.Contains(changes, c => c is { Username: "carol", Old: "", New: null });
        Assert.Equal("changed", Assert.Single(bob.Roster).Status);
        Assert.True(bob.Roster.IsCurrent);
        Assert.Empty(await late.WaitAsync(Clients.Patience));
        Assert.Equal("bob is here", bob.Status);
        Assert.Equal("bob is here", Assert.Single(await alice.FollowAsync([bob.UserId!.Value])).Status);
    }

    [Theory]
    [ClassData(typeof(EveryClientKind))]
    [Trait("Clause", "C4")]
    public async Task When_its_token_expires_a_client_goes_on_with_a_new_one(ClientKind kind)
    {
        var user = Peers.NewUser();
        PresenceClient? alice = null;
        var reasons = new List<DisconnectReason?>();
        await using var client = alice = await PresenceClient.ConnectAsync(Clients.OptionsOf(server, kind, _ =>
        {
            reasons.Add(alice?.State.Reason);
            return new ValueTask<string>(Tokens.Sign(Peers.IdentityOf(user, "alice", reasons.Count == 1 ? TimeSpan.FromSeconds(4) : null)));
        })).WaitAsync(Clients.Patience);
        await alice.SetStatusAsync("here");
        await Until.TrueAsync(() => reasons.Count > 1, "another token");
        await alice.UntilAsync(s => s.IsConnected);
        // Over TCP the connection goes on by the new token. A WebSocket waits to be told that its token expires soon, and a token
        // that is shorter than that notice is not told of.
        DisconnectReason? second = kind is ClientKind.WebSocketJson or ClientKind.WebSocketProtobuf ? DisconnectReason.TokenExpired : null;
        Assert.Equal([null, second], reasons);
        Assert.Equal("here", alice.Status);
    }

    [Theory]
    [ClassData(typeof(EveryClientKind))]
    [Trait("Clause", "S2")]
    public async Task A_refused_request_says_why_and_changes_nothing(ClientKind kind)
    {
        await using var alice = await server.ConnectAsync(kind, "alice");
        await alice.SetStatusAsync("old");
        var e = await Assert.ThrowsAsync<PresenceRequestException>(() => alice.SetStatusAsync(new string('x', 2049)));
        Assert.Equal(PresenceRequestException.BadInput, e.Code);
        Assert.Equal("old", alice.Status);
        await Assert.ThrowsAsync<ArgumentException>(() => alice.SetStatusAsync("half a \ud83d pair"));
        await Assert.ThrowsAsync<ArgumentException>(() => alice.FollowAsync(usernames: [""]));
        await alice.EraseStatusAsync();
        Assert.Null(alice.Status);
    }

    [Fact]
    public async Task Where_no_server_is_the_first_connection_fails()
    {
        var nowhere = new PresenceClientOptions { Server = new Uri("tcp://127.0.0.1:1"), TokenProvider = (_, _) => new ValueTask<string>("token") };
        Assert.Equal(
            DisconnectReason.Unavailable, (await Assert.ThrowsAsync<PresenceConnectionException>(() => PresenceClient.ConnectAsync(nowhere))).Reason);
        Assert.Throws<ArgumentException>(() => new PresenceClientOptions { Server = new Uri("http://localhost"), TokenProvider = nowhere.TokenProvider });
    }
}
