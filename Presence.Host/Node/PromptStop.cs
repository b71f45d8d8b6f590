using Microsoft.AspNetCore.Hosting.Server;

namespace Presence.Host.Node;

/// <summary>
/// Bounds how long clients can hold up a stop. The HTTP server waits for its connections as long as the whole stop may take;
/// somebody who is half way through a request would leave no time for the node to hand its shards over (contract C5).
/// </summary>
internal sealed class PromptStop(IServer server, IHostApplicationLifetime lifetime) : IHostedLifecycleService
{
    // Links that are told to close, and requests that are being answered, have this long.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <inheritdoc/>
    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        lifetime.StopApplication();
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(Patience);
        await server.StopAsync(patience.Token).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
