using System.Buffers;
using Presence.Host.Links.Framing;
using Xunit;

namespace Presence.Tests.Host.Links.Framing;

[Trait("Clause", "L3")]
public sealed class LineFramingTests
{
    private static byte[] Latin(string text) => System.Text.Encoding.Latin1.GetBytes(text);

    [Theory]
    [InlineData("a\nb\r\n\n\r\n c \n", "a|b| c ")]
    [InlineData("a\r\r\n", "a\r")]
    [InlineData("unfinished", "")]
    [InlineData("12345678\n12345678\r\n", "12345678|12345678")]
    public void Lines_are_messages_and_empty_ones_are_none(string input, string lines)
    {
        using var framing = new LineFraming(10);
        var expected = lines.Split('|', StringSplitOptions.RemoveEmptyEntries).Select(l => SeenFrame.Message(Latin(l)));
        Assert.Equal(expected, framing.ReadAll(Latin(input)));
    }

    [Theory]
    [InlineData("12345\n", 0)]
    [InlineData("1\n12345\n2\n", 1)]
    [InlineData("12345", 0)]
    [InlineData("12345\r\n", 0)]
    [InlineData("12345\r1", 0)]
    [InlineData("1234\r\r\n", 0)]
    public void A_line_above_the_limit_is_a_violation_even_before_it_ends(string input, int before)
    {
        foreach (var pieces in new[] { [Latin(input)], Latin(input).Select(b => new[] { b }) })
        {
            using var framing = new LineFraming(4);
            var seen = framing.ReadAll(pieces);
            Assert.Equal(before + 1, seen.Count);
            Assert.Equal((FrameKind.Violation, 1009), (seen[^1].Kind, seen[^1].FaultCode));
        }
    }

    [Theory]
    [InlineData("a\rb\n", 0)]
    [InlineData("a\rb", 0)]
    [InlineData("1\n\n2\r{}\r", 1)]
    [InlineData("\rb\n", 0)]
    [InlineData("a\r\rb\n", 0)]
    [InlineData("1234\r1", 0)]
    public void A_carriage_return_alone_is_a_violation_before_a_line_feed_comes(string input, int before)
    {
        foreach (var pieces in new[] { [Latin(input)], Latin(input).Select(b => new[] { b }) })
        {
            using var framing = new LineFraming(4);
            var seen = framing.ReadAll(pieces);
            Assert.Equal(before + 1, seen.Count);
            Assert.Equal((FrameKind.Violation, 1007), (seen[^1].Kind, seen[^1].FaultCode));
        }
    }

    [Theory]
    [InlineData("a\r", true)]
    [InlineData("\r", true)]
    [InlineData("a\r\r", true)]
    [InlineData("a\r\n", false)]
    [InlineData("a", false)]
    [InlineData("a\r\nb", false)]
    public void A_line_may_await_its_line_feed(string input, bool awaits)
    {
        using var framing = new LineFraming(4);
        framing.ReadAll(Latin(input));
        Assert.Equal(awaits, framing.AwaitsLineFeed);
    }

    [Fact]
    public void A_line_at_the_limit_may_end_in_a_carriage_return_that_came_alone()
    {
        using var framing = new LineFraming(4);
        Assert.Equal([SeenFrame.Message("1234"u8)], framing.ReadAll([Latin("1234\r"), Latin("\n")]));
    }

    [Fact]
    public void What_follows_a_line_is_left_for_another_framing()
    {
        using var framing = new LineFraming(4);
        var input = new ReadOnlySequence<byte>(Latin("hi\n\u0005rest"));
        Assert.True(framing.TryRead(ref input, out _));
        Assert.Equal(Latin("\u0005rest"), input.ToArray());
    }

    [Fact]
    public void A_message_is_written_as_a_line_and_there_are_no_control_frames()
    {
        using var framing = new LineFraming(4);
        var output = new ArrayBufferWriter<byte>();
        framing.Write(output, "{}"u8);
        Assert.Equal("{}\n"u8.ToArray(), output.WrittenSpan.ToArray());
        Assert.Equal(3, framing.FrameLength(2));
        framing.WritePing(output, [1]);
        framing.WritePong(output, ReadOnlySequence<byte>.Empty);
        framing.WriteClose(output, 1000, "bye");
        Assert.Equal(3, output.WrittenCount);
        Assert.False(framing.HasControlFrames);
    }

    [Theory]
    [InlineData("\n\n\n", 3)]
    [InlineData("\r\n\n\r\n", 3)]
    [InlineData("{}\n", 0)]
    [InlineData("\n\r\n{}\n\n", 2)]
    [InlineData("\n\r", 1)]
    [Trait("Clause", "L4")]
    public void Empty_lines_are_passed_over_and_counted(string text, int skipped)
    {
        using var framing = new LineFraming(1024);
        var input = new System.Buffers.ReadOnlySequence<byte>(System.Text.Encoding.UTF8.GetBytes(text));
        framing.TryRead(ref input, out _);
        Assert.Equal(skipped, framing.Skipped);
    }
}
