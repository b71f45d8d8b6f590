using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Presence.Host.Links.Admission;
using Presence.Host.Links.Loops;

namespace Presence.Host.Links.Listening;

/// <summary>
/// A port for clients. One loop accepts; the connections are spread over all loops, which take those that are links, and pass all
/// others to Kestrel. Every connection counts from accept until it is closed (<see cref="SocketPlaces"/>).
/// </summary>
internal sealed partial class LinkListener : IConnectionListener, IArrivals
{
    // The usual limit of Linux (net.core.somaxconn); the system takes less if its limit is lower.
    private const int Backlog = 4096;

    // How long the next connection for Kestrel waits at most while others are behind, and how often it looks at the thread pool.
    private static readonly TimeSpan LongestWait = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan PoolPause = TimeSpan.FromMilliseconds(1);

    // How often the log is told at most that connections are refused.
    private static readonly TimeSpan LogPeriod = TimeSpan.FromSeconds(10);

    private readonly LoopSet _loops;
    private readonly Dictionary<SocketLoop, Lobby> _lobbies;
    private readonly SocketPlaces _places;
    private readonly SocketConnectionContextFactory _contexts;
    private readonly PortKind _kind;
    private readonly ILogger _log;
    private readonly int? _fileLimit = FileLimit.Current;
    private readonly Channel<(Socket Socket, SocketPlace? Place)> _forServer = Channel.CreateUnbounded<(Socket, SocketPlace?)>();
    private readonly TaskCompletionSource _unbound = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private IAsyncDisposable? _accepting;
    private uint _given;
    private int _isUnbinding;
    private long _nextLog;

    private LinkListener(
        EndPoint endPoint, PortKind kind, LoopSet loops, ILinkFront front, SocketPlaces places, SocketConnectionContextFactory contexts, ILogger log)
    {
        EndPoint = endPoint;
        _kind = kind;
        _loops = loops;
        _lobbies = loops.All.ToDictionary(loop => loop, loop => new Lobby(loop, front, kind, _forServer.Writer));
        _places = places;
        _contexts = contexts;
        _log = log;
    }

    /// <inheritdoc/>
    public EndPoint EndPoint { get; }

    /// <summary>Opens a port, as Kestrel's own transport does.</summary>
    /// <param name="endPoint">Where.</param>
    /// <param name="loops">What carries the links.</param>
    /// <param name="front">Who makes links of connections.</param>
    /// <param name="places">Counts the connections.</param>
    /// <param name="contexts">What makes Kestrel's connections of sockets.</param>
    /// <param name="log">Where is told what goes wrong.</param>
    /// <exception cref="AddressInUseException">The port is taken.</exception>
    /// <exception cref="IOException">The port cannot be opened for another reason, such as an address that this machine does not have.</exception>
    public static async Task<LinkListener> BindAsync(
        LinkEndPoint endPoint,
        LoopSet loops,
        ILinkFront front,
        SocketPlaces places,
        SocketConnectionContextFactory contexts,
        ILogger<LinkListener> log)
    {
        var options = new SocketTransportOptions();
        Socket? socket = null;
        try
        {
            socket = SocketTransportOptions.CreateDefaultBoundListenSocket(endPoint);
            // More wait there while the loops are busy with those that are accepted.
            socket.Listen(Math.Max(options.Backlog, Backlog));
            var listener = new LinkListener(socket.LocalEndPoint!, endPoint.Kind, loops, front, places, contexts, log);
            listener._accepting = await loops.Next().AcceptAsync(socket, listener).ConfigureAwait(false);
            return listener;
        }
        catch (Exception fault)
        {
            socket?.Dispose();
            if (fault is SocketException { SocketErrorCode: SocketError.AddressAlreadyInUse })
                throw new AddressInUseException(fault.Message, fault);
            if (fault is SocketException)
                throw new IOException($"Failed to bind to address {endPoint}: {fault.Message}", fault);
            throw;
        }
    }

