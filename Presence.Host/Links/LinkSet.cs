using System.Collections.Concurrent;
using Presence.Actors.Connections;

namespace Presence.Host.Links;

/// <summary>The links of this node. Watches over their clocks with one timer for all of them.</summary>
internal sealed class LinkSet : BackgroundService
{
    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(500);

    // By the order in which they were made.
    private readonly ConcurrentDictionary<long, Link> _links = new();
    private volatile bool _takesNoMore;
    private volatile bool _isCut;

    /// <summary>How many links there are.</summary>
    public int Count => _links.Count;

    /// <summary>Whether there is none.</summary>
    public bool IsEmpty => _links.IsEmpty;

    /// <summary>Watches over a link from now on.</summary>
    public void Add(Link link)
    {
        // Seen by whoever sets the flags below, or seeing them: no link is missed.
        _links.TryAdd(link.Number, link);
        if (_isCut)
            link.Cut(CloseReason.Restart);
        else if (_takesNoMore)
            link.End(CloseReason.Restart);
    }

    /// <summary>A link is over.</summary>
    public void Remove(Link link) => _links.TryRemove(link.Number, out _);

    /// <summary>From now on a link that begins is told to go elsewhere at once. Returns those that are there, oldest first.</summary>
    public IReadOnlyList<Link> TakeNoMore()
    {
        _takesNoMore = true;
        // A copy first, of one instant: sorting would ask for the number of links and for the links at different ones.
        return [.. _links.ToArray().OrderBy(link => link.Key).Select(link => link.Value)];
    }

    /// <summary>
    /// Closes all links at once, over the heads of their connections: when this returns, nothing that a connection still says
    /// reaches a client.
    /// </summary>
    public void CloseAll()
    {
        _isCut = true;
        foreach (var (_, link) in _links)
            link.Cut(CloseReason.Restart);
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Period);
        // Links outlive the stop signal by their closing time, and need the clock until they are gone.
        while (!stoppingToken.IsCancellationRequested || !_links.IsEmpty)
        {
            await timer.WaitForNextTickAsync(CancellationToken.None).ConfigureAwait(false);
            var now = Environment.TickCount64;
            foreach (var (_, link) in _links)
                link.Watch(now);
        }
    }
}
