using System.Buffers;
using System.Text;
using Presence.Actors.Connections;
using Presence.Host.Links.Codecs;
using Presence.Host.Links.Framing;
using Xunit;

namespace Presence.Tests.Host.Links.Codecs;

/// <summary>Messages that are small on the wire and large to a careless reader.</summary>
[Trait("Clause", "L2")]
[Trait("Clause", "L3")]
public sealed class RepeatedMemberTests
{
    private const int MessageBytes = 64 * 1024;

    // What a request of that length may cost: its texts and their list are 20 bytes for each byte.
    private const long Most = 32L * MessageBytes;

    public static TheoryData<string, string> Pieces => new()
    {
        { "an event with an empty presence", "DA01021200" },
        { "a status with an empty presence", "CA01020A00" },
        { "notifications with an empty one", "BA01020A00" },
        { "an error with an empty context", "5A021A00" },
        { "a follow of one", "D201030A0161" },
        { "a follow of an empty id", "D201020A00" },
        { "an unfollow of one", "E201030A0161" },
        { "an update", "EA01050A030A0161" },
        { "a ping", "820200" },
        { "a follow and an unfollow", "D20100E20100" },
    };

    [Theory]
    [MemberData(nameof(Pieces))]
    public void A_member_that_comes_again_and_again_costs_no_more_than_its_bytes(string what, string hex)
    {
        var piece = Convert.FromHexString(hex);
        var message = new ReadOnlySequence<byte>([.. Enumerable.Repeat(piece, MessageBytes / piece.Length).SelectMany(p => p)]);
        ProtobufCodec.Instance.Decode(message);
        var before = GC.GetAllocatedBytesForCurrentThread();
        var request = ProtobufCodec.Instance.Decode(message);
        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.IsNotType<ClientRequest.Malformed>(request);
        Assert.True(allocated <= Most, $"{what}: {allocated} bytes for a message of {message.Length}");
    }

    [Fact]
    public void A_member_that_comes_again_is_merged_with_what_is_there()
    {
        Assert.Equal("Follow null ['a','b'] ['c']", Wire.Protobuf("D201030A0161" + "D201030A0162" + "D20103120163").Describe());
        Assert.Equal("Unfollow '1' ['b']", Wire.Protobuf("D201030A0161" + "0A0131" + "E201030A0162").Describe());
        Assert.Equal("Follow null ['b'] []", Wire.Protobuf("D201030A0161" + "820200" + "D201030A0162").Describe());
        Assert.Equal("UpdateStatus null 'b'", Wire.Protobuf("EA01050A030A0161" + "EA01050A030A0162").Describe());
        Assert.Equal("UpdateStatus null 'a'", Wire.Protobuf("EA01050A030A0161" + "EA0100").Describe());
    }

    [Theory]
    [InlineData(WireFormat.Json)]
    [InlineData(WireFormat.Protobuf)]
    public void A_length_that_is_announced_allocates_nothing(WireFormat format)
    {
        // 64 MB in a frame, in a message that may be as long, and then silence.
        const int announced = 64 * 1024 * 1024;
        byte[] frame = [(byte)(format == WireFormat.Json ? 0x81 : 0x82), 0xff, 0, 0, 0, 0, 0x04, 0, 0, 0, 1, 2, 3, 4, .. Encoding.ASCII.GetBytes("{\"cid\":\"1\"")];
        byte[] delimited = [0x80, 0x80, 0x80, 0x20, 0x0a, 0x01, (byte)'1'];
        var before = GC.GetAllocatedBytesForCurrentThread();
        using (var framing = new WebSocketFraming(format, announced))
            AssertIncomplete(framing, frame);
        using (var framing = new DelimitedFraming(announced))
            AssertIncomplete(framing, delimited);
        ProtobufCodec.Instance.Decode(new ReadOnlySequence<byte>(delimited[3..]));
        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.True(allocated < 1024 * 1024, $"{allocated} bytes");
    }

    [Fact]
    public void A_part_that_announces_64_MB_in_a_short_message_allocates_nothing()
    {
        // A follow of 64 MB, a text of 64 MB in one of 7 bytes, and a cid of 64 MB.
        foreach (var hex in new[] { "D201808080200A0161", "D201070A808080206161", "0A8080802031" })
        {
            var message = new ReadOnlySequence<byte>(Convert.FromHexString(hex));
            ProtobufCodec.Instance.Decode(message);
            var before = GC.GetAllocatedBytesForCurrentThread();
            Assert.IsType<ClientRequest.Malformed>(ProtobufCodec.Instance.Decode(message));
            var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            Assert.True(allocated < 64 * 1024, $"{hex}: {allocated} bytes");
        }
    }

    private static void AssertIncomplete(MessageFraming framing, byte[] bytes)
    {
        var input = new ReadOnlySequence<byte>(bytes);
        Assert.False(framing.TryRead(ref input, out _));
        Assert.Equal(bytes.Length, input.Length);
    }
}
