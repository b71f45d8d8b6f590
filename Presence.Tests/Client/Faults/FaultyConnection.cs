using System.Net;
using System.Net.Sockets;
using Presence.Tests.Semantics.Clients;

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
            client.ResetAtEnd();
            _server.ResetAtEnd();
        }

        _end.Cancel();
        client.Dispose();
        _server.Dispose();
    }

    private async Task PassAsync(Socket from, Socket to, long? limit)
    {
        var buffer = new byte[16 * 1024];
        var left = limit ?? long.MaxValue;
        try
        {
            if (left == 0)
                Fall();
            while (true)
            {
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

                // Before it is counted: who sees that bytes were swallowed relies on it that no others pass.
                if (left == 0)
                    Fall();
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
