using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Presence.Host.Links.Admission;
using Presence.Host.Links.Loops;

namespace Presence.Host.Links.Listening;

/// <summary>Opens the ports for clients; every other port is left to Kestrel's own transport.</summary>
internal sealed class LinkListenerFactory : IConnectionListenerFactory, IConnectionListenerFactorySelector, IDisposable
{
    private readonly LoopSet _loops;
    private readonly ILinkFront _front;
    private readonly SocketPlaces _places;
    private readonly SocketConnectionContextFactory _contexts;
    private readonly SocketConnectionContextFactory _tlsContexts;
    private readonly ILogger<LinkListener> _log;

    /// <param name="loops">What carries the links; who made them ends them.</param>
    /// <param name="front">Who makes links of connections.</param>
    /// <param name="places">Counts the connections of all ports.</param>
    /// <param name="logs">Where is told what goes wrong.</param>
    public LinkListenerFactory(LoopSet loops, ILinkFront front, SocketPlaces places, ILoggerFactory logs)
    {
        _loops = loops;
        _front = front;
        _places = places;
        _log = logs.CreateLogger<LinkListener>();
        var log = logs.CreateLogger<SocketConnectionContextFactory>();
        _contexts = new(new SocketConnectionFactoryOptions(), log);
        // Links over TLS: a flush sends on the thread that flushes, and what has come is read on the thread that was told of it.
        _tlsContexts = new(new SocketConnectionFactoryOptions { UnsafePreferInlineScheduling = true }, log);
    }

    /// <inheritdoc/>
    public bool CanBind(EndPoint endpoint) => endpoint is LinkEndPoint;

    /// <inheritdoc/>
    public async ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default)
    {
        var port = (LinkEndPoint)endpoint;
        // Found now, before a client waits for it.
        _ = _places.Bounds;
        return await LinkListener.BindAsync(port, _loops, _front, _places, port.Kind == PortKind.Tls ? _tlsContexts : _contexts, _log).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _contexts.Dispose();
        _tlsContexts.Dispose();
    }
}
