using Akka.Actor;
using Presence.Actors.Messages;
using Presence.Actors.Model;
using Presence.Actors.Users;
using Xunit;

namespace Presence.Tests.Node;

/// <summary>Homes that stop under the feet of living connections, on a node as it runs.</summary>
public sealed class HomeLossSpecs(NodeFixture node) : IClassFixture<NodeFixture>
{
    [Fact]
    [Trait("Clause", "K2")]
    [Trait("Clause", "E2")]
    public async Task A_home_that_moves_is_told_everything_again_and_no_client_notices()
    {
        var alice = node.Connect(new UserId(Guid.NewGuid()), "alice");
        var bob = node.Connect(new UserId(Guid.NewGuid()), "bob");
        await bob.FollowAsync(alice.User);
        await alice.SetAsync("one");
        await alice.ChangeAsync(alice.User);
        await bob.ChangeAsync(alice.User);

        // The shard stops as it does in a hand-over, and takes the home along.
        var shard = await node.System
            .ActorSelection($"/system/sharding/homes/{HomeSharding.ShardOf(Subject.OfUser(alice.User))}")
            .ResolveOne(TimeSpan.FromSeconds(10));
        await shard.GracefulStop(TimeSpan.FromSeconds(10));

        await AssertKnownAsync(alice.User, "one");
        await bob.NothingMoreAsync();

        await alice.SetAsync("two");
        var change = await bob.ChangeAsync(alice.User);
        Assert.Equal("one", change.Old!.Status);
        Assert.Equal("two", change.New!.Status);

        await alice.DisconnectAsync();
        Assert.Null((await bob.ChangeAsync(alice.User)).New);
        await AssertKnownAsync(alice.User);
    }

    [Fact]
    [Trait("Clause", "K3")]
    public async Task The_homes_of_a_node_are_found_when_a_relay_has_ended()
    {
        var carol = node.Connect(new UserId(Guid.NewGuid()), "carol");
        await carol.SetAsync("here");

        var homes = HomeSharding.HomesOf(node.Homes).Select(home => home.Path.Name).ToHashSet();

        Assert.Contains(HomeSharding.EntityOf(Subject.OfUser(carol.User)), homes);
        Assert.Contains(HomeSharding.EntityOf(Subject.OfName("carol")), homes);
    }

    /// <summary>The home comes to know what its user shows; nobody but the relays can have told it.</summary>
    private async Task AssertKnownAsync(UserId user, params string[] statuses)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        BookAnswer? answer = null;
        while (answer is null || !answer.Sessions.Select(s => s.Status).SequenceEqual(statuses))
        {
            Assert.False(patience.IsCancellationRequested, $"K2: the home knows {answer} instead of {string.Join(", ", statuses)}.");
            try
            {
                answer = await node.Homes.Ask<BookAnswer>(new BookQuery(Subject.OfUser(user)), TimeSpan.FromSeconds(2));
            }
            catch (AskTimeoutException)
            {
                // What is on its way to a shard when it stops may be lost, a question too.
            }
        }
    }
}
