using System.Net;
using System.Net.Sockets;

namespace Presence.Tests.Host.Node;

/// <summary>Stands before a port as a proxy or an address translation does: whoever connects to it talks to the port behind.</summary>
internal sealed class Forwarder : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _end = new();
    private int _taken;

    /// <param name="behind">The port of the loopback that is forwarded to; it need not be open yet.</param>
    public Forwarder(int behind)
    {
        _listener.Start();
        _ = AcceptAsync(behind);
    }

    /// <summary>Where it listens.</summary>
    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>How many connections it has carried through.</summary>
    public int Taken => Volatile.Read(ref _taken);

    public void Dispose()
    {
        _end.Cancel();
        _listener.Dispose();
        _end.Dispose();
    }

    private async Task AcceptAsync(int behind)
    {
        try
        {
            while (true)
                _ = CarryAsync(await _listener.AcceptTcpClientAsync(_end.Token), behind, _end.Token);
        }
        catch (Exception end) when (end is OperationCanceledException or ObjectDisposedException or SocketException)
        {
            // The test is over.
        }
    }

    private async Task CarryAsync(TcpClient front, int behind, CancellationToken end)
    {
        using var _ = front;
        using var back = new TcpClient();
        try
        {
            await back.ConnectAsync(IPAddress.Loopback, behind, end);
            Interlocked.Increment(ref _taken);
            await Task.WhenAny(front.GetStream().CopyToAsync(back.GetStream(), end), back.GetStream().CopyToAsync(front.GetStream(), end));
        }
        catch (Exception fault) when (fault is OperationCanceledException or IOException or SocketException)
        {
            // Either end has gone; so does the other.
        }
    }
}
