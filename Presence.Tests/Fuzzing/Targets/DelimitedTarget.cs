using System.Text;
using Presence.Host.Links.Framing;

namespace Presence.Tests.Fuzzing.Targets;

/// <summary>Messages of a TCP link that are each preceded by their length.</summary>
internal sealed class DelimitedTarget : FramingTarget
{
    public override string Name => "delimited";

    public override byte[][] Words { get; } =
        [[0x00], [0x80, 0x00], [0x80, 0x80, 0x00], [0xff, 0xff, 0xff, 0xff, 0x0f], [0xff, 0xff, 0xff, 0xff, 0x1f], [0x80, 0x80, 0x80, 0x20], [0x81, 0x80, 0x80, 0x80, 0x80, 0x00]];

    protected override int MostLeft(int limit) => limit + 5;

    protected override MessageFraming NewFraming(int limit, int variant) => new DelimitedFraming(limit);

    protected override byte[] Generate(FuzzRandom random)
    {
        var bytes = new List<byte>();
        for (var messages = random.Small(20); messages > 0; messages--)
        {
            var length = random.Small(random.OneIn(6) ? 3000 : 140);
            var announced = random.OneIn(12) ? length + random.Between(-2, 2) : length;
            var rest = (uint)Math.Max(announced, 0);
            for (; rest > 0x7f; rest >>= 7)
                bytes.Add((byte)(rest | 0x80));
            bytes.Add((byte)rest);
            bytes.AddRange(Enumerable.Repeat((byte)random.Below(256), length));
        }

        return [.. bytes];
    }

    protected override void Compare(byte[] input, int limit, int variant, IReadOnlyList<ReadFrame> frames, long left)
    {
        var expected = new List<string>();
        for (var at = 0; at < input.Length;)
        {
            var end = Array.FindIndex(input, at, b => b < 0x80);
            var digits = (end < 0 ? input.Length : end + 1) - at;
            if (digits > 5 || (digits == 5 && end < 0))
            {
                expected.Add("malformed");
                break;
            }

            if (end < 0)
                break;
            var length = 0UL;
            for (var i = digits - 1; i >= 0; i--)
                length = (length << 7) | (input[at + i] & 0x7fUL);
            if (digits > 1 && input[end] == 0)
            {
                expected.Add("malformed");
                break;
            }

            if (length > (ulong)limit)
            {
                expected.Add("too big");
                break;
            }

            at = end + 1;
            if ((ulong)(input.Length - at) < length)
                break;
            expected.Add(Encoding.Latin1.GetString(input, at, (int)length));
            at += (int)length;
        }

        FuzzFailure.UnlessSame(
            expected,
            [.. frames.Select(f => f.Kind == FrameKind.Message ? f.Payload : f.Code == 1009 ? "too big" : "malformed")],
            "the messages are not those of a plain reader");
    }
}
