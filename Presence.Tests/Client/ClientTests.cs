using Presence.Client;
using Presence.Tests.Host;
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
}
