using System.Buffers;
using System.Buffers.Binary;
using System.Text.Unicode;
using Presence.Actors.Connections;

namespace Presence.Host.Links.Framing;

/// <summary>
/// The frames of RFC 6455, seen by the server, without extensions. A frame is judged by its header: one that is not allowed,
/// or that announces too much, ends the reading before its payload has come.
/// </summary>
/// <remarks>
/// A frame is taken once all of it is in the input. Payloads are unmasked into a rented array, which is given back at the next
/// read; only an unfinished fragmented message holds one for longer. An announced length in more bytes than it needs is
/// accepted, as other servers do. Whether a text is valid UTF-8 is left to the codec, which reads it anyway.
/// </remarks>
internal sealed class WebSocketFraming : MessageFraming
{
    private const int MaxControlPayload = 125;
    private const int CodeLength = sizeof(ushort);
    private const byte Fin = 0x80;
    private const byte Reserved = 0x70;
    private const byte OpcodeBits = 0x0f;
    private const byte Masked = 0x80;
    private const byte LengthBits = 0x7f;
    private const byte Length16 = 126;
    private const byte Length64 = 127;

    private readonly Opcode _dataOpcode;

    // The pieces so far of a message, or the message handed out last.
    private byte[]? _message;
    private int _messageLength;
    private bool _isFragmented;

    /// <param name="format">Text frames carry JSON, binary frames protobuf; the other kind is a violation.</param>
    /// <param name="maxMessageBytes">The longest message, its pieces taken together.</param>
    public WebSocketFraming(WireFormat format, int maxMessageBytes)
        : base(maxMessageBytes) => _dataOpcode = format == WireFormat.Json ? Opcode.Text : Opcode.Binary;

    private enum Opcode : byte
    {
        Continuation = 0,
        Text = 1,
        Binary = 2,
        Close = 8,
        Ping = 9,
        Pong = 10,
    }

    /// <inheritdoc/>
    public override bool HasControlFrames => true;

    /// <inheritdoc/>
    public override int FrameLength(int payloadLength) => HeaderLength(payloadLength) + payloadLength;

    /// <inheritdoc/>
    public override void WriteHeader(IBufferWriter<byte> output, int payloadLength) => WriteHeader(output, _dataOpcode, payloadLength);

