using System.Net;
using System.Net.Sockets;

namespace Presence.Host.Links.Loops;

/// <summary>Accepts the connections of a port as the framework does, one after the other.</summary>
internal sealed class PortableAcceptor : IAsyncDisposable
{
    // When the system is out of descriptors or memory, asking again at once would only burn the processor.
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    private readonly Socket _listening;
    private readonly IArrivals _arrivals;
    private readonly CancellationTokenSource _end = new();
    private readonly Task _accepting;

    /// <param name="listening">A listening socket; it is closed at the end.</param>
    /// <param name="arrivals">Who takes the connections.</param>
    public PortableAcceptor(Socket listening, IArrivals arrivals)
    {
        _listening = listening;
        _arrivals = arrivals;
        _accepting = Task.Run(AcceptAllAsync);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        try
        {
            await _end.CancelAsync().ConfigureAwait(false);
            await _accepting.ConfigureAwait(false);
        }
        finally
        {
            _listening.Dispose();
            _end.Dispose();
        }
    }

    private async Task AcceptAllAsync()
    {
        while (!_end.IsCancellationRequested)
        {
            try
            {
                Take(await _listening.AcceptAsync(_end.Token).ConfigureAwait(false));
            }
            catch (OperationCanceledException) when (_end.IsCancellationRequested)
            {
                return;
            }
            catch (SocketException fault) when (IsTheirs(fault.SocketErrorCode))
            {
                // That one is gone; another may be there.
            }
            catch (Exception fault)
            {
                _arrivals.Starved(fault);
                await Task.Delay(Pause, _end.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private static bool IsTheirs(SocketError error) => error is SocketError.ConnectionReset or SocketError.ConnectionAborted
        or SocketError.NetworkDown or SocketError.NetworkUnreachable or SocketError.HostDown or SocketError.HostUnreachable;

    private void Take(Socket socket)
    {
        try
        {
            socket.NoDelay = true;
            socket.Blocking = false;
            // All loops of a node are of one kind.
            var loop = (PortableLoop)_arrivals.Next();
            _arrivals.Arrived(new PortableSocket(loop, socket), (socket.RemoteEndPoint as IPEndPoint)?.Address);
        }
        catch (SocketException)
        {
            // Its client has gone meanwhile.
            socket.Dispose();
        }
        catch (Exception fault)
        {
            socket.Dispose();
            _arrivals.Lost(fault);
        }
    }
}
