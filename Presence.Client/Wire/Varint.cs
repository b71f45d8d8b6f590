namespace Presence.Client.Wire;

/// <summary>Whole numbers in as few bytes as they need, seven bits a byte, the lowest first.</summary>
internal static class Varint
{
    /// <summary>What a number of 32 bits needs at most.</summary>
    public const int MostBytes = 5;

    /// <returns>How many bytes it took.</returns>
    public static int Write(Span<byte> output, uint value)
    {
        var length = 0;
        for (; value >= 0x80; value >>= 7)
            output[length++] = (byte)(value | 0x80);
        output[length++] = (byte)value;
        return length;
    }
}
