using Akka.Actor;
using Akka.Cluster;
using Presence.Actors.Hosting;
using Presence.Actors.Model;
using Presence.Actors.Relays;
using Xunit;

namespace Presence.Tests.Node;

/// <summary>What a node believes that its cluster has removed, while its clients are still there.</summary>
public sealed class RemovedNodeSpecs : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly InMemoryNode _stays = NewNode();
    private readonly InMemoryNode _goes = NewNode();

    public async Task InitializeAsync()
    {
        await _stays.StartAsync();
        await _goes.StartAsync(_stays.Address);
    }

    public async Task DisposeAsync()
    {
        await _goes.DisposeAsync();
        await _stays.DisposeAsync();
    }

    [Fact]
    [Trait("Clause", "E2")]
    [Trait("Clause", "K4")]
    public async Task To_a_node_that_is_removed_nobody_else_has_gone()
    {
        var followed = new List<TestClient>();
        for (var i = 0; i < 20; i++)
            followed.Add(_stays.Connect(new UserId(Guid.NewGuid()), $"user{i}", appearsOnline: true));
        foreach (var client in followed)
            await client.Link.Connection.WaitAsync(Patience);
        var follower = _goes.Connect(new UserId(Guid.NewGuid()), "follower");
        Assert.Equal(followed.Count, (await follower.FollowAsync([.. followed.Select(f => f.User)])).Length);

        var cluster = Cluster.Get(_goes.System);
        var othersAreGone = new TaskCompletionSource();
        _goes.System.ActorOf(Props.Create(() => new Listener(othersAreGone)));
        Cluster.Get(_stays.System).Down(_goes.Address);
        // By itself too: it would not hear of it if the other removed it before they have gossiped.
        cluster.Down(_goes.Address);
        await othersAreGone.Task.WaitAsync(Patience);
        Assert.True(cluster.IsTerminated);

        // Homes of the removed node learn of it behind its relays; each answers a question behind that.
        foreach (var user in followed.Select(f => f.User))
        {
            var again = await follower.FollowAsync(user);
            Assert.Equal("", Assert.Single(again).Status.Status);
        }

        await follower.NothingMoreAsync();
    }

    private static InMemoryNode NewNode() =>
        new(new PresenceNode { Relays = RelaySettings.Default with { Count = 2 } }, "akka.actor.serialize-messages = off");

    /// <summary>Subscribes behind the relays, and so hears behind them.</summary>
    private sealed class Listener : UntypedActor
    {
        private readonly TaskCompletionSource _heard;

        public Listener(TaskCompletionSource heard)
        {
            _heard = heard;
            Cluster.Get(Context.System).Subscribe(
                Self, ClusterEvent.SubscriptionInitialStateMode.InitialStateAsEvents, typeof(ClusterEvent.MemberRemoved));
        }

        protected override void OnReceive(object message)
        {
            var cluster = Cluster.Get(Context.System);
            if (message is ClusterEvent.MemberRemoved removed && removed.Member.UniqueAddress != cluster.SelfUniqueAddress)
                _heard.TrySetResult();
        }
    }
}