    /// <inheritdoc/>
    public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default)
    {
        while (await _forServer.Reader.WaitToReadAsync(cancellationToken).ConfigureAwait(false))
        {
            await AwaitTurnAsync(cancellationToken).ConfigureAwait(false);
            if (_forServer.Reader.TryRead(out var given) && TryGive(given.Socket, given.Place) is { } connection)
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
        while (_forServer.Reader.TryRead(out var given))
        {
            given.Socket.Dispose();
            given.Place?.Dispose();
        }
    }

    /// <inheritdoc/>
    SocketLoop IArrivals.Next() => _loops.Next();

    /// <inheritdoc/>
    bool IArrivals.Arrived(LoopSocket socket, IPAddress? address, nint descriptor)
    {
        var place = _places.TryTake(address, FileLimit.IsScarce(_fileLimit, descriptor), out var limit);
        if (place is null)
        {
            if (MayLog())
                Refuses(EndPoint, limit!, _places.Count, _places.Handshakes);
            _lobbies[socket.Loop].Refuse(socket);
            return false;
        }

        socket.Counted = place;
        _lobbies[socket.Loop].Enter(socket, address);
        return true;
    }

    /// <inheritdoc/>
    void IArrivals.Starved(Exception fault)
    {
        if (MayLog())
            Starved(EndPoint, fault.Message);
    }

    /// <inheritdoc/>
    void IArrivals.Lost(Exception fault) => Lost(EndPoint, fault);

    /// <summary>Makes a connection of Kestrel's; null if there is none any more. Kestrel would accept nothing more after a fault.</summary>
    private ConnectionContext? TryGive(Socket socket, SocketPlace? place)
    {
        try
        {
            var connection = _contexts.Create(socket);
            if (_kind == PortKind.Tls)
                connection.Transport = new QueuedEndTransport(connection.Transport, socket, EndQueue.Shared);
            if (place is null)
                return connection;
            var counted = new CountedConnection(connection, place);
            place.PassTo(counted);
            return counted;
        }
        catch (Exception fault)
        {
            socket.Dispose();
            place?.Dispose();
            // Otherwise its client has gone meanwhile, and the system does not know its addresses any more.
            if (fault is not SocketException)
                Lost(EndPoint, fault);
            return null;
        }
    }

    /// <summary>
    /// Waits while the others are behind, for at most <see cref="LongestWait"/>. Thousands of clients can connect at one moment, and the links
    /// that are there would wait for all of them (contract L2). A TLS handshake takes a millisecond of the thread pool. What the new link
    /// causes, such as the events to its followers, is work of the loops, which plain links wait for as well: they are accepted as background work.
    /// </summary>
    private async Task AwaitTurnAsync(CancellationToken cancellationToken)
    {
        var begin = Stopwatch.GetTimestamp();
        // The pool reports its queue only when it is asked.
        while (ThreadPool.PendingWorkItemCount > Environment.ProcessorCount && Stopwatch.GetElapsedTime(begin) < LongestWait)
            await Task.Delay(PoolPause, cancellationToken).ConfigureAwait(false);
        if (_kind == PortKind.Tls && LongestWait - Stopwatch.GetElapsedTime(begin) is var left && left > TimeSpan.Zero)
        {
            var loop = _loops.All[(int)(_given++ % (uint)_loops.All.Count)];
            await ((Task)loop.BackgroundGroupAsync(1)).WaitAsync(left, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            cancellationToken.ThrowIfCancellationRequested();
        }
    }

    private bool MayLog()
    {
        var now = Environment.TickCount64;
        var next = Volatile.Read(ref _nextLog);
        return now >= next && Interlocked.CompareExchange(ref _nextLog, now + (long)LogPeriod.TotalMilliseconds, next) == next;
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "A connection to {EndPoint} was lost as it came; others are accepted.")]
    private partial void Lost(EndPoint endPoint, Exception fault);

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "Cannot accept on {EndPoint}: {Fault}. New connections are closed, and accepted again when there is room.")]
    private partial void Starved(EndPoint endPoint, string fault);

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "Refusing connections to {EndPoint}: the limit {Limit} is reached, with {Connections} connections, {Handshakes} of them not authenticated.")]
    private partial void Refuses(EndPoint endPoint, string limit, int connections, int handshakes);
}
