using Presence.Tests.Host;
using Xunit;

namespace Presence.Tests.Semantics.Clients;

/// <summary>That the clients of the tests can be trusted.</summary>
public sealed class PeerTests(ServerFixture server) : IClassFixture<ServerFixture>
{
    [Theory]
    [ClassData(typeof(EveryKind))]
    public async Task A_peer_asks_and_is_told_and_closes(LinkKind kind)
    {
        await using var alice = await server.ConnectAsync(kind, Peers.NewUser(), "alice");
        await using var bob = await server.ConnectAsync(kind, Peers.NewUser(), "bob", appearsOnline: true);
        Assert.Empty(await alice.FollowAsync(alice.User));
        await alice.SetAsync("grüße \"😀\"");
        var own = await alice.NextAsync<Told.Event>();
        Assert.Equal(new Shown(alice.User, alice.Session!, "alice", "grüße \"😀\""), Assert.Single(own.Joins));
        Assert.Equal(own.Joins, await bob.FollowAsync(alice.User));
        Assert.Equal("", Assert.Single((await bob.NextAsync<Told.Event>()).Joins).Status);
        await bob.UnfollowAsync(alice.User);
        await alice.EraseAsync();
        await alice.CloseAsync();
        Assert.Empty(await bob.UntilPongAsync());
        Assert.IsType<Told.Closed>(alice.Transcript[^1]);
        Assert.Equal(alice.Transcript.Count, alice.Bytes.Count);
    }

    [Theory]
    [ClassData(typeof(EveryRawKind))]
    public async Task A_refused_request_is_told_as_an_error(LinkKind kind)
    {
        await using var peer = await server.ConnectAsync(kind, Peers.NewUser(), "carol");
        var fault = await Assert.ThrowsAsync<InvalidOperationException>(() => peer.FollowTextsAsync(["nonsense"], []));
        Assert.Contains("Error", fault.Message, StringComparison.Ordinal);
        Assert.Contains("carol", fault.Message, StringComparison.Ordinal);
    }
}
