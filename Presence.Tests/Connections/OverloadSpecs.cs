using System.Diagnostics.Metrics;
using Presence.Actors.Connections;
using Presence.Actors.Hosting;
using Presence.Actors.Model;
using Presence.Actors.Telemetry;
using Presence.Tests.Node;
using Presence.Tests.Telemetry;
using Xunit;

namespace Presence.Tests.Connections;

/// <summary>What a connection does while its node is overloaded.</summary>
[Trait("Clause", "L5")]
public sealed class OverloadSpecs
{
    [Fact]
    public async Task Follows_are_refused_with_their_cid_and_everything_else_goes_on()
    {
        var isOverloaded = false;
        using var meter = new Meter(Refusals.MeterName);
        using var counts = RefusalCounts.Of(meter);
        await using var node = new InMemoryNode(new PresenceNode
        {
            IsOverloaded = () => Volatile.Read(ref isOverloaded),
            Refusals = new Refusals(meter),
        });
        await node.StartAsync();
        var alice = node.Connect(new UserId(Guid.NewGuid()), "alice");
        var bob = node.Connect(new UserId(Guid.NewGuid()), "bob");
        await bob.FollowAsync(alice.User);

        Volatile.Write(ref isOverloaded, true);
        foreach (var name in (string[])[alice.User.ToString(), Guid.NewGuid().ToString(), "no id at all"])
        {
            await bob.TellAsync(new ClientRequest.Follow("7", [name], []));
            Assert.Equal(
                new ServerMessage.Failed("7", ErrorCode.RuntimeException, "The server is overloaded; try again later."),
                await bob.NextAsync<ServerMessage.Failed>());
        }

        Assert.Equal(3, counts["overload"]);
        await alice.SetAsync("here");
        Assert.Equal("here", (await bob.ChangeAsync(alice.User)).New!.Status);
        await bob.SetAsync("too");
        await bob.ChangeAsync(bob.User);
        await bob.UnfollowAsync(alice.User);

        Volatile.Write(ref isOverloaded, false);
        Assert.Equal("here", Assert.Single(await bob.FollowAsync(alice.User)).Status.Status);
        Assert.Equal(3, counts["overload"]);
    }
}
