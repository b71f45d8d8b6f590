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

    private async Task DiesAsync(Action<IActorRef> kill)
    {
        _pool.Tell(new Connection.Opening(
            new TestLink(), SessionId.New(), new Identity(new UserId(Guid.NewGuid()), "alice", null, DateTimeOffset.UtcNow, DateTimeOffset.MaxValue), true));
        await _registry.ExpectMsgAsync<SessionRegistry.Register>();
        var connection = _registry.LastSender;
        await _relay.ExpectMsgAsync<RelayCommand.Publish>();

        kill(connection);

        await _relay.ExpectMsgAsync<RelayCommand.End>();
        Assert.Equal(connection, _relay.LastSender);
        await _registry.ExpectMsgAsync<SessionRegistry.Ended>();
        Assert.Equal(connection, _registry.LastSender);
    }
}
