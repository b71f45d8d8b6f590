using Microsoft.Extensions.Diagnostics.HealthChecks;
using Presence.Host.Node;

namespace Presence.Host.Health;

/// <summary>Whether the node takes clients, or its end has begun.</summary>
internal sealed class LifeHealth(NodeLife life) : IHealthCheck
{
    /// <inheritdoc/>
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(life.Phase switch
        {
            NodePhase.Serving => HealthCheckResult.Healthy(),
            NodePhase.Joining => HealthCheckResult.Unhealthy("The node is joining."),
            NodePhase.Stopping => HealthCheckResult.Unhealthy("The node is stopping."),
            _ => HealthCheckResult.Unhealthy("The cluster has removed this node."),
        });
}
