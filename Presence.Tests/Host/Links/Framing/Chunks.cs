using System.Buffers;
using Presence.Host.Links.Framing;

namespace Presence.Tests.Host.Links.Framing;

/// <summary>What a framing reads from bytes that come in pieces, as a link hands them over.</summary>
internal static class Chunks
{
    /// <summary>Feeds the pieces one after the other, each behind what was left over, and notes what comes out.</summary>
    public static List<SeenFrame> ReadAll(this MessageFraming framing, IEnumerable<byte[]> pieces)
    {
        var seen = new List<SeenFrame>();
        var left = new List<byte[]>();
        foreach (var piece in pieces)
        {
            left.Add(piece);
            var input = ToSequence(left);
            while (framing.TryRead(ref input, out var frame))
            {
                // A piece says nothing but that it has been read.
                if (frame.Kind != FrameKind.Piece)
                    seen.Add(SeenFrame.Of(frame));
            }

            left.Clear();
            foreach (var segment in input)
                left.Add(segment.ToArray());
        }

        return seen;
    }

    /// <summary>The whole at once.</summary>
    public static List<SeenFrame> ReadAll(this MessageFraming framing, byte[] bytes) => framing.ReadAll([bytes]);

    /// <summary>Bytes cut before each of the given positions; a position that comes twice makes an empty piece.</summary>
    public static IEnumerable<byte[]> CutAt(this byte[] bytes, IEnumerable<int> positions)
    {
        var from = 0;
        foreach (var position in positions.Order())
        {
            yield return bytes[from..position];
            from = position;
        }

        yield return bytes[from..];
    }

    /// <summary>A sequence of one segment per piece.</summary>
    public static ReadOnlySequence<byte> ToSequence(IEnumerable<byte[]> pieces)
    {
        var first = new Segment([], null);
        var last = first;
        foreach (var piece in pieces)
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

/// <summary>A frame that outlives its payload.</summary>
internal sealed record SeenFrame(FrameKind Kind, string Payload, int CloseCode, string? Fault, int FaultCode)
{
    public static SeenFrame Message(ReadOnlySpan<byte> payload) => new(FrameKind.Message, Convert.ToHexString(payload), 0, null, 0);

    public static SeenFrame Ping(ReadOnlySpan<byte> payload) => new(FrameKind.Ping, Convert.ToHexString(payload), 0, null, 0);

    public static SeenFrame Pong(ReadOnlySpan<byte> payload) => new(FrameKind.Pong, Convert.ToHexString(payload), 0, null, 0);

    public static SeenFrame Close(int code) => new(FrameKind.Close, "", code, null, 0);

    public static SeenFrame Of(in InboundFrame frame) =>
        new(
            frame.Kind,
            Convert.ToHexString(frame.Payload.ToArray()),
            frame.CloseCode,
            frame.Fault?.Message,
            frame.Fault?.Reason.Code ?? 0);
}
