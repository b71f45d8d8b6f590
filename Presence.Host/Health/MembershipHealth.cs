using Akka.Actor;
using Akka.Cluster;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Presence.Host.Health;

/// <summary>Whether the node is a member of its cluster, as this node sees it.</summary>
internal sealed class MembershipHealth(ActorSystem system) : IHealthCheck
{
    /// <inheritdoc/>
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var cluster = Cluster.Get(system);
        return Task.FromResult(!cluster.IsTerminated && cluster.SelfMember.Status == MemberStatus.Up
            ? HealthCheckResult.Healthy()
            : HealthCheckResult.Unhealthy("The node is not up in its cluster."));
    }
}
