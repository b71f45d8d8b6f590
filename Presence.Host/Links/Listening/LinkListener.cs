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
internal sealed partial class LinkListener : IConnectionListener, ISocketEvents, IThreadPoolWorkItem
{
    // As many connections are accepted in a row before the loop's other sockets have their turn.
    private const int AcceptsPerTurn = 64;

    // When the system is out of descriptors or memory, asking again at once would only burn the processor.
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    private readonly Socket _socket;
    private readonly LoopSet<EpollLoop> _loops;
    private readonly EpollLoop _accepting;
    private readonly Dictionary<EpollLoop, Lobby> _lobbies;
    private readonly SocketConnectionContextFactory _contexts;
    private readonly ILogger _log;
    private readonly Channel<int> _forServer = Channel.CreateUnbounded<int>();
    private readonly Timer _resume;
    private readonly TaskCompletionSource _unbound = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private LoopSocket? _reports;
    private int _isUnbinding;

    private LinkListener(Socket socket, bool speaksHttp, LoopSet<EpollLoop> loops, ILinkFront front, SocketConnectionContextFactory contexts, ILogger log)
    {
        _socket = socket;
        EndPoint = socket.LocalEndPoint!;
        _loops = loops;
        _accepting = loops.Next();
        _lobbies = loops.All.ToDictionary(loop => loop, loop => new Lobby(loop, front, speaksHttp, _forServer.Writer));
        _contexts = contexts;
        _log = log;
        _resume = new Timer(static listener => ((LinkListener)listener!).Resume(), this, Timeout.Infinite, Timeout.Infinite);
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
        LinkEndPoint endPoint, LoopSet<EpollLoop> loops, ILinkFront front, SocketConnectionContextFactory contexts, ILogger<LinkListener> log)
    {
        var options = new SocketTransportOptions();
        Socket? socket = null;
        try
        {
            socket = SocketTransportOptions.CreateDefaultBoundListenSocket(endPoint);
            socket.Listen(options.Backlog);
            socket.Blocking = false;
            var listener = new LinkListener(socket, endPoint.SpeaksHttp, loops, front, contexts, log);
            await listener.OnLoopAsync(listener.Begin).ConfigureAwait(false);
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
            if (_forServer.Reader.TryRead(out var descriptor) && ContextOf(descriptor) is { } context)
                return context;
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

        await OnLoopAsync(EndAccepting).ConfigureAwait(false);
        await _resume.DisposeAsync().ConfigureAwait(false);
        _socket.Dispose();
        foreach (var lobby in _lobbies.Values)
            await lobby.DisposeAsync().ConfigureAwait(false);
        _forServer.Writer.TryComplete();
        _unbound.SetResult();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await UnbindAsync().ConfigureAwait(false);
        while (_forServer.Reader.TryRead(out var descriptor))
            Linux.Close(descriptor);
    }

    /// <summary>Connections wait to be accepted.</summary>
    void ISocketEvents.Readable()
    {
        for (var left = AcceptsPerTurn; left > 0; left--)
        {
            var descriptor = Linux.Accept((int)_socket.Handle, out var address);
            if (descriptor >= 0)
            {
                Linux.SetNoDelay(descriptor);
                _lobbies[_loops.Next()].Enter(descriptor, address);
                continue;
            }

            switch (Linux.LastAccept())
            {
                case AcceptFault.Nobody:
                    return;
                case AcceptFault.Theirs:
                    break;
                default:
                    Starved(EndPoint, Linux.Fault("accept4"));
                    _reports!.WantsRead = false;
                    _resume.Change(Pause, Timeout.InfiniteTimeSpan);
                    return;
            }
        }
    }

    /// <inheritdoc/>
    void ISocketEvents.Writable()
    {
    }

    /// <summary>The loop has ended.</summary>
    void ISocketEvents.Broken() => EndAccepting();

    /// <summary>After the pause.</summary>
    void IThreadPoolWorkItem.Execute()
    {
        if (_reports is { IsOpen: true } reports)
            reports.WantsRead = true;
    }

    private void Resume() => _accepting.Post(this);

    private void Begin() => _reports = _accepting.Add((int)_socket.Handle, this);

    private void EndAccepting()
    {
        // The descriptor is the socket's, which closes it.
        if (_reports is { IsOpen: true } reports)
            reports.Release();
    }

    private ConnectionContext? ContextOf(int descriptor)
    {
        var handle = new SafeSocketHandle(descriptor, ownsHandle: true);
        try
        {
            return _contexts.Create(new Socket(handle));
        }
        catch (SocketException)
        {
            // Its client has gone meanwhile.
            handle.Dispose();
            return null;
        }
    }

    private Task OnLoopAsync(Action what)
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _accepting.Post(new Deed(what, done));
        return done.Task;
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Connections to {EndPoint} have to wait: the system is out of what it takes to accept them.")]
    private partial void Starved(EndPoint endPoint, Exception fault);

    private sealed class Deed(Action what, TaskCompletionSource done) : IThreadPoolWorkItem
    {
        public void Execute()
        {
            try
            {
                what();
                done.SetResult();
            }
            catch (Exception fault)
            {
                done.SetException(fault);
            }
        }
    }
}
