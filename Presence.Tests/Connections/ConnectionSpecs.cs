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

    [Fact]
    [Trait("Clause", "L4")]
    public async Task A_request_is_carried_out_when_the_answers_before_it_have_been_read()
    {
        var alice = node.Connect(NewUser(), "alice");
        var connection = await alice.Link.Connection;
        alice.Link.IsWritable = false;
        foreach (var cid in new[] { "1", "2", "3" })
            connection.Tell(new LinkSignal.Received(new ClientRequest.Ping(cid)));
        Assert.Equal("1", ((ServerMessage.Pong)await NextAsync(alice.Link)).Cid);
        // The client reads the first answer, and is behind again with the second: each time one is made and no more.
        connection.Tell(LinkSignal.Drained.Instance);
        Assert.Equal("2", ((ServerMessage.Pong)await NextAsync(alice.Link)).Cid);
        Assert.False(alice.Link.Sent.TryRead(out _));
        alice.Link.IsWritable = true;
        connection.Tell(LinkSignal.Drained.Instance);
        Assert.Equal("3", ((ServerMessage.Pong)await NextAsync(alice.Link)).Cid);
        // All three are answered, and that is when the next are demanded.
        connection.Tell(new LinkSignal.Received(new ClientRequest.Ping("4")));
        Assert.Equal("4", ((ServerMessage.Pong)await NextAsync(alice.Link)).Cid);
        var deadline = Environment.TickCount64 + 30_000;
        while (alice.Link.Demanded != ConnectionSettings.Default.Pipeline + 4)
        {
            Assert.True(Environment.TickCount64 < deadline);
            await Task.Yield();
        }
    }

    private static async Task<ServerMessage> NextAsync(TestLink link) => await link.Sent.ReadAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(30));
}
