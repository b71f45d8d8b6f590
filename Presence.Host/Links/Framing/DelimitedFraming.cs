using System.Buffers;
using Presence.Actors.Connections;

namespace Presence.Host.Links.Framing;

/// <summary>
/// Each message is preceded by its length as a protobuf varint, as protobuf libraries write delimited messages. A length is
/// written in as few bytes as it needs; anything else is malformed. A message may be empty.
/// </summary>
internal sealed class DelimitedFraming(int maxMessageBytes) : MessageFraming(maxMessageBytes)
{
    // What a length of 32 bits takes.
    private const int MaxLengthBytes = 5;

    /// <inheritdoc/>
    public override bool HasControlFrames => false;

    /// <inheritdoc/>
    public override int FrameLength(int payloadLength) => LengthBytes(payloadLength) + payloadLength;

    /// <inheritdoc/>
    public override void WriteHeader(IBufferWriter<byte> output, int payloadLength)
    {
        var span = output.GetSpan(MaxLengthBytes);
        var count = 0;
        var rest = (uint)payloadLength;
        for (; rest > 0x7f; rest >>= 7)
            span[count++] = (byte)(rest | 0x80);
        span[count++] = (byte)rest;
        output.Advance(count);
    }

    /// <inheritdoc/>
    protected override bool TryReadFrame(ref ReadOnlySequence<byte> input, out InboundFrame frame)
    {
        frame = default;
        var reader = new SequenceReader<byte>(input);
        var length = 0UL;
        var shift = 0;
        byte next;
        do
        {
            if (!reader.TryRead(out next))
                return false;
            length |= (ulong)(next & 0x7f) << shift;
            shift += 7;
        }
        while (next > 0x7f && shift < 7 * MaxLengthBytes);

        if (next > 0x7f || (next == 0 && shift > 7))
        {
            frame = InboundFrame.Violation(Fault("The length of a message is malformed.", CloseReason.Malformed));
            return true;
        }

        if (length > (ulong)MaxMessageBytes)
        {
            frame = InboundFrame.Violation(TooBig());
            return true;
        }

        if (reader.Remaining < (long)length)
            return false;
        frame = InboundFrame.Message(input.Slice(reader.Position, (long)length));
        input = input.Slice(frame.Payload.End);
        return true;
    }

    private static int LengthBytes(int payloadLength)
    {
        var count = 1;
        for (var rest = (uint)payloadLength; rest > 0x7f; rest >>= 7)
            count++;
        return count;
    }
}
