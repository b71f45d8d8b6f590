using System.Buffers;
using CsCheck;
using Presence.Actors.Connections;
using Presence.Bench.Wire;
using Presence.Host.Links.Framing;
using Xunit;
using BenchFrame = Presence.Bench.Wire.ClientFrame;

namespace Presence.Tests.Bench.Wire;

public sealed class ServerFrameTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(125)]
    [InlineData(126)]
    [InlineData(65_535)]
    [InlineData(65_536)]
    public void A_frame_of_a_server_is_read_when_it_is_whole_and_not_before(int length)
    {
        var payload = Enumerable.Range(0, length).Select(i => (byte)i).ToArray();
        var bytes = Server(payload);

        // Every cut of the header and some of the payload.
        foreach (var cut in Enumerable.Range(0, Math.Min(bytes.Length, 300)).Append(bytes.Length - 1))
            Assert.Equal(FrameReading.Incomplete, ServerFrame.Read(bytes.AsSpan(0, cut), out _));
        Assert.Equal(FrameReading.Whole, ServerFrame.Read([.. bytes, 0x81, 5], out var frame));
        Assert.Equal(Opcode.Text, frame.Opcode);
        Assert.Equal(bytes.Length, frame.Length);
        Assert.Equal(payload, frame.Payload.ToArray());
    }

    [Theory]
    [InlineData(0x81, 0x80)] // masked
    [InlineData(0x01, 0x00)] // a first piece
    [InlineData(0x80, 0x00)] // a continuation
    [InlineData(0xc1, 0x00)] // an extension
    [InlineData(0x83, 0x00)] // of no type
    public void What_no_server_of_the_protocol_sends_is_a_violation(byte first, byte second) =>
        Assert.Equal(FrameReading.Violation, ServerFrame.Read([first, second, 0, 0], out _));

    [Fact]
    public void A_length_that_nothing_can_have_is_a_violation() =>
        Assert.Equal(FrameReading.Violation, ServerFrame.Read([0x81, 127, 0xff, 0, 0, 0, 0, 0, 0, 0], out _));

    [Fact]
    public void Any_bytes_are_a_frame_or_the_beginning_of_one_or_a_violation() => Gen.Byte.Array[0, 40].Sample(bytes =>
    {
        if (ServerFrame.Read(bytes, out var frame) == FrameReading.Whole)
            Assert.InRange(frame.Length, 2, bytes.Length);
    });

    [Theory]
    [InlineData(0)]
    [InlineData(125)]
    [InlineData(126)]
    [InlineData(60_000)]
    [InlineData(65_536)]
    public void What_a_client_sends_a_server_reads(int length)
    {
        var buffer = new byte[BenchFrame.MaxHeader + length];
        buffer.AsSpan().Fill((byte)'z');
        var start = BenchFrame.Frame(buffer, Opcode.Text, length);

        using var framing = new WebSocketFraming(WireFormat.Json, 65_536);
        var input = new ReadOnlySequence<byte>(buffer[start..]);
        Assert.True(framing.TryRead(ref input, out var frame));
        Assert.Equal(FrameKind.Message, frame.Kind);
        Assert.Equal(Enumerable.Repeat((byte)'z', length), frame.Payload.ToArray());
        Assert.True(input.IsEmpty);
    }

    private static byte[] Server(byte[] payload)
    {
        using var framing = new WebSocketFraming(WireFormat.Json, 1 << 20);
        var output = new ArrayBufferWriter<byte>();
        framing.Write(output, payload);
        return output.WrittenSpan.ToArray();
    }
}
