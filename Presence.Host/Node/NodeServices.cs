using System.Diagnostics.Metrics;
using Akka.Actor;
using Akka.Cluster;
using Akka.Cluster.Hosting;
using Akka.Hosting;
using Microsoft.Extensions.Options;
using Presence.Actors.Connections;
using Presence.Actors.Hosting;
using Presence.Actors.Limits;
using Presence.Actors.Relays;
using Presence.Actors.Serialization;
using Presence.Actors.Telemetry;
using Presence.Host.Auth;
using Presence.Host.Configuration;
using Presence.Host.Links.Loops;
using Presence.Host.Load;

namespace Presence.Host.Node;

/// <summary>Adds the actors of a node: one that stands alone, or one of a cluster.</summary>
internal static class NodeServices
{
    private const string Settings = "presence.hocon";

    /// <summary>
    /// Adds the actor system and the <see cref="PresenceNode"/>. The host does not begin to listen before the node is a member
    /// of its cluster.
    /// </summary>
    public static IServiceCollection AddPresenceNode(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddMetrics();
        services.AddSingleton(provider => new Refusals(provider.GetRequiredService<IMeterFactory>().Create(Refusals.MeterName)));
        services.AddSingleton(provider =>
        {
            var options = provider.GetRequiredService<IOptions<PresenceOptions>>().Value;
            var revocations = provider.GetRequiredService<Revocations>();
            var load = provider.GetRequiredService<ILoadState>();
            var tokens = provider.GetRequiredService<TokenValidator>();
            return new PresenceNode
            {
                Refusals = provider.GetRequiredService<Refusals>(),
                IsOverloaded = () => load.Level == LoadLevel.Overloaded,
                Replaced = provider.GetRequiredService<ReplacedLogins>().Note,
                Revoke = revoked => revocations.Apply(Revocation.Of(revoked)),
                Loops = [.. provider.GetRequiredService<LoopSet>().All],
                Connections = ConnectionSettings.Default with
                {
                    Follows = options.Limits.Follows,
                    UsersPerName = options.Limits.UsersPerName,
                    CheckToken = tokens.CheckAsync,
                    IsRevoked = revocations.IsRevoked,
                    RefreshInterval = options.Limits.RefreshInterval,
                },
                Relays = RelaySettings.Default with
                {
                    FollowRate = new RateLimit(options.Limits.FollowsPerSecond, TimeSpan.FromSeconds(10)),
                    FollowsInFlight = options.Limits.FollowsInFlight,
                    NewEntityRate = new RateLimit(options.Limits.NewEntitiesPerSecond, TimeSpan.FromSeconds(2)),
                    UpdateRate = new RateLimit(options.Limits.UpdatesPerSecond, TimeSpan.FromSeconds(1)),
                    UsersPerName = options.Limits.UsersPerName,
                },
                Sessions = new SessionPolicy(options.Session.CloseOnExpiry, options.Session.SingleSocket)
                {
                    ExpiryNotice = options.Session.ExpiryNotice,
                },
            };
        });
        // The name is needed before the options can be checked; a bad one is told of by the check.
        var name = configuration[$"{PresenceOptions.Section}:Cluster:Name"] ?? new PresenceOptions().Cluster.Name;
        services.AddAkka(name, (akka, provider) =>
        {
            var cluster = provider.GetRequiredService<IOptions<PresenceOptions>>().Value.Cluster;
            akka.ConfigureLoggers(loggers =>
                {
                    loggers.ClearLoggers();
                    loggers.AddLogger<AkkaLogger>();
                })
                .AddHocon(HoconFiles.Load(Path.Combine(AppContext.BaseDirectory, "hocon", Settings)), HoconAddMode.Prepend)
                .WithPeers(cluster)
                .WithClustering(new ClusterOptions
                {
                    Roles = cluster.Roles,
                    SeedNodes = [.. cluster.SeedAddresses],
                })
                .AddPresenceSerializer()
                .RefuseForeignMessages()
                .AddPresence(provider.GetRequiredService<PresenceNode>())
                .AddStartup((system, _) => provider.GetRequiredService<NodeRemoval>().WatchFor(system));
            if (cluster.Seeds.Length == 0)
                akka.AddStartup((system, _) => Cluster.Get(system).Join(Cluster.Get(system).SelfAddress));
            else
            {
                var log = provider.GetRequiredService<ILogger<MembershipLog>>();
                akka.AddStartup((system, _) => system.ActorOf(Props.Create(() => new MembershipLog(log)), "membership-log"));
            }
        });
        return services
            .AddSupervision()
            .AddSingleton<NodeLife>()
            .AddSingleton<NodeRemoval>()
            .AddSingleton<NodeStop>()
            .AddHostedService(provider => provider.GetRequiredService<NodeStop>())
            .AddSingleton<StopSignals>()
            .AddHostedService<NodeReadiness>()
            .AddHostedService<RevocationBridge>()
            .AddHostedService<StartNotice>();
    }
}
