using System.Net.Sockets;

namespace Presence.Tests.Semantics.Clients;

/// <summary>Sockets that end without a word.</summary>
internal static class Resets
{
    /// <summary>
    /// From now on it ends with a reset: the other side is told that the connection is no more. Whoever else uses the socket may end it
    /// meanwhile; then there is nothing left to be done.
    /// </summary>
    public static void ResetAtEnd(this Socket socket)
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
}
