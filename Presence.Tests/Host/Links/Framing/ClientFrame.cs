using System.Buffers.Binary;

namespace Presence.Tests.Host.Links.Framing;

/// <summary>One frame as a client writes it, or as no client should: every bit can be set.</summary>
internal sealed record ClientFrame(int Opcode, byte[] Payload)
{
    public const int Continuation = 0, Text = 1, Binary = 2, Close = 8, Ping = 9, Pong = 10;

    public bool IsFinal { get; init; } = true;

    public int ReservedBits { get; init; }

    public uint? Mask { get; init; } = 0x37fa213d;

    /// <summary>What the header announces; null: the length of the payload.</summary>
    public ulong? AnnouncedLength { get; init; }

    /// <summary>How the length is written: 1, 2 or 8 bytes; null: the shortest way.</summary>
    public int? LengthBytes { get; init; }

    public static ClientFrame CloseWith(int code, params ReadOnlySpan<byte> reason)
    {
        var payload = new byte[2 + reason.Length];
        BinaryPrimitives.WriteUInt16BigEndian(payload, (ushort)code);
        reason.CopyTo(payload.AsSpan(2));
        return new ClientFrame(Close, payload);
    }

    public byte[] ToBytes()
    {
        var bytes = new List<byte> { (byte)((IsFinal ? 0x80 : 0) | (ReservedBits << 4) | Opcode) };
        var length = AnnouncedLength ?? (ulong)Payload.Length;
        var maskBit = Mask is null ? 0 : 0x80;
        Span<byte> number = stackalloc byte[8];
        BinaryPrimitives.WriteUInt64BigEndian(number, length);
        switch (LengthBytes ?? (length < 126 ? 1 : length <= 0xffff ? 2 : 8))
        {
            case 1:
                bytes.Add((byte)(maskBit | (int)length));
                break;
            case 2:
                bytes.Add((byte)(maskBit | 126));
                bytes.AddRange(number[6..]);
                break;
            default:
                bytes.Add((byte)(maskBit | 127));
                bytes.AddRange(number);
                break;
        }

        Span<byte> key = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(key, Mask ?? 0);
        if (Mask is not null)
            bytes.AddRange(key);
        for (var i = 0; i < Payload.Length; i++)
            bytes.Add((byte)(Payload[i] ^ key[i % 4]));
        return [.. bytes];
    }
}
