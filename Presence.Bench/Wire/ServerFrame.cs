using System.Buffers.Binary;

namespace Presence.Bench.Wire;

/// <summary>The frame types of RFC 6455.</summary>
internal enum Opcode : byte
{
    /// <summary>Text.</summary>
    Text = 1,

    /// <summary>Bytes.</summary>
    Binary = 2,

    /// <summary>The end.</summary>
    Close = 8,

    /// <summary>Asks for a pong.</summary>
    Ping = 9,

    /// <summary>Answers a ping.</summary>
    Pong = 10,
}

/// <summary>What the front of some bytes of a server holds.</summary>
internal enum FrameReading
{
    /// <summary>A frame.</summary>
    Whole,

    /// <summary>The beginning of a frame.</summary>
    Incomplete,

    /// <summary>Nothing that a client of the protocol is sent: a masked frame, a piece of a message, or an extension.</summary>
    Violation,
}

/// <summary>One frame of a server, seen by a client, in the bytes that were received (RFC 6455, 5.2).</summary>
internal readonly ref struct ServerFrame
{
    private const byte Fin = 0x80;
    private const byte Masked = 0x80;
    private const byte Length16 = 126;
    private const byte Length64 = 127;

    private ServerFrame(Opcode opcode, ReadOnlySpan<byte> payload, int length)
    {
        Opcode = opcode;
        Payload = payload;
        Length = length;
    }

    /// <summary>The type.</summary>
    public Opcode Opcode { get; }

    /// <summary>What it holds.</summary>
    public ReadOnlySpan<byte> Payload { get; }

    /// <summary>How many bytes it takes with its header.</summary>
    public int Length { get; }

    /// <summary>Reads the frame at the front.</summary>
    public static FrameReading Read(ReadOnlySpan<byte> bytes, out ServerFrame frame)
    {
        frame = default;
        if (bytes.Length < 2)
            return FrameReading.Incomplete;
        var opcode = (Opcode)(bytes[0] & ~Fin);
        if ((bytes[0] & Fin) == 0 || (bytes[1] & Masked) != 0
            || opcode is not (Opcode.Text or Opcode.Binary or Opcode.Close or Opcode.Ping or Opcode.Pong))
            return FrameReading.Violation;
        var header = 2;
        long length = bytes[1];
        switch (bytes[1])
        {
            case Length16:
                header = 4;
                if (bytes.Length < header)
                    return FrameReading.Incomplete;
                length = BinaryPrimitives.ReadUInt16BigEndian(bytes[2..]);
                break;
            case Length64:
                header = 10;
                if (bytes.Length < header)
                    return FrameReading.Incomplete;
                length = BinaryPrimitives.ReadInt64BigEndian(bytes[2..]);
                break;
        }

        if (length is < 0 or > int.MaxValue / 2)
            return FrameReading.Violation;
        if (bytes.Length < header + length)
            return FrameReading.Incomplete;
        frame = new ServerFrame(opcode, bytes.Slice(header, (int)length), header + (int)length);
        return FrameReading.Whole;
    }
}
