using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.Extensions.Hosting.Systemd;
using Microsoft.Extensions.Options;
using Presence.Host.Configuration;
using Presence.Host.Links;

namespace Presence.Host.Node;

/// <summary>
/// A planned stop, step by step, so that it hurts nobody (contract C5). It runs before the host stops its services; the last
/// steps are theirs.
/// </summary>
internal sealed partial class NodeStop(
    NodeLife life,
    LinkAdmission admission,
    LinkSet links,
    LinkDrain drain,
    IServer server,
    IHostApplicationLifetime lifetime,
    IServiceProvider services,
    IOptions<PresenceOptions> options,
    ILogger<NodeStop> log) : IHostedLifecycleService, IDisposable
{
    // Links that are told to close, and requests that are being answered, have this long. The HTTP server would wait for them
    // as long as the whole stop may take, and somebody who is half way through a request would leave no time for the hand-over.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly CancellationTokenSource _hastened = new();

    /// <summary>Ends the drain: all links that are left are told to go at once.</summary>
    public void Hasten() => _hastened.Cancel();

    /// <inheritdoc/>
    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        // 1. Whoever asks whether the node is ready is told that it is not, so that no more clients are sent here.
        var isPlanned = life.TryEnter(NodePhase.Stopping);
        lifetime.StopApplication();
        AskForTime();

        // 2. Nobody is let in. The HTTP API goes on: it is stateless, and its clients have been sent here already.
        admission.Close();

        // 3. Those who are here are told to go elsewhere, a few at a time, so that they do not arrive there all at once.
        if (isPlanned)
            Begins(links.Count, options.Value.Stop.Drain);
        using (var hastened = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _hastened.Token))
            await drain.RunAsync(options.Value.Stop.Drain, hastened.Token).ConfigureAwait(false);

        // 4. The ports are closed.
        using (var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken))
        {
            patience.CancelAfter(Patience);
            await server.StopAsync(patience.Token).ConfigureAwait(false);
        }

        // 5. Behind this the host stops its services, the actor system last: it hands the shards over and leaves the cluster.
        //    By then its relays have told of every connection that ended above.
        if (isPlanned)
            Leaves();
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

    /// <inheritdoc/>
    public void Dispose() => _hastened.Dispose();

    /// <summary>Where systemd runs the process, it is told how long the stop may take, whatever its unit file says.</summary>
    private void AskForTime() => services.GetService<ISystemdNotifier>()?.Notify(
        new ServiceState($"EXTEND_TIMEOUT_USEC={(long)options.Value.Stop.Whole.TotalMicroseconds}"));

    [LoggerMessage(Level = LogLevel.Information, Message = "The node stops: {Links} links are sent elsewhere within {Time}.")]
    private partial void Begins(int links, TimeSpan time);

    [LoggerMessage(Level = LogLevel.Information, Message = "The ports are closed; the node hands its shards over and leaves its cluster.")]
    private partial void Leaves();
}
