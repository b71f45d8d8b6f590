using System.Buffers.Binary;
using System.Text;

namespace Presence.Bench.Wire;

/// <summary>What carries the messages of a link.</summary>
internal enum LinkKind
{
    /// <summary>A WebSocket on the HTTP port.</summary>
    WebSocket,

    /// <summary>A TCP link: one JSON envelope per line.</summary>
    Tcp,
}

/// <summary>What the front of the received bytes is.</summary>
internal enum IncomingKind
{
    /// <summary>A message of the protocol: the payload is its text.</summary>
    Message,

    /// <summary>A ping of the WebSocket: the payload is to be sent back.</summary>
    Ping,

    /// <summary>A close frame: the payload is a description, for example <c>1009 message too big</c>.</summary>
    Close,

    /// <summary>Bytes that are no frame that this tool reads. The reader yields nothing after it.</summary>
    Violation,
}

/// <summary>One thing that the server has sent. The payload is valid until the next call of the reader.</summary>
internal readonly record struct Incoming(IncomingKind Kind, ReadOnlyMemory<byte> Payload);

/// <summary>
/// Splits the bytes of a server into messages: WebSocket frames or lines. It holds one buffer, which grows to the longest message.
/// It is not safe for use by several threads.
/// </summary>
internal sealed class MessageReader(LinkKind kind)
{
    private const int LeastRoom = 4096;

    private byte[] _buffer = [];
    private int _start;
    private int _end;

    /// <summary>The bytes that have arrived and were not taken yet.</summary>
    public ReadOnlySpan<byte> Unread => _buffer.AsSpan(_start, _end - _start);

    /// <summary>Where the next bytes are to be received.</summary>
    public Memory<byte> Room()
    {
        if (_start == _end)
            _start = _end = 0;
        if (_buffer.Length - _end < LeastRoom)
        {
            var unread = _end - _start;
            // Twice what is there: a long message costs a few copies, not one per read.
            var grown = _buffer.Length - unread >= Math.Max(LeastRoom, _buffer.Length / 2) ? _buffer : new byte[Math.Max(2 * unread, 4 * LeastRoom)];
            Buffer.BlockCopy(_buffer, _start, grown, 0, unread);
            (_buffer, _start, _end) = (grown, 0, unread);
        }

        return _buffer.AsMemory(_end);
    }

    /// <summary>So many bytes have been received.</summary>
    public void Advance(int count) => _end += count;

    /// <summary>Skips so many of the unread bytes.</summary>
    public void Skip(int count) => _start += count;

    /// <summary>Takes the next message if it is there as a whole.</summary>
    public bool TryRead(out Incoming incoming) => kind == LinkKind.Tcp ? TryReadLine(out incoming) : TryReadFrame(out incoming);

    private bool TryReadLine(out Incoming incoming)
    {
        while (Unread.IndexOf((byte)'\n') is >= 0 and var length)
        {
            var line = _buffer.AsMemory(_start, length);
            _start += length + 1;
            if (length == 0)
                continue;
            incoming = new Incoming(IncomingKind.Message, line);
            return true;
        }

        incoming = default;
        return false;
    }

    private bool TryReadFrame(out Incoming incoming)
    {
        incoming = default;
        while (true)
        {
            switch (ServerFrame.Read(Unread, out var frame))
            {
                case FrameReading.Incomplete:
                    return false;
                case FrameReading.Violation:
                    incoming = new Incoming(IncomingKind.Violation, default);
                    return true;
            }

            var payload = _buffer.AsMemory(_start + frame.Length - frame.Payload.Length, frame.Payload.Length);
            _start += frame.Length;
            switch (frame.Opcode)
            {
                case Opcode.Pong:
                    continue;
                case Opcode.Ping:
                    incoming = new Incoming(IncomingKind.Ping, payload);
                    return true;
                case Opcode.Close:
                    incoming = new Incoming(IncomingKind.Close, Encoding.UTF8.GetBytes(Reason(payload.Span)));
                    return true;
                default:
                    incoming = new Incoming(IncomingKind.Message, payload);
                    return true;
            }
        }
    }

    private static string Reason(ReadOnlySpan<byte> close) => close.Length < 2
        ? "without a code"
        : FormattableString.Invariant($"{BinaryPrimitives.ReadUInt16BigEndian(close)} {Encoding.UTF8.GetString(close[2..])}").TrimEnd();
}
