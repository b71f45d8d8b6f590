using System.Buffers.Text;

namespace Presence.Bench.Wire;

/// <summary>
/// What the status of a publisher says: when the update was meant to be sent, and which update of that publisher it is, as in
/// <c>t:1503462871;n:17;xxxx</c>. So a delivery tells its latency by itself, and an event that goes from update 14 to update 17 tells
/// that it stands for three.
/// </summary>
/// <param name="Time">Nanoseconds.</param>
/// <param name="Number">Counts the updates of a publisher, from 1.</param>
internal readonly record struct StatusMark(long Time, long Number)
{
    private const int LongestNumber = 20;

    /// <summary>The longest mark, in bytes, without what it is padded with.</summary>
    public const int MaxLength = 2 * LongestNumber + 6;

    /// <summary>What a status with a mark begins with inside JSON.</summary>
    public static ReadOnlySpan<byte> Beginning => "\"t:"u8;

    private static ReadOnlySpan<byte> BeforeNumber => ";n:"u8;

    /// <summary>Writes the mark, padded to a length; returns how long it became.</summary>
    public int Write(Span<byte> text, int length)
    {
        "t:"u8.CopyTo(text);
        var end = 2;
        Utf8Formatter.TryFormat(Time, text[end..], out var written);
        end += written;
        BeforeNumber.CopyTo(text[end..]);
        end += BeforeNumber.Length;
        Utf8Formatter.TryFormat(Number, text[end..], out written);
        end += written;
        text[end++] = (byte)';';
        if (end >= length)
            return end;
        text[end..length].Fill((byte)'x');
        return length;
    }

    /// <summary>Reads the mark that follows <see cref="Beginning"/>.</summary>
    public static bool TryRead(ReadOnlySpan<byte> text, out StatusMark mark)
    {
        mark = default;
        if (!Utf8Parser.TryParse(text, out long time, out var read) || !text[read..].StartsWith(BeforeNumber))
            return false;
        if (!Utf8Parser.TryParse(text[(read + BeforeNumber.Length)..], out long number, out _))
            return false;
        mark = new StatusMark(time, number);
        return true;
    }
}
