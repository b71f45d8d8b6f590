using System.Text;
using Presence.Host.Links.Framing;

namespace Presence.Tests.Fuzzing.Targets;

/// <summary>Lines of a TCP link.</summary>
internal sealed class LineTarget : FramingTarget
{
    public override string Name => "lines";

    public override byte[][] Words { get; } = [.. new[] { "\n", "\r\n", "\r", "\r\r\n", "\n\n", "\0", "{}", "{\"ping\":{}}\n" }.Select(Encoding.Latin1.GetBytes)];

    // Behind the line there may be a carriage return.
    protected override int MostLeft(int limit) => limit + 1;

    protected override MessageFraming NewFraming(int limit, int variant) => new LineFraming(limit);

    protected override byte[] Generate(FuzzRandom random)
    {
        var text = new StringBuilder();
        for (var lines = random.Small(20); lines > 0; lines--)
            text.Append(random.Any(['a', '\r', '{', '\0']), random.Small(random.OneIn(4) ? 1200 : 12)).Append(random.OneIn(3) ? "\r\n" : "\n");
        return Encoding.Latin1.GetBytes(text.Append('x', random.Small(300)).ToString());
    }

    protected override void Compare(byte[] input, int limit, int variant, IReadOnlyList<ReadFrame> frames, long left)
    {
        var parts = Encoding.Latin1.GetString(input).Split('\n');
        var expected = new List<string>();
        var isBroken = false;
        foreach (var part in parts[..^1])
        {
            if (HasBareReturn(part, limit))
            {
                isBroken = true;
                expected.Add("bare return");
                break;
            }

            var line = part.EndsWith('\r') ? part[..^1] : part;
            if (line.Length == 0)
                continue;
            isBroken = line.Length > limit;
            expected.Add(isBroken ? "too big" : line);
            if (isBroken)
                break;
        }

        var rest = parts[^1].EndsWith('\r') ? parts[^1][..^1] : parts[^1];
        if (!isBroken && HasBareReturn(parts[^1], limit))
            expected.Add("bare return");
        else if (!isBroken && rest.Length > limit)
            expected.Add("too big");
        FuzzFailure.UnlessSame(
            expected,
            [.. frames.Select(f => f.Kind == FrameKind.Message ? f.Payload : f.Fault == LineFraming.BareReturn ? "bare return" : "too big")],
            "the lines are not those of a plain split");
    }

    /// <summary>Whether a carriage return is not at the end of a line, before the line is too long.</summary>
    private static bool HasBareReturn(string line, int limit)
    {
        var first = Enumerable.Range(0, line.Length).FirstOrDefault(i => line[i] == '\r' && i + 1 < line.Length && line[i + 1] != '\r', -1);
        return first >= 0 && first <= limit;
    }
}
