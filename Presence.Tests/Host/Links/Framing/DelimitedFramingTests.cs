using System.Buffers;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Presence.Host.Links.Framing;
using Xunit;

namespace Presence.Tests.Host.Links.Framing;

[Trait("Clause", "L3")]
public sealed class DelimitedFramingTests
{
    [Theory]
    [InlineData("00", 1)]
    [InlineData("0000", 2)]
    [InlineData("01AA00", 2)]
    [InlineData("02AA", 0)]
    [InlineData("80", 0)]
    [InlineData("", 0)]
    public void Each_length_is_followed_by_its_message(string hex, int messages)
    {
        using var framing = new DelimitedFraming(200);
        var seen = framing.ReadAll(Convert.FromHexString(hex));
        Assert.Equal(Enumerable.Repeat(FrameKind.Message, messages), seen.Select(f => f.Kind));
    }

    [Theory]
    [InlineData("C901", 1009)]
    [InlineData("FFFFFFFF07", 1009)]
    [InlineData("FFFFFFFF7F", 1009)]
    [InlineData("FFFFFFFFFF", 1007)]
    [InlineData("8000", 1007)]
    [InlineData("81808000", 1007)]
    [InlineData("8080808080", 1007)]
    public void A_length_above_the_limit_or_badly_written_is_a_violation(string hex, int closeCode)
    {
        using var framing = new DelimitedFraming(200);
        var seen = Assert.Single(framing.ReadAll(Convert.FromHexString(hex + "00")));
        Assert.Equal((FrameKind.Violation, closeCode), (seen.Kind, seen.FaultCode));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(127)]
    [InlineData(128)]
    [InlineData(16_383)]
    [InlineData(16_384)]
    [InlineData(2_097_152)]
    public void Messages_are_written_as_protobuf_libraries_do(int length)
    {
        using var framing = new DelimitedFraming(200);
        var message = new BytesValue { Value = ByteString.CopyFrom(new byte[length]) };
        using var theirs = new MemoryStream();
        message.WriteDelimitedTo(theirs);
        var ours = new ArrayBufferWriter<byte>();
        framing.Write(ours, message.ToByteArray());
        Assert.Equal(theirs.ToArray(), ours.WrittenSpan.ToArray());
        Assert.Equal(ours.WrittenCount, framing.FrameLength(message.CalculateSize()));
    }

    [Fact]
    public void There_are_no_control_frames()
    {
        using var framing = new DelimitedFraming(200);
        var output = new ArrayBufferWriter<byte>();
        framing.WritePing(output, [1]);
        framing.WritePong(output, ReadOnlySequence<byte>.Empty);
        framing.WriteClose(output, 1000, "bye");
        Assert.Equal(0, output.WrittenCount);
        Assert.False(framing.HasControlFrames);
    }
}
