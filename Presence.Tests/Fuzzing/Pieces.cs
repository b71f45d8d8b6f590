using System.Buffers;
using Presence.Tests.Host.Links.Framing;

namespace Presence.Tests.Fuzzing;

/// <summary>Bytes in random pieces.</summary>
internal static class Pieces
{
    /// <summary>Cuts bytes into pieces; some are empty, and sometimes each byte is one.</summary>
    public static List<byte[]> Of(byte[] bytes, FuzzRandom random)
    {
        var pieces = new List<byte[]>();
        var most = random.OneIn(8) && bytes.Length <= 512 ? 1 : 1 + random.Small(Math.Max(bytes.Length, 16));
        for (var from = 0; from < bytes.Length;)
        {
            var to = Math.Min(bytes.Length, from + random.Between(most == 1 ? 1 : 0, most));
            pieces.Add(bytes[from..to]);
            from = to;
        }

        return pieces;
    }

    /// <summary>The same bytes as a sequence of random segments.</summary>
    public static ReadOnlySequence<byte> Sequence(byte[] bytes, FuzzRandom random) => Chunks.ToSequence(Of(bytes, random));
}