    /// <inheritdoc/>
    public override void WritePing(IBufferWriter<byte> output, ReadOnlySpan<byte> payload)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(payload.Length, MaxControlPayload, nameof(payload));
        WriteHeader(output, Opcode.Ping, payload.Length);
        output.Write(payload);
    }

    /// <inheritdoc/>
    public override void WritePong(IBufferWriter<byte> output, in ReadOnlySequence<byte> payload)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(payload.Length, MaxControlPayload, nameof(payload));
        WriteHeader(output, Opcode.Pong, (int)payload.Length);
        foreach (var part in payload)
            output.Write(part.Span);
    }

    /// <inheritdoc/>
    public override void WriteClose(IBufferWriter<byte> output, ushort code, string text)
    {
        if (code == InboundFrame.NoCloseCode)
        {
            WriteHeader(output, Opcode.Close, 0);
            return;
        }

        Span<byte> payload = stackalloc byte[MaxControlPayload];
        BinaryPrimitives.WriteUInt16BigEndian(payload, code);
        Utf8.FromUtf16(text, payload[CodeLength..], out _, out var textLength);
        payload = payload[..(CodeLength + textLength)];
        WriteHeader(output, Opcode.Close, payload.Length);
        output.Write(payload);
    }

    /// <inheritdoc/>
    protected override bool TryReadFrame(ref ReadOnlySequence<byte> input, out InboundFrame frame)
    {
        frame = default;
        if (!TryReadHeader(input, out var header))
            return false;
        if (Judge(header) is { } fault)
        {
            frame = InboundFrame.Violation(fault);
            return true;
        }

        // The length has been judged: it is far from where a sum would overflow.
        var frameLength = header.Length + (long)header.PayloadLength;
        if (input.Length < frameLength)
            return false;
        Span<byte> mask = stackalloc byte[Masking.KeyLength];
        input.Slice(header.Length - mask.Length, mask.Length).CopyTo(mask);
        var payload = input.Slice(header.Length, (int)header.PayloadLength);
        input = input.Slice(frameLength);

        if (IsControl(header.Opcode))
        {
            frame = ReadControl(header.Opcode, payload, mask);
            return true;
        }

        Append(payload, mask);
        _isFragmented = !header.IsFinal;
        if (_isFragmented)
            frame = InboundFrame.Piece();
        else
            frame = InboundFrame.Message(_message is null ? ReadOnlySequence<byte>.Empty : new ReadOnlySequence<byte>(_message, 0, _messageLength));
        return true;
    }

    /// <inheritdoc/>
    protected override void ReleasePayload()
    {
        if (!_isFragmented)
            ReleaseFragments();
    }

    /// <inheritdoc/>
    protected override void ReleaseFragments()
    {
        if (_message is not null)
            ArrayPool<byte>.Shared.Return(_message);
        _message = null;
        _messageLength = 0;
    }

    private static bool IsControl(Opcode opcode) => opcode >= Opcode.Close;

    private static int HeaderLength(int payloadLength) => payloadLength switch
    {
        < Length16 => 2,
        <= ushort.MaxValue => 2 + sizeof(ushort),
        _ => 2 + sizeof(ulong),
    };

    private static void WriteHeader(IBufferWriter<byte> output, Opcode opcode, int payloadLength)
    {
        var length = HeaderLength(payloadLength);
        var header = output.GetSpan(length);
        header[0] = (byte)(Fin | (byte)opcode);
        switch (length)
        {
            case 2:
                header[1] = (byte)payloadLength;
                break;
            case 4:
                header[1] = Length16;
                BinaryPrimitives.WriteUInt16BigEndian(header[2..], (ushort)payloadLength);
                break;
            default:
                header[1] = Length64;
                BinaryPrimitives.WriteUInt64BigEndian(header[2..], (ulong)payloadLength);
                break;
        }

        output.Advance(length);
    }

    // A header can be judged without its mask, so a client that announces too much is told at once.
    private static bool TryReadHeader(in ReadOnlySequence<byte> input, out Header header)
    {
        header = default;
        Span<byte> bytes = stackalloc byte[2 + sizeof(ulong)];
        bytes = bytes[..(int)Math.Min(input.Length, bytes.Length)];
        input.Slice(0, bytes.Length).CopyTo(bytes);
        if (bytes.Length < 2)
            return false;
        ulong payloadLength = (byte)(bytes[1] & LengthBits);
        var end = payloadLength switch { Length16 => 2 + sizeof(ushort), Length64 => 2 + sizeof(ulong), _ => 2 };
        if (bytes.Length < end)
            return false;
        if (payloadLength == Length16)
            payloadLength = BinaryPrimitives.ReadUInt16BigEndian(bytes[2..]);
        else if (payloadLength == Length64)
            payloadLength = BinaryPrimitives.ReadUInt64BigEndian(bytes[2..]);
        header = new Header(bytes[0], (bytes[1] & Masked) != 0, payloadLength, end + Masking.KeyLength);
        return true;
    }

    // Null: the frame is allowed here.
    private ClientRequest.Malformed? Judge(in Header header)
    {
        if (header.HasReservedBits)
            return Broken("A frame uses an extension, and none was agreed on.");
        if (!header.IsMasked)
            return Broken("A frame is not masked.");
        switch (header.Opcode)
        {
            case Opcode.Close or Opcode.Ping or Opcode.Pong:
                return header.IsFinal && header.PayloadLength <= MaxControlPayload
                    ? null
                    : Broken("A control frame is fragmented or too long.");
            case Opcode.Continuation when !_isFragmented:
                return Broken("A continuation continues nothing.");
            case Opcode.Text or Opcode.Binary when _isFragmented:
                return Broken("A message begins before the last one has ended.");
            case Opcode.Continuation or Opcode.Text or Opcode.Binary:
                break;
            default:
                return Broken("The type of a frame is unknown.");
        }

        if (header.PayloadLength > long.MaxValue)
            return Broken("The length of a frame is malformed.");
        if (header.Opcode != Opcode.Continuation && header.Opcode != _dataOpcode)
            return Fault($"The messages of this connection are sent in {_dataOpcode} frames.", CloseReason.WrongFrameType);
        return header.PayloadLength > (ulong)(MaxMessageBytes - _messageLength) ? TooBig() : null;
    }

    private static InboundFrame ReadControl(Opcode opcode, in ReadOnlySequence<byte> payload, ReadOnlySpan<byte> mask)
    {
        var bytes = payload.ToArray();
        Masking.Apply(bytes, mask);
        return opcode switch
        {
            Opcode.Ping => InboundFrame.Ping(new ReadOnlySequence<byte>(bytes)),
            Opcode.Pong => InboundFrame.Pong(new ReadOnlySequence<byte>(bytes)),
            _ => ReadClose(bytes),
        };
    }

    private static InboundFrame ReadClose(ReadOnlySpan<byte> payload)
    {
        if (payload.IsEmpty)
            return InboundFrame.Close(InboundFrame.NoCloseCode);
        if (payload.Length < CodeLength)
            return InboundFrame.Violation(Broken("A close code is cut short."));
        var code = BinaryPrimitives.ReadUInt16BigEndian(payload);
        if (!IsCloseCode(code))
            return InboundFrame.Violation(Broken("A close code is not allowed."));
        return Utf8.IsValid(payload[CodeLength..])
            ? InboundFrame.Close(code)
            : InboundFrame.Violation(Broken("A close reason is not valid UTF-8."));
    }

    // RFC 6455, 7.4, with what has been registered since; the others are reserved, some of them never to be on the wire.
    private static bool IsCloseCode(ushort code) => code is (>= 1000 and <= 1003) or (>= 1007 and <= 1014) or (>= 3000 and <= 4999);

    private static ClientRequest.Malformed Broken(string rule) => Fault(rule, CloseReason.ProtocolError);

    private void Append(in ReadOnlySequence<byte> payload, ReadOnlySpan<byte> mask)
    {
        var length = _messageLength + (int)payload.Length;
        if (length > (_message?.Length ?? 0))
            Grow(length);
        var piece = _message.AsSpan(_messageLength, (int)payload.Length);
        payload.CopyTo(piece);
        Masking.Apply(piece, mask);
        _messageLength = length;
    }

    private void Grow(int length)
    {
        // Pieces that keep coming are not copied over and over.
        var larger = ArrayPool<byte>.Shared.Rent(Math.Max(length, (int)Math.Min(2L * _messageLength, MaxMessageBytes)));
        _message.AsSpan(0, _messageLength).CopyTo(larger);
        if (_message is not null)
            ArrayPool<byte>.Shared.Return(_message);
        _message = larger;
    }

    /// <param name="First">The first byte of the frame.</param>
    /// <param name="IsMasked">Whether a mask follows the length.</param>
    /// <param name="PayloadLength">What was announced.</param>
    /// <param name="Length">The length of the header with its mask.</param>
    private readonly record struct Header(byte First, bool IsMasked, ulong PayloadLength, int Length)
    {
        public bool IsFinal => (First & Fin) != 0;

        public bool HasReservedBits => (First & Reserved) != 0;

        public Opcode Opcode => (Opcode)(First & OpcodeBits);
    }
}
