using System.Buffers.Binary;
using System.Net;
using System.Runtime.InteropServices;

namespace Presence.Host.Links.Loops;

/// <summary>Reads Linux's <c>struct sockaddr</c>.</summary>
internal static class SocketAddress
{
    /// <summary>Room for one of any family, in bytes.</summary>
    public const int Size = 128;

    private const ushort Version4 = 2; // AF_INET
    private const ushort Version6 = 10; // AF_INET6

    /// <summary>Null if it is of another family than the two of IP.</summary>
    public static IPEndPoint? Read(ReadOnlySpan<byte> address) => address.Length < 8
        ? null
        : MemoryMarshal.Read<ushort>(address) switch
        {
            Version4 => new IPEndPoint(new IPAddress(address[4..8]), Port(address)),
            Version6 when address.Length >= 28 =>
                new IPEndPoint(new IPAddress(address[8..24], MemoryMarshal.Read<uint>(address[24..])), Port(address)),
            _ => null,
        };

    private static int Port(ReadOnlySpan<byte> address) => BinaryPrimitives.ReadUInt16BigEndian(address[2..]);
}
