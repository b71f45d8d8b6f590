using Presence.Client.Wire;

namespace Presence.Client.Links;

/// <summary>How messages follow one another on a TCP link (protocol section E2): lines, or lengths.</summary>
internal abstract class Framing
{
    public static Framing Of(WireFormat format) => format.IsText ? Lines : Lengths;

    /// <summary>Each message ends with a line feed; a carriage return before it and empty lines say nothing.</summary>
    public static Framing Lines { get; } = new LineFraming();

    /// <summary>Each message is preceded by its length as a varint.</summary>
    public static Framing Lengths { get; } = new LengthFraming();

    /// <summary>The bytes of a message with what frames it.</summary>
    public abstract byte[] Frame(ReadOnlySpan<byte> message);

    /// <summary>Finds the first message among the bytes that have come.</summary>
    /// <param name="input">What has come.</param>
    /// <param name="searched">How much of that has been looked at before, and is now; 0 after a message.</param>
    /// <param name="message">Where the message is.</param>
    /// <param name="taken">How many bytes are done with, the message included.</param>
    /// <returns>Whether there is one.</returns>
    /// <exception cref="FormatException">What has come is no message.</exception>
    public abstract bool TryTake(ReadOnlySpan<byte> input, ref int searched, out Range message, out int taken);

    private sealed class LineFraming : Framing
    {
        public override byte[] Frame(ReadOnlySpan<byte> message)
        {
            var line = new byte[message.Length + 1];
            message.CopyTo(line);
            line[^1] = (byte)'\n';
            return line;
        }

        public override bool TryTake(ReadOnlySpan<byte> input, ref int searched, out Range message, out int taken)
        {
            (message, taken) = (default, 0);
            while (true)
            {
                var feed = input[searched..].IndexOf((byte)'\n');
                if (feed < 0)
                {
                    searched = input.Length;
                    return false;
                }

                var (start, end) = (taken, searched + feed);
                searched = taken = end + 1;
                if (end > start && input[end - 1] == '\r')
                    end--;
                if (end == start)
                    continue;
                (message, searched) = (start..end, 0);
                return true;
            }
        }
    }

    private sealed class LengthFraming : Framing
    {
        public override byte[] Frame(ReadOnlySpan<byte> message)
        {
            Span<byte> head = stackalloc byte[Varint.MostBytes];
            head = head[..Varint.Write(head, (uint)message.Length)];
            var framed = new byte[head.Length + message.Length];
            head.CopyTo(framed);
            message.CopyTo(framed.AsSpan(head.Length));
            return framed;
        }

        public override bool TryTake(ReadOnlySpan<byte> input, ref int searched, out Range message, out int taken)
        {
            (message, taken) = (default, 0);
            var length = 0L;
            for (var i = 0; i < input.Length; i++)
            {
                length |= (long)(input[i] & 0x7f) << (7 * i);
                if (i == Varint.MostBytes - 1 && input[i] >= 0x80 || length > Link.MostIncomingBytes)
                    throw new FormatException("The server sent a message that is too large.");
                if (input[i] >= 0x80)
                    continue;
                var start = i + 1;
                if (input.Length - start < length)
                    return false;
                taken = start + (int)length;
                message = start..taken;
                return true;
            }

            return false;
        }
    }
}
