using System.Collections.Concurrent;
using System.IO.Pipelines;
using Presence.Actors.Connections;

namespace Presence.Host.Links;

/// <summary>
/// The links of this node: watches over their clocks with one timer for all of them, and closes them when the node stops.
/// </summary>
internal sealed class LinkSet(IHostApplicationLifetime lifetime) : BackgroundService
{
    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(500);

    private readonly ConcurrentDictionary<Link, bool> _links = new();

    /// <summary>How many links there are.</summary>
    public int Count => _links.Count;

    /// <summary>Carries a link from now to its end.</summary>
    public async Task RunAsync(Link link, IDuplexPipe transport)
    {
        _links.TryAdd(link, true);
        try
        {
            if (lifetime.ApplicationStopping.IsCancellationRequested)
                link.End(CloseReason.Restart);
            await link.RunAsync(transport).ConfigureAwait(false);
        }
        finally
        {
            _links.TryRemove(link, out _);
        }
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // The server waits for every link before it stops, and a link does not end by itself.
        await using var closing = lifetime.ApplicationStopping.Register(() =>
        {
            foreach (var (link, _) in _links)
                link.End(CloseReason.Restart);
        }).ConfigureAwait(false);
        using var timer = new PeriodicTimer(Period);
        // Links outlive the stop signal by their closing time, and need the clock until they are gone.
        while (!stoppingToken.IsCancellationRequested || !_links.IsEmpty)
        {
            await timer.WaitForNextTickAsync(CancellationToken.None).ConfigureAwait(false);
            var now = Environment.TickCount64;
            foreach (var (link, _) in _links)
                link.Watch(now);
        }
    }
}
