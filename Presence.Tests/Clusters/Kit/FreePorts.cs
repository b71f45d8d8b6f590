using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Presence.Tests.Clusters.Kit;

/// <summary>
/// Ports that a node keeps for its whole life, while it is down as well. They are taken from below the range from which the
/// system serves outgoing connections, which would otherwise take the port of a node that is being restarted.
/// </summary>
internal static class FreePorts
{
    private const int Lowest = 15_000;
    private const int Highest = 30_000;
    private const int Attempts = 1_000;

    private static readonly ConcurrentDictionary<int, bool> Taken = new();

    public static int Next()
    {
        for (var attempt = 0; attempt < Attempts; attempt++)
        {
            var port = Random.Shared.Next(Lowest, Highest);
            if (Taken.TryAdd(port, true) && IsFree(port))
                return port;
        }

        throw new InvalidOperationException($"There is no free port from {Lowest} to {Highest}.");
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
