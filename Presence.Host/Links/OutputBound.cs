using System.Net.Sockets;
using Presence.Host.Links.Loops;

namespace Presence.Host.Links;

/// <summary>
/// Bounds what the system keeps of what is sent over a socket (contract L1): a client that reads slowly costs no more memory than this
/// and what its own system lets be on its way, and the link soon hears of each byte that it reads.
/// </summary>
internal static class OutputBound
{
    // TCP_NOTSENT_LOWAT of Linux.
    private const int NotSentLowAt = 25;

    // Where nothing but the whole buffer can be bounded.
    private const int SendBufferBytes = 128 * 1024;

    /// <summary>Sets the bound; a socket that is closed, or a system that knows no bound, is left as it is.</summary>
    public static void Set(Socket socket)
    {
        try
        {
            if (OperatingSystem.IsLinux())
            {
                Span<byte> value = stackalloc byte[sizeof(int)];
                BitConverter.TryWriteBytes(value, LoopSocket.UnsentBytes);
                socket.SetRawSocketOption(PeerProgress.Level, NotSentLowAt, value);
            }
            else
            {
                socket.SendBufferSize = SendBufferBytes;
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The client is gone, which the link finds out by itself.
        }
    }
}
