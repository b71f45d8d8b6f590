using System.Buffers.Binary;

namespace Presence.Bench.Wire;

/// <summary>
/// Frames of a client (RFC 6455, 5.2). They are masked with a key of zeros, which leaves the payload as it is: the key protects
/// proxies from scripts in a browser, and there is neither here.
/// </summary>
internal static class ClientFrame
{
    /// <summary>The longest header.</summary>
    public const int MaxHeader = 14;

    private const byte Fin = 0x80;
    private const byte Masked = 0x80;

    /// <summary>
    /// Frames a payload in place: writes a header right before it. The payload begins at <see cref="MaxHeader"/>; returns where the
    /// frame begins.
    /// </summary>
    public static int Frame(Span<byte> buffer, Opcode opcode, int payload)
    {
        var header = payload switch { < 126 => 2, <= ushort.MaxValue => 4, _ => 10 };
        var start = MaxHeader - 4 - header;
        var bytes = buffer[start..MaxHeader];
        bytes[0] = (byte)(Fin | (byte)opcode);
        switch (header)
        {
            case 2:
                bytes[1] = (byte)(Masked | payload);
                break;
            case 4:
                bytes[1] = Masked | 126;
                BinaryPrimitives.WriteUInt16BigEndian(bytes[2..], (ushort)payload);
                break;
            default:
                bytes[1] = Masked | 127;
                BinaryPrimitives.WriteInt64BigEndian(bytes[2..], payload);
                break;
        }

        bytes[header..].Clear();
        return start;
    }
}
