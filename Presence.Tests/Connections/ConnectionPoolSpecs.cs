using Akka.Actor;
using Akka.Dispatch;
using Akka.TestKit;
using Presence.Actors.Connections;
using Presence.Actors.Messages;
using Presence.Actors.Model;
using Presence.Actors.Relays;
using Presence.Tests.Node;
using Xunit;

namespace Presence.Tests.Connections;

/// <summary>That the death of a connection is told to all who must forget it, whatever it died of.</summary>
public sealed class ConnectionPoolSpecs : ActorSpec
{
    private readonly TestProbe _relay;
    private readonly TestProbe _registry;
    private readonly IActorRef _pool;

    public ConnectionPoolSpecs()
    {
        (_relay, _registry) = (CreateTestProbe(), CreateTestProbe());
        var relays = new RelayTable();
        relays.Set([_relay]);
        _pool = Sys.ActorOf(ConnectionPool.Props(relays, _registry, ConnectionSettings.Default, Dispatchers.DefaultDispatcherId));
    }

    [Fact]
    [Trait("Clause", "F8")]
    [Trait("Clause", "C2")]
    public Task A_connection_whose_link_has_closed() => DiesAsync(connection => connection.Tell(LinkSignal.Closed.Instance));

    [Fact]
    [Trait("Clause", "F8")]
    public Task A_connection_that_was_stopped() => DiesAsync(connection => Sys.Stop(connection));

    [Fact]
    [Trait("Clause", "F8")]
    public Task A_connection_that_has_failed() => DiesAsync(connection => connection.Tell(Kill.Instance));

    [Fact]
    [Trait("Clause", "F8")]
    [Trait("Clause", "C2")]
    public Task All_connections_of_a_pool_that_is_started_again() =>
        AllDieAsync(pool => ((IInternalActorRef)pool).Restart(new InvalidOperationException()));

    [Fact]
    [Trait("Clause", "F8")]
    [Trait("Clause", "C2")]
    public Task All_connections_of_a_pool_that_is_stopped() => AllDieAsync(pool => Sys.Stop(pool));

    private async Task AllDieAsync(Action<IActorRef> kill)
    {
        var registry = CreateTestProbe();
        TestProbe[] relays = [CreateTestProbe(), CreateTestProbe()];
        var table = new RelayTable();
        table.Set([.. relays]);
        var pool = Sys.ActorOf(ConnectionPool.Props(table, registry, ConnectionSettings.Default, Dispatchers.DefaultDispatcherId));
        var connections = new HashSet<IActorRef>();
        for (var i = 0; i < 2; i++)
        {
            Open(pool);
            await registry.ExpectMsgAsync<SessionRegistry.Register>();
            connections.Add(registry.LastSender);
        }

        kill(pool);

        Assert.Equal(connections, await WhoEndedAsync(registry, message => message is SessionRegistry.Ended));
        foreach (var relay in relays)
            Assert.Equal(connections, await WhoEndedAsync(relay, message => message is RelayCommand.End));

        async Task<HashSet<IActorRef>> WhoEndedAsync(TestProbe told, Predicate<object> isEnd)
        {
            var ended = new HashSet<IActorRef>();
            foreach (var _ in connections)
            {
                await told.FishForMessageAsync(isEnd);
                ended.Add(told.LastSender);
            }

            return ended;
        }
    }

    private static void Open(IActorRef pool) => pool.Tell(new Connection.Opening(
        new TestLink(), SessionId.New(), new Identity(new UserId(Guid.NewGuid()), "alice", null, DateTimeOffset.UtcNow, DateTimeOffset.MaxValue), true));

    private async Task DiesAsync(Action<IActorRef> kill)
    {
        Open(_pool);
        await _registry.ExpectMsgAsync<SessionRegistry.Register>();
        var connection = _registry.LastSender;
        await _relay.ExpectMsgAsync<RelayCommand.HoldName>();

        kill(connection);

        await _relay.ExpectMsgAsync<RelayCommand.End>();
        Assert.Equal(connection, _relay.LastSender);
        await _registry.ExpectMsgAsync<SessionRegistry.Ended>();
        Assert.Equal(connection, _registry.LastSender);
    }
}
