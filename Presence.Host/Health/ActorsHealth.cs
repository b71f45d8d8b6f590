using Akka.Actor;
using Akka.Hosting;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Presence.Actors.Hosting;
using Presence.Actors.Relays;
using Presence.Actors.Users;

namespace Presence.Host.Health;

/// <summary>
/// Whether the actors without which no connection works are there. None is asked for an answer: while a cluster reorganises
/// itself answers are late on all nodes, and all would be taken out of service together.
/// </summary>
internal sealed class ActorsHealth(PresenceNode node, IReadOnlyActorRegistry actors) : IHealthCheck
{
    private readonly Lazy<Task<bool>[]> _ends = new(() => [actors.Get<UserPresence>().WatchAsync(), actors.Get<RelayPool>().WatchAsync()]);

    /// <inheritdoc/>
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        if (!node.Ready.IsCompletedSuccessfully)
            return Task.FromResult(HealthCheckResult.Unhealthy("The node has not started."));
        return Task.FromResult(_ends.Value.Any(end => end.IsCompleted)
            ? HealthCheckResult.Unhealthy("The relays or the homes of the node have ended.")
            : HealthCheckResult.Healthy());
    }
}
