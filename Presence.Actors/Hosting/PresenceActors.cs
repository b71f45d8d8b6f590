using Akka.Cluster.Hosting;
using Akka.Cluster.Sharding;
using Akka.Dispatch;
using Akka.Hosting;
using Presence.Actors.Announcements;
using Presence.Actors.Connections;
using Presence.Actors.Delivery;
using Presence.Actors.Dispatch;
using Presence.Actors.Relays;
using Presence.Actors.Telemetry;
using Presence.Actors.Users;

namespace Presence.Actors.Hosting;

/// <summary>Puts the actors of a node into an actor system.</summary>
public static class PresenceActors
{
    /// <summary>The name of the shard region of the homes; part of what nodes agree on.</summary>
    public const string HomesRegion = "homes";

    // A parent's table of children is slower to change the more there are.
    private const int ConnectionPoolsPerLoop = 64;

    /// <summary>Adds the homes, the ways to other nodes, the relays and the connections.</summary>
    /// <param name="builder">The actor system being built.</param>
    /// <param name="node">What the host and the actors share, and how the actors are to behave.</param>
    public static AkkaConfigurationBuilder AddPresence(this AkkaConfigurationBuilder builder, PresenceNode node)
    {
        ArgumentNullException.ThrowIfNull(node);
        if (!node.Loops.IsEmpty)
        {
            builder.AddSetup(new LoopSetup(node.Loops));
            builder.AddHocon(LoopDispatchers.Settings(node.Loops.Length), HoconAddMode.Prepend);
        }

        var spread = node.Loops.IsEmpty ? Dispatchers.DefaultDispatcherId : LoopDispatchers.Spread;
        // A home that is one of many is like all of its kind, but for what it is told.
        var directory = UsernameDirectory.Props(node.Homes, node.PeerTable, node.ObservedRelays).WithDispatcher(spread).WithMailbox(LeanMailbox.Name);
        var user = UserPresence.Props(node.Homes, node.PeerTable, node.ObservedRelays).WithDispatcher(spread).WithMailbox(LeanMailbox.Name);
        return builder
            .WithShardRegion<UserPresence>(
                HomesRegion,
                entityId => HomeSharding.IsDirectory(entityId) ? directory : user,
                HomeSharding.Instance,
                new ShardOptions { StateStoreMode = StateStoreMode.DData, RememberEntities = false })
            .WithActors((system, registry) =>
            {
                registry.Register<PeerPool>(system.ActorOf(PeerPool.Props(node.PeerTable, node.Peers), "peers"));
                var homes = registry.Get<UserPresence>();
                system.ActorOf(RelayObserver.Props(node.ObservedRelays, () => HomeSharding.HomesOf(homes)), "relay-observer");
                system.ActorOf(PresenceQueries.Props(homes), PresenceQueries.Name);
                registry.Register<RelayPool>(
                    system.ActorOf(RelayPool.Props(homes, node.RelayTable, node.Relays, node.Refusals, spread), RelayPool.Name));
                var announcer = system.ActorOf(Announcer.Props(node.Revoke, node.ToldAll, node.Announcements), Announcer.Name);
                registry.Register<Announcer>(announcer);
                var sessions = system.ActorOf(SessionRegistry.Props(node.Sessions, announcer, node.Replaced), "sessions");
                registry.Register<SessionRegistry>(sessions);
                var connections = node.Connections with { RefusesFollow = () => RefusesFollow(node), Refused = node.Refusals.Count };
                var loops = Math.Max(node.Loops.Length, 1);
                var pools = Enumerable.Range(0, ConnectionPoolsPerLoop * loops).Select(i => system.ActorOf(
                    ConnectionPool.Props(node.RelayTable, sessions, connections, node.Loops.IsEmpty ? spread : LoopDispatchers.Of(i % loops)),
                    $"connections-{i}"));
                node.Started([.. pools], Akka.Cluster.Cluster.Get(system));
            });
    }

    private static bool RefusesFollow(PresenceNode node)
    {
        if (!node.IsOverloaded())
            return false;
        node.Refusals.Count(Limit.Overload);
        return true;
    }
}
