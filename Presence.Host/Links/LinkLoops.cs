using Microsoft.Extensions.Options;
using Presence.Host.Configuration;
using Presence.Host.Links.Loops;

namespace Presence.Host.Links;

/// <summary>
/// The loops that the links of this node and their connections run on. With event loops for a transport they are those;
/// with Kestrel they run actors and write, and what reads is Kestrel's.
/// </summary>
internal sealed class LinkLoops : IDisposable
{
    private readonly LoopSet<EpollLoop>? _epoll;
    private readonly LoopSet<PortableLoop>? _portable;

    public LinkLoops(IOptions<PresenceOptions> options, ILogger<WorkLoop> log)
    {
        if (options.Value.Links.Chosen == LinkTransport.Epoll)
            _epoll = new LoopSet<EpollLoop>(number => new EpollLoop(number, log));
        else
            _portable = new LoopSet<PortableLoop>(number => new PortableLoop(number, log));
    }

    /// <summary>The loops that carry sockets themselves; null if Kestrel does.</summary>
    public LoopSet<EpollLoop>? Sockets => _epoll;

    /// <summary>All loops.</summary>
    public IEnumerable<WorkLoop> All => _epoll is not null ? _epoll.All : _portable!.All;

    /// <summary>The loop whose turn it is to take a new link.</summary>
    public WorkLoop Next() => _epoll is not null ? _epoll.Next() : _portable!.Next();

    /// <inheritdoc/>
    public void Dispose()
    {
        _epoll?.Dispose();
        _portable?.Dispose();
    }
}
