using System.Numerics;
using System.Runtime.InteropServices;

namespace Presence.Host.Links.Framing;

/// <summary>The masking of RFC 6455, 5.3: every payload of a client is XORed with a key of four bytes, over and over.</summary>
internal static class Masking
{
    /// <summary>The length of a key, in bytes.</summary>
    public const int KeyLength = sizeof(uint);

    /// <summary>Masks or unmasks a whole payload in place; the two are the same.</summary>
    public static void Apply(Span<byte> payload, ReadOnlySpan<byte> key)
    {
        var keys = Vector.AsVectorByte(new Vector<uint>(MemoryMarshal.Read<uint>(key)));
        var blocks = MemoryMarshal.Cast<byte, Vector<byte>>(payload);
        for (var i = 0; i < blocks.Length; i++)
            blocks[i] ^= keys;
        // A block is a multiple of the key, so what is left begins with the first byte of the key again.
        for (var i = blocks.Length * Vector<byte>.Count; i < payload.Length; i++)
            payload[i] ^= key[i % KeyLength];
    }
}
