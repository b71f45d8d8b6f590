using System.Buffers;

namespace Presence.Host.Links.Framing;

/// <summary>
/// One message per line: ended by a line feed, with or without a carriage return before it. Empty lines are no messages, so
/// a client may send them as a sign of life. What is written contains no line feed of its own, since JSON escapes it.
/// </summary>
internal sealed class LineFraming(int maxMessageBytes) : MessageFraming(maxMessageBytes)
{
    // How much of the input is known to hold no line feed, so that a line that comes byte by byte is not searched over and over.
    private int _searched;

    /// <inheritdoc/>
    public override bool HasControlFrames => false;

    /// <inheritdoc/>
    public override int FrameLength(int payloadLength) => payloadLength + 1;

    /// <inheritdoc/>
    public override void WriteHeader(IBufferWriter<byte> output, int payloadLength)
    {
    }

    /// <inheritdoc/>
    public override void WriteTrailer(IBufferWriter<byte> output) => output.Write("\n"u8);

    /// <inheritdoc/>
    protected override bool TryReadFrame(ref ReadOnlySequence<byte> input, out InboundFrame frame)
    {
        if (_searched == 0)
            SkipEmptyLines(ref input);
        while (input.Slice(_searched).PositionOf((byte)'\n') is { } end)
        {
            var line = WithoutCarriageReturn(input.Slice(0, end));
            input = input.Slice(input.GetPosition(1, end));
            _searched = 0;
            if (line.IsEmpty)
            {
                // One that came in two parts.
                Skipped++;
                SkipEmptyLines(ref input);
                continue;
            }

            frame = line.Length > MaxMessageBytes ? InboundFrame.Violation(TooBig()) : InboundFrame.Message(line);
            return true;
        }

        // However the line goes on, it is too long already.
        if (WithoutCarriageReturn(input).Length > MaxMessageBytes)
        {
            frame = InboundFrame.Violation(TooBig());
            return true;
        }

        _searched = (int)input.Length;
        frame = default;
        return false;
    }

    /// <summary>
    /// Passes over the empty lines at the front that lie in one piece of memory, at about a nanosecond each: a client may send nothing
    /// else.
    /// </summary>
    private void SkipEmptyLines(ref ReadOnlySequence<byte> input)
    {
        var bytes = input.FirstSpan;
        var at = 0;
        while (true)
        {
            if (at < bytes.Length && bytes[at] == (byte)'\n')
                at++;
            else if (at + 1 < bytes.Length && bytes[at] == (byte)'\r' && bytes[at + 1] == (byte)'\n')
                at += 2;
            else
                break;
            Skipped++;
        }

        if (at > 0)
            input = input.Slice(at);
    }

    private static ReadOnlySequence<byte> WithoutCarriageReturn(ReadOnlySequence<byte> line) =>
        line.Length > 0 && line.Slice(line.Length - 1).PositionOf((byte)'\r') is { } end ? line.Slice(0, end) : line;
}
