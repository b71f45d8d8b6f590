using System.Net;
using System.Net.Sockets;

namespace Presence.Host.Links.Loops;

/// <summary>Accepts the connections of a port as the framework does, one after the other.</summary>
internal sealed class PortableAcceptor : IAsyncDisposable
{
    // When the system is out of descriptors or memory, asking again at once would only burn the processor.
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    // As many are closed in a row when there is no descriptor for them.
    private const int MostTurnedAway = 64;

    private readonly Socket _listening;
    private readonly IArrivals _arrivals;
    private readonly CancellationTokenSource _end = new();

    // Lets a connection be accepted, and closed, when there is no descriptor left.
    private readonly SpareDescriptor _spare = new();
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
            _spare.Dispose();
            _listening.Dispose();
            _end.Dispose();
        }
    }

    private async Task AcceptAllAsync()
    {
        PortableLoop? loop = null;
        var (left, looks) = (0, 0);
        while (!_end.IsCancellationRequested)
        {
            try
            {
                var accepted = await _listening.AcceptAsync(_end.Token).ConfigureAwait(false);
                if (loop is null || left == 0 || looks == 0)
                {
                    // All loops of a node are of one kind.
                    loop = (PortableLoop)_arrivals.Next();
                    left = await loop.BackgroundGroupAsync(BusyPace.LargestGroup).ConfigureAwait(false);
                    looks = EpollAcceptor.LooksPerTurn;
                }

                looks--;
                if (Take(accepted, loop))
                    left--;
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
                await TurnAwayAsync().ConfigureAwait(false);
                await Task.Delay(Pause, _end.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private static bool IsTheirs(SocketError error) => error is SocketError.ConnectionReset or SocketError.ConnectionAborted
        or SocketError.NetworkDown or SocketError.NetworkUnreachable or SocketError.HostDown or SocketError.HostUnreachable;

    /// <summary>Closes connections that wait, so that their clients do not wait for a server that cannot take them.</summary>
    private async Task TurnAwayAsync()
    {
        if (!_spare.TryRelease())
            return;
        using var time = CancellationTokenSource.CreateLinkedTokenSource(_end.Token);
        time.CancelAfter(Pause);
        try
        {
            for (var left = MostTurnedAway; left > 0; left--)
                (await _listening.AcceptAsync(time.Token).ConfigureAwait(false)).Dispose();
        }
        catch (Exception fault) when (fault is SocketException or OperationCanceledException or ObjectDisposedException)
        {
            // There is nobody, or no descriptor.
        }

        _spare.Take();
    }

    /// <returns>Whether it is there: neither refused nor lost.</returns>
    private bool Take(Socket accepted, PortableLoop loop)
    {
        PortableSocket? socket = null;
        try
        {
            accepted.NoDelay = true;
            accepted.Blocking = false;
            var address = (accepted.RemoteEndPoint as IPEndPoint)?.Address;
            socket = new PortableSocket(loop, accepted);
            return _arrivals.Arrived(socket, address, accepted.Handle);
        }
        catch (Exception fault)
        {
            if (socket is null)
                accepted.Dispose();
            else
                socket.Close();
            // Otherwise its client has gone meanwhile.
            if (fault is not SocketException)
                _arrivals.Lost(fault);
            return false;
        }
    }
}
