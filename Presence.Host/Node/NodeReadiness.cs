using Presence.Actors.Hosting;

namespace Presence.Host.Node;

/// <summary>Holds the start of the host until the node can serve, so that no client is let in only to wait.</summary>
internal sealed class NodeReadiness(PresenceNode node) : IHostedService
{
    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken) => node.Ready.WaitAsync(cancellationToken);

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
