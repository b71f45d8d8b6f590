using System.Buffers;
using Presence.Actors.Connections;

namespace Presence.Host.Links.Framing;

/// <summary>
/// One message per line: ended by a line feed, with or without a carriage return before it. A carriage return anywhere else is a
/// violation. Empty lines are no messages, so a client may send them as a sign of life. What is written contains no line feed of its
/// own, since JSON escapes it.
/// </summary>
internal sealed class LineFraming(int maxMessageBytes) : MessageFraming(maxMessageBytes)
{
    /// <summary>What a client is told that ends its lines with a carriage return alone.</summary>
    public const string BareReturn = "A line ends with a line feed, not with a carriage return alone.";

    // How much of the input is known to hold no line end, so that a line that comes byte by byte is not searched over and over.
    private int _searched;
    private bool _awaitsLineFeed;

    /// <inheritdoc/>
    public override bool HasControlFrames => false;

    /// <inheritdoc/>
    public override bool AwaitsLineFeed => _awaitsLineFeed;

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
        _awaitsLineFeed = false;
        if (_searched == 0)
            SkipEmptyLines(ref input);
        while (input.Slice(_searched).PositionOf((byte)'\n') is { } end)
        {
            var whole = input.Slice(0, end);
            if (EndsInBareReturn(whole))
            {
                frame = BareReturnViolation();
                return true;
            }

            var line = WithoutCarriageReturn(whole);
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

        if (EndsInBareReturn(input))
        {
            frame = BareReturnViolation();
            return true;
        }

        // However the line goes on, it is too long already.
        if (WithoutCarriageReturn(input).Length > MaxMessageBytes)
        {
            frame = InboundFrame.Violation(TooBig());
            return true;
        }

        _awaitsLineFeed = EndsInReturn(input);
        _searched = (int)input.Length - (_awaitsLineFeed ? 1 : 0);
        frame = default;
        return false;
    }

    private static InboundFrame BareReturnViolation() => InboundFrame.Violation(Fault(BareReturn, CloseReason.Malformed));

    private static bool EndsInReturn(in ReadOnlySequence<byte> line) =>
        line.Length > 0 && line.Slice(line.Length - 1).PositionOf((byte)'\r') is not null;

    /// <summary>
    /// Whether there is a carriage return with something else than a line end behind it, before the line is too long. Several carriage
    /// returns before a line feed are one line end: libraries that translate line ends write a second one.
    /// </summary>
    /// <param name="line">What has come of the line; a carriage return at its end may still get its line feed.</param>
    private bool EndsInBareReturn(in ReadOnlySequence<byte> line)
    {
        var reader = new SequenceReader<byte>(line.Slice(_searched));
        while (reader.TryAdvanceTo((byte)'\r') && _searched + reader.Consumed - 1 <= MaxMessageBytes)
        {
            if (reader.TryPeek(out var next) && next != (byte)'\r')
                return true;
        }

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
        EndsInReturn(line) ? line.Slice(0, line.Length - 1) : line;
}
