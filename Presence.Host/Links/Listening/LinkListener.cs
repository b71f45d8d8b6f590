using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Presence.Host.Links.Loops;

namespace Presence.Host.Links.Listening;

/// <summary>
/// A port of which the loops take what are links, and Kestrel all the rest, as connections that it has accepted itself for all it
/// can tell. One loop accepts; the connections are spread over all.
/// </summary>
internal sealed partial class LinkListener : IConnectionListener, IArrivals
{
    private readonly LoopSet _loops;
    private readonly Dictionary<SocketLoop, Lobby> _lobbies;
    private readonly SocketConnectionContextFactory _contexts;
    private readonly ILogger _log;
    private readonly Channel<Socket> _forServer = Channel.CreateUnbounded<Socket>();
    private readonly TaskCompletionSource _unbound = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private IAsyncDisposable? _accepting;
    private int _isUnbinding;

    private LinkListener(EndPoint endPoint, bool speaksHttp, LoopSet loops, ILinkFront front, SocketConnectionContextFactory contexts, ILogger log)
    {
        EndPoint = endPoint;
        _loops = loops;
        _lobbies = loops.All.ToDictionary(loop => loop, loop => new Lobby(loop, front, speaksHttp, _forServer.Writer));
        _contexts = contexts;
        _log = log;
    }

    /// <inheritdoc/>
    public EndPoint EndPoint { get; }

    /// <summary>Opens a port, as Kestrel's own transport does.</summary>
    /// <param name="endPoint">Where.</param>
    /// <param name="loops">What carries the links.</param>
    /// <param name="front">Who makes links of connections.</param>
    /// <param name="contexts">What makes Kestrel's connections of sockets.</param>
    /// <param name="log">Where is told what goes wrong.</param>
    /// <exception cref="AddressInUseException">The port is taken.</exception>
    public static async Task<LinkListener> BindAsync(
        LinkEndPoint endPoint, LoopSet loops, ILinkFront front, SocketConnectionContextFactory contexts, ILogger<LinkListener> log)
    {
        var options = new SocketTransportOptions();
        Socket? socket = null;
        try
        {
            socket = SocketTransportOptions.CreateDefaultBoundListenSocket(endPoint);
            socket.Listen(options.Backlog);
            var listener = new LinkListener(socket.LocalEndPoint!, endPoint.SpeaksHttp, loops, front, contexts, log);
            listener._accepting = await loops.Next().AcceptAsync(socket, listener).ConfigureAwait(false);
            return listener;
        }
        catch (Exception fault)
        {
            socket?.Dispose();
            if (fault is SocketException { SocketErrorCode: SocketError.AddressAlreadyInUse })
                throw new AddressInUseException(fault.Message, fault);
            throw;
        }
    }

    /// <inheritdoc/>
    public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default)
    {
        while (await _forServer.Reader.WaitToReadAsync(cancellationToken).ConfigureAwait(false))
        {
            if (_forServer.Reader.TryRead(out var socket) && TryGive(socket) is { } connection)
                return connection;
        }

        return null;
    }

    /// <inheritdoc/>
    public async ValueTask UnbindAsync(CancellationToken cancellationToken = default)
    {
        if (Interlocked.Exchange(ref _isUnbinding, 1) != 0)
        {
            await _unbound.Task.ConfigureAwait(false);
            return;
        }

        try
        {
            if (_accepting is not null)
                await _accepting.DisposeAsync().ConfigureAwait(false);
        }
        finally
        {
            foreach (var lobby in _lobbies.Values)
                await lobby.DisposeAsync().ConfigureAwait(false);
            _forServer.Writer.TryComplete();
            // Whatever has failed above, whoever waits for the end must not wait for ever.
            _unbound.SetResult();
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await UnbindAsync().ConfigureAwait(false);
        while (_forServer.Reader.TryRead(out var socket))
            socket.Dispose();
    }

    /// <inheritdoc/>
    SocketLoop IArrivals.Next() => _loops.Next();

    /// <inheritdoc/>
    void IArrivals.Arrived(LoopSocket socket, IPAddress? address) => _lobbies[socket.Loop].Enter(socket, address);

    /// <inheritdoc/>
    void IArrivals.Starved(Exception fault) => Starved(EndPoint, fault);

    /// <inheritdoc/>
    void IArrivals.Lost(Exception fault) => Lost(EndPoint, fault);

    /// <summary>Makes a connection of Kestrel's; null if there is none any more. Kestrel would accept nothing more after a fault.</summary>
    private ConnectionContext? TryGive(Socket socket)
    {
        try
        {
            return _contexts.Create(socket);
        }
        catch (SocketException)
        {
            // Its client has gone meanwhile, and the system does not know its addresses any more.
            socket.Dispose();
            return null;
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "A connection to {EndPoint} was lost as it came; others are accepted.")]
    private partial void Lost(EndPoint endPoint, Exception fault);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Connections to {EndPoint} have to wait: the system is out of what it takes to accept them.")]
    private partial void Starved(EndPoint endPoint, Exception fault);
}
