using System.Net;
using System.Net.Sockets;

namespace Presence.Tests.Clusters.Kit;

/// <summary>
/// Ports that a node keeps for its whole life, while it is down as well. They are taken from below the range from which the
/// system serves outgoing connections, which would otherwise take the port of a node that is being restarted.
/// </summary>
/// <remarks>
/// A port is free until its node binds it. So no port is given twice, and two processes that run at the same time begin at different places.
/// </remarks>
internal static class FreePorts
{
    private const int Lowest = 15_000;
    private const int Count = 15_000;
    private const int Places = 30;

    private static readonly int First = Environment.ProcessId % Places * (Count / Places);

    private static int _tried;

    public static int Next()
    {
        while (Interlocked.Increment(ref _tried) is var tried && tried <= Count)
        {
            var port = Lowest + ((First + tried) % Count);
            if (IsFree(port))
                return port;
        }

        throw new InvalidOperationException($"There is no free port from {Lowest} to {Lowest + Count - 1}.");
    }

    private static bool IsFree(int port)
    {
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Bind(new IPEndPoint(IPAddress.Loopback, port));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
