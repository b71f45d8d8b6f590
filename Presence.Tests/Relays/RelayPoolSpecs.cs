using Akka.Actor;
using Akka.Cluster;
using Presence.Actors.Messages;
using Presence.Actors.Model;
using Presence.Actors.Relays;
using Presence.Tests.Node;
using Xunit;

namespace Presence.Tests.Relays;

public sealed class RelayPoolSpecs : ActorSpec
{
    [Fact]
    [Trait("Clause", "E6")]
    public async Task A_relay_that_fails_is_another_afterwards_and_whoever_asks_for_the_old_one_hears_that_it_is_gone()
    {
        var homes = CreateTestProbe();
        var listener = CreateTestProbe();
        Sys.EventStream.Subscribe(listener, typeof(RelayFailed));
        var table = new RelayTable();
        var pool = Sys.ActorOf(RelayPool.Props(homes, table, RelaySettings.Default with { Count = 2 }), RelayPool.Name);
        await table.Filled;
        var node = Cluster.Get(Sys).SelfUniqueAddress.Uid;
        var user = NewUser();
        var first = table.Current;

        // The two relays were started as numbers 0 and 1.
        pool.Tell(new AskReport(user, new RelayId(node, 1, 1)));
        Assert.Equal(new RelayId(node, 1, 1), (await homes.ExpectMsgAsync<NodeReport>()).Relay);

        first[1].Tell(Kill.Instance);
        await listener.ExpectMsgAsync<RelayFailed>();
        Assert.Same(first[0], table.Current[0]);
        Assert.NotSame(first[1], table.Current[1]);

        pool.Tell(new AskReport(user, new RelayId(node, 1, 1)));
        Assert.Equal(new RelayRetired(user, new RelayId(node, 1, 1)), await homes.ExpectMsgAsync<RelayRetired>());
        pool.Tell(new AskReport(user, new RelayId(node, 1, 2)));
        Assert.Equal(new RelayId(node, 1, 2), (await homes.ExpectMsgAsync<NodeReport>()).Relay);
    }
}
