namespace Presence.Tests.Fuzzing;

/// <summary>Changes an input in a few places, in the ways that readers of bytes get wrong.</summary>
/// <param name="random">Decides what is changed, and where.</param>
/// <param name="words">Texts that mean something to the reader.</param>
/// <param name="corpus">Other inputs, of which pieces are put in.</param>
/// <param name="maxLength">No result is longer, in bytes.</param>
/// <param name="isText">
/// Whether most of the bytes that are put in are printable: a reader of text refuses others at once, and looks no further.
/// </param>
internal sealed class FuzzMutation(FuzzRandom random, byte[][] words, byte[][] corpus, int maxLength, bool isText)
{
    private static readonly byte[] Bytes =
        [0, 1, 2, 7, 0x08, 9, 10, 13, 0x1f, (byte)' ', (byte)'"', (byte)'\\', (byte)'{', (byte)'}', (byte)',', (byte)':', 0x7d, 0x7e, 0x7f, 0x80, 0x81, 0x82, 0x88, 0x89, 0xc0, 0xed, 0xf4, 0xfe, 0xff];

    private static readonly long[] Numbers =
    [
        0, 1, 2, 7, 8, 15, 16, 31, 32, 63, 64, 65, 99, 100, 101, 124, 125, 126, 127, 128, 129, 255, 256, 1000, 1023, 1024, 1025, 4095, 4096, 4097, 16383, 16384,
        32767, 32768, 65534, 65535, 65536, 65537, 1 << 20, 64 << 20, int.MaxValue - 1L, int.MaxValue, int.MaxValue + 1L, uint.MaxValue - 1L, uint.MaxValue,
        uint.MaxValue + 1L, long.MaxValue - 1, long.MaxValue, -1, -2, long.MinValue,
    ];

    /// <summary>The input with one to several changes.</summary>
    public byte[] Of(byte[] input)
    {
        var list = new List<byte>(input);
        for (var left = 1 + random.Small(7); left > 0; left--)
            Change(list);
        if (list.Count > maxLength)
            list.RemoveRange(maxLength, list.Count - maxLength);
        return [.. list];
    }

    private void Change(List<byte> bytes)
    {
        var at = random.Below(bytes.Count + 1);
        switch (random.Below(14))
        {
            case 0 when at < bytes.Count:
                bytes[at] ^= (byte)(1 << random.Below(isText ? 7 : 8));
                break;
            case 1 when at < bytes.Count:
                bytes[at] = AnyByte();
                break;
            case 2 when at < bytes.Count:
                bytes[at] = EdgeByte();
                break;
            case 3:
                bytes.Insert(at, random.OneIn(2) ? EdgeByte() : AnyByte());
                break;
            case 4 when at < bytes.Count:
                bytes.RemoveRange(at, 1 + random.Small(Math.Min(bytes.Count - at, 64) - 1));
                break;
            case 5:
                // The end is cut off.
                bytes.RemoveRange(at, bytes.Count - at);
                break;
            case 6 when at < bytes.Count:
                Repeat(bytes, at);
                break;
            case 7 when corpus.Length > 0:
                Splice(bytes, at, random.Any(corpus));
                break;
            case 8 or 9 when words.Length > 0:
                Put(bytes, at, random.Any(words), replaces: random.OneIn(2));
                break;
            case 10 when !isText || random.OneIn(8):
                Put(bytes, at, Fixed(random.Any(Numbers)), replaces: random.OneIn(2));
                break;
            case 11 when !isText || random.OneIn(8):
                Put(bytes, at, Varint((ulong)random.Any(Numbers), random.OneIn(4)), replaces: random.OneIn(2));
                break;
            case 12:
                ChangeDecimal(bytes, at);
                break;
            default:
                if (at < bytes.Count)
                    bytes[at] += (byte)random.Between(-4, 4);
                break;
        }
    }

    private byte AnyByte() => isText && !random.OneIn(16) ? (byte)random.Between(' ', '~') : (byte)random.NextUInt64();

    private byte EdgeByte()
    {
        var edge = random.Any(Bytes);
        return isText && edge >= 0x7f && !random.OneIn(8) ? random.Any("{}[]\",: \\."u8) : edge;
    }

    /// <summary>A piece comes several times, or very often.</summary>
    private void Repeat(List<byte> bytes, int at)
    {
        var piece = bytes.GetRange(at, 1 + random.Small(Math.Min(bytes.Count - at, 256) - 1));
        var times = random.OneIn(16) ? random.Below(1 + (maxLength / piece.Count)) : random.Small(8);
        if (bytes.Count + (times * piece.Count) > maxLength)
            times = Math.Max(0, (maxLength - bytes.Count) / piece.Count);
        bytes.InsertRange(at, Enumerable.Repeat(piece, times).SelectMany(p => p));
    }

    private void Splice(List<byte> bytes, int at, byte[] other)
    {
        if (other.Length == 0)
            return;
        var from = random.Below(other.Length);
        var piece = other[from..(from + 1 + random.Below(other.Length - from))];
        if (random.OneIn(2))
            bytes.RemoveRange(at, bytes.Count - at);
        bytes.InsertRange(Math.Min(at, bytes.Count), piece);
    }

    private static void Put(List<byte> bytes, int at, byte[] word, bool replaces)
    {
        if (replaces)
            bytes.RemoveRange(at, Math.Min(word.Length, bytes.Count - at));
        bytes.InsertRange(at, word);
    }

    private byte[] Fixed(long number)
    {
        var bytes = BitConverter.GetBytes(number)[..(1 << random.Below(4))];
        if (random.OneIn(2))
            Array.Reverse(bytes);
        return bytes;
    }

    private static byte[] Varint(ulong number, bool isOverlong)
    {
        var bytes = new List<byte>();
        for (; number > 0x7f; number >>= 7)
            bytes.Add((byte)(number | 0x80));
        bytes.Add((byte)number);
        if (isOverlong)
        {
            bytes[^1] |= 0x80;
            bytes.Add(0);
        }

        return [.. bytes];
    }

    /// <summary>The digits around a place become another number.</summary>
    private void ChangeDecimal(List<byte> bytes, int at)
    {
        var start = bytes.FindIndex(at, b => b is >= (byte)'0' and <= (byte)'9');
        if (start < 0)
            return;
        var end = start;
        while (end < bytes.Count && bytes[end] is >= (byte)'0' and <= (byte)'9')
            end++;
        bytes.RemoveRange(start, end - start);
        bytes.InsertRange(start, System.Text.Encoding.ASCII.GetBytes(random.Any(Numbers).ToString(System.Globalization.CultureInfo.InvariantCulture)));
    }
}
