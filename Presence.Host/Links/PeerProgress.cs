using System.Buffers.Binary;
using System.Net.Sockets;

namespace Presence.Host.Links;

/// <summary>What the network says of the other end of a TCP connection.</summary>
/// <param name="Acknowledged">How many bytes the other end has acknowledged in all.</param>
/// <param name="UnansweredFor">
/// How long the other end has answered nothing although it was sent something again and again, in milliseconds; 0 if it answers.
/// </param>
/// <param name="HasQueue">Whether something is on its way, or waits in the system to be sent.</param>
/// <param name="HasUnsent">Whether something waits in the system because the other end, or the network, has no room for it now.</param>
internal readonly record struct PeerProgress(long Acknowledged, long UnansweredFor, bool HasQueue, bool HasUnsent)
{
    /// <summary>Room for what Linux tells, in bytes.</summary>
    public const int Size = 152;

    /// <summary>IPPROTO_TCP.</summary>
    public const int Level = 6;

    /// <summary>TCP_INFO of Linux.</summary>
    public const int Option = 11;

    // The fields of Linux's struct tcp_info that are used; it has only ever grown at its end.
    private const int Retransmits = 2; // tcpi_retransmits: of what was sent last, in a row
    private const int Probes = 3; // tcpi_probes: unanswered questions whether there is room
    private const int Unacknowledged = 24; // tcpi_unacked, in segments
    private const int LastAnswer = 56; // tcpi_last_ack_recv, in milliseconds
    private const int AcknowledgedBytes = 120; // tcpi_bytes_acked
    private const int Unsent = 144; // tcpi_notsent_bytes

    /// <summary>Reads Linux's <c>struct tcp_info</c>; null if the system tells too little, as before Linux 4.6.</summary>
    public static PeerProgress? Read(ReadOnlySpan<byte> info)
    {
        if (info.Length < Size)
            return null;
        var isUnanswered = info[Retransmits] + info[Probes] > 0;
        var hasUnsent = ReadShort(info[Unsent..]) > 0;
        return new PeerProgress(
            (long)ReadNumber(info[AcknowledgedBytes..]),
            isUnanswered ? ReadShort(info[LastAnswer..]) : 0,
            hasUnsent || ReadShort(info[Unacknowledged..]) > 0,
            hasUnsent);
    }

    /// <summary>Asks for a socket of the framework's; null if the system does not tell, or the socket is closed.</summary>
    public static PeerProgress? Of(Socket socket)
    {
        if (!OperatingSystem.IsLinux())
            return null;
        Span<byte> info = stackalloc byte[Size];
        try
        {
            return Read(info[..socket.GetRawSocketOption(Level, Option, info)]);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            return null;
        }
    }

    // In the byte order of the machine.
    private static uint ReadShort(ReadOnlySpan<byte> bytes) =>
        BitConverter.IsLittleEndian ? BinaryPrimitives.ReadUInt32LittleEndian(bytes) : BinaryPrimitives.ReadUInt32BigEndian(bytes);

    private static ulong ReadNumber(ReadOnlySpan<byte> bytes) =>
        BitConverter.IsLittleEndian ? BinaryPrimitives.ReadUInt64LittleEndian(bytes) : BinaryPrimitives.ReadUInt64BigEndian(bytes);
}
