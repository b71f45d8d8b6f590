using System.Buffers;

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
    public static ReadOnlySequence<byte> Sequence(byte[] bytes, FuzzRandom random) => Sequence(Of(bytes, random));

    /// <summary>A sequence of one segment per piece.</summary>
    public static ReadOnlySequence<byte> Sequence(IReadOnlyList<byte[]> pieces)
    {
        if (pieces.Count == 0)
            return ReadOnlySequence<byte>.Empty;
        var first = new Segment(pieces[0], null);
        var last = first;
        foreach (var piece in pieces.Skip(1))
            last = new Segment(piece, last);
        return new ReadOnlySequence<byte>(first, 0, last, last.Memory.Length);
    }

    private sealed class Segment : ReadOnlySequenceSegment<byte>
    {
        public Segment(byte[] bytes, Segment? before)
        {
            Memory = bytes;
            if (before is null)
                return;
            RunningIndex = before.RunningIndex + before.Memory.Length;
            before.Next = this;
        }
    }
}
