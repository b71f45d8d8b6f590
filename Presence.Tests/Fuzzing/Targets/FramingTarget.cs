using System.Buffers;
using System.Text;
using Presence.Host.Links.Framing;
using Presence.Tests.Host.Links.Framing;

namespace Presence.Tests.Fuzzing.Targets;

/// <summary>
/// A framing of the server: whatever the pieces in which the bytes come, the same frames come out, as an independent reader reads
/// them, and no more is kept than one message.
/// </summary>
internal abstract class FramingTarget : FuzzTarget
{
    private static readonly int[] Limits = [1, 2, 10, 125, 126, 127, 128, 1024, 4096, 64 * 1024, 16 * 1024 * 1024];

    /// <summary>How many bytes the longest frame has that is not yet whole, at a limit for messages.</summary>
    protected abstract int MostLeft(int limit);

    /// <inheritdoc/>
    public override string Check(byte[] input)
    {
        var random = FuzzRandom.Of(input);
        var limit = random.Any(Limits);
        var variant = random.Below(2);
        var whole = Measured(input.Length, () => Read([input], limit, variant));
        var pieces = Pieces.Of(input, random);
        var cut = Read(pieces, limit, variant);
        FuzzFailure.UnlessSame(whole.Frames, cut.Frames, "the frames depend on how the bytes are cut");
        FuzzFailure.UnlessEqual(whole.Left, cut.Left, "what is left over depends on how the bytes are cut");
        FuzzFailure.Unless(whole.Left <= MostLeft(limit), $"{whole.Left} bytes are left over at a limit of {limit} bytes");
        Compare(input, limit, variant, whole.Frames, whole.Left);
        return whole.Frames.Count == 0 ? "incomplete" : whole.Frames[^1].Kind is FrameKind.Violation ? $"violation {whole.Frames[^1].Code}" : $"{whole.Frames[^1].Kind}";
    }

    /// <summary>A framing of this kind.</summary>
    /// <param name="limit">The longest message, in bytes.</param>
    /// <param name="variant">0 or 1, for a framing of which there are two.</param>
    protected abstract MessageFraming NewFraming(int limit, int variant);

    /// <summary>Checks the frames against an independent reader.</summary>
    protected abstract void Compare(byte[] input, int limit, int variant, IReadOnlyList<ReadFrame> frames, long left);

    private (List<ReadFrame> Frames, long Left) Read(List<byte[]> pieces, int limit, int variant)
    {
        using var framing = NewFraming(limit, variant);
        var frames = new List<ReadFrame>();
        var left = Array.Empty<byte>();
        foreach (var piece in pieces)
        {
            var input = left.Length == 0 ? new ReadOnlySequence<byte>(piece) : Chunks.ToSequence([left, piece]);
            while (framing.TryRead(ref input, out var frame))
                frames.Add(ReadFrame.Of(frame));
            left = input.ToArray();
        }

        return (frames, left.Length);
    }
}

/// <summary>A frame that outlives its payload.</summary>
internal sealed record ReadFrame(FrameKind Kind, string Payload, int Code, string Fault)
{
    public static ReadFrame Of(in InboundFrame frame) => new(
        frame.Kind, Encoding.Latin1.GetString(frame.Payload), frame.Fault?.Reason.Code ?? frame.CloseCode, frame.Fault?.Message ?? "");

    public byte[] Bytes => Encoding.Latin1.GetBytes(Payload);

    public override string ToString() => $"{Kind} {Code} {Fault} [{FuzzCorpus.Format(Bytes.AsSpan(0, Math.Min(200, Payload.Length)))}]";
}
