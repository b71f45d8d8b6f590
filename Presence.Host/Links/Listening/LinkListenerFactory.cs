using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Presence.Host.Links.Loops;

namespace Presence.Host.Links.Listening;

/// <summary>Opens those of Kestrel's ports that have links; every other port is left to Kestrel's own transport.</summary>
internal sealed class LinkListenerFactory : IConnectionListenerFactory, IConnectionListenerFactorySelector, IDisposable
{
    private readonly LoopSet _loops;
    private readonly ILinkFront _front;
    private readonly SocketConnectionContextFactory _contexts;
    private readonly ILogger<LinkListener> _log;

    /// <param name="loops">What carries the links; who made them ends them.</param>
    /// <param name="front">Who makes links of connections.</param>
    /// <param name="logs">Where is told what goes wrong.</param>
    public LinkListenerFactory(LoopSet loops, ILinkFront front, ILoggerFactory logs)
    {
        _loops = loops;
        _front = front;
        _log = logs.CreateLogger<LinkListener>();
        _contexts = new(new SocketConnectionFactoryOptions(), logs.CreateLogger<SocketConnectionContextFactory>());
    }

    /// <inheritdoc/>
    public bool CanBind(EndPoint endpoint) => endpoint is LinkEndPoint;

    /// <inheritdoc/>
    public async ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default) =>
        await LinkListener.BindAsync((LinkEndPoint)endpoint, _loops, _front, _contexts, _log).ConfigureAwait(false);

    /// <inheritdoc/>
    public void Dispose() => _contexts.Dispose();
}
