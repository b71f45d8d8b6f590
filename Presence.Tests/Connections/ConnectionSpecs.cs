using Akka.Actor;
using Presence.Actors.Connections;
using Presence.Actors.Model;
using Presence.Tests.Node;
using Xunit;

namespace Presence.Tests.Connections;

public sealed class ConnectionSpecs(NodeFixture node) : IClassFixture<NodeFixture>
{
    private static UserId NewUser() => new(Guid.NewGuid());

    [Fact]
    [Trait("Clause", "F1")]
    [Trait("Clause", "E1")]
    public async Task A_follower_sees_the_first_status_the_change_and_the_end()
    {
        var alice = node.Connect(NewUser(), "alice");
        var bob = node.Connect(NewUser(), "bob");
        Assert.Empty(await bob.FollowAsync(alice.User));

        await alice.SetAsync("one");
        await alice.ChangeAsync(alice.User);
        var join = await bob.ChangeAsync(alice.User);
        Assert.Null(join.Old);
        Assert.Equal("one", join.New!.Status);

        await alice.SetAsync("two");
        await alice.ChangeAsync(alice.User);
        var update = await bob.ChangeAsync(alice.User);
        Assert.Equal("one", update.Old!.Status);
        Assert.Equal("two", update.New!.Status);

        await alice.DisconnectAsync();
        var leave = await bob.ChangeAsync(alice.User);
        Assert.Equal("two", leave.Old!.Status);
        Assert.Null(leave.New);
    }

    [Fact]
    [Trait("Clause", "S5")]
    [Trait("Clause", "C2")]
    public async Task A_connection_that_fails_is_gone_for_its_followers_and_its_link_is_closed()
    {
        var alice = node.Connect(NewUser(), "alice", appearsOnline: true);
        var bob = node.Connect(NewUser(), "bob");
        var connection = await alice.Link.Connection;
        Assert.Single(await bob.FollowAsync(alice.User));

        connection.Tell(Kill.Instance);

        Assert.Null((await bob.ChangeAsync(alice.User)).New);
        Assert.Equal(CloseReason.Failure, await alice.Link.Closed.WaitAsync(TimeSpan.FromSeconds(30)));
    }
}
