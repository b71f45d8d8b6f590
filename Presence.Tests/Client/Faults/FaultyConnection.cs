using System.Net;
using System.Net.Sockets;

namespace Presence.Tests.Client.Faults;

/// <summary>One connection on a <see cref="FaultyWire"/>.</summary>
internal sealed class FaultyConnection(Socket client, Fault fault)
{
    private readonly Socket _server = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private readonly CancellationTokenSource _end = new();
    private long _up;
    private long _down;
    private long _swallowed;
    private int _fell;
    private int _ended;
    private volatile bool _isSilent;
    private volatile bool _isOver;

    /// <summary>Whether nothing of it is left.</summary>
    public bool IsOver => _isOver;

    /// <summary>How many bytes have passed of the client and of the server.</summary>
    public (long Up, long Down) Passed => (Interlocked.Read(ref _up), Interlocked.Read(ref _down));

    /// <summary>How many bytes have come, from either side, that will never pass.</summary>
    public long Swallowed => Interlocked.Read(ref _swallowed);

    /// <summary>Carries it to its end.</summary>
    /// <returns>Whether its fault has ended it.</returns>
    public async Task<bool> CarryAsync(IPEndPoint server)
    {
        client.NoDelay = true;
        try
        {
            await _server.ConnectAsync(server, _end.Token);
            await Task.WhenAll(PassAsync(client, _server, fault.Up), PassAsync(_server, client, fault.Down));
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException or ObjectDisposedException)
        {
            // Cut, or nobody is there.
        }
        finally
        {
            client.Dispose();
            _server.Dispose();
            _isOver = true;
        }

        return Volatile.Read(ref _fell) > 0;
    }

    /// <summary>Ends it now.</summary>
    public void End(Ending ending)
    {
        if (ending == Ending.Silence)
        {
            _isSilent = true;
            return;
        }

        // Only the first says how: what it stirs up here must not make a reset of it.
        if (Interlocked.Exchange(ref _ended, 1) > 0)
            return;
        if (ending == Ending.Reset)
        {
            Linger(client);
            Linger(_server);
        }

        _end.Cancel();
        client.Dispose();
        _server.Dispose();
    }

    private static void Linger(Socket socket)
    {
        try
        {
            socket.LingerState = new LingerOption(true, 0);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // Gone already.
        }
    }

    private async Task PassAsync(Socket from, Socket to, long? limit)
    {
        var buffer = new byte[16 * 1024];
        var left = limit ?? long.MaxValue;
        try
        {
            while (true)
            {
                if (left == 0)
                    Fall();
                var read = await from.ReceiveAsync(buffer, _end.Token);
                if (read == 0)
                {
                    // In silence nobody learns that the other side has gone; but nobody is left to carry for.
                    if (_isSilent)
                        End(Ending.Reset);
                    to.Shutdown(SocketShutdown.Send);
                    return;
                }

                var at = 0;
                while (at < read && left > 0)
                {
                    var piece = (int)Math.Min(Math.Min(read - at, fault.Piece), left);
                    if (fault.Delay > TimeSpan.Zero)
                        await Task.Delay(fault.Delay, _end.Token);
                    if (_isSilent)
                        break;
                    await to.SendAsync(buffer.AsMemory(at, piece), _end.Token);
                    Interlocked.Add(ref from == client ? ref _up : ref _down, piece);
                    at += piece;
                    left -= piece;
                }

                Interlocked.Add(ref _swallowed, read - at);
            }
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException or ObjectDisposedException)
        {
            End(Ending.Reset);
        }
    }

    private void Fall()
    {
        if (Interlocked.Exchange(ref _fell, 1) == 0)
            End(fault.Ending);
    }
}
