using Google.Protobuf;
using Presence.Actors.Connections;
using Presence.Actors.Model;
using Presence.Host.Links.Codecs;
using Presence.Host.Links.Codecs.Wire;
using Presence.Tests.Host.Links.Framing;
using Xunit;

namespace Presence.Tests.Host.Links.Codecs;

public sealed class ProtobufCodecTests
{
    [Theory]
    [Trait("Clause", "L3")]
    [InlineData("0A0131820200", "Ping '1'")]
    [InlineData("820200", "Ping null")]
    [InlineData("0A00820200", "Ping null")]
    [InlineData("8A0200", "Ignored null")]
    [InlineData("0A01318A0200", "Ignored '1'")]
    [InlineData("0A0133EA01060A040A027062", "UpdateStatus '3' 'pb'")]
    [InlineData("0A0133EA01020A00", "UpdateStatus '3' ''")]
    [InlineData("0A0133EA0100", "UpdateStatus '3' null")]
    [InlineData("0A0135D20100", "Follow '5' [] []")]
    [InlineData("D201090A01610A016212017A", "Follow null ['a','b'] ['z']")]
    [InlineData("E201060A01610A0162", "Unfollow null ['a','b']")]
    [InlineData("E201060A0161120162", "Unfollow null ['a']")]
    [InlineData("820200EA0100", "UpdateStatus null null")]
    [InlineData("EA0100820200", "Ping null")]
    [InlineData("98060182020018059A0601AB", "Ping null")]
    [InlineData("9A06010F820200", "Ping null")]
    [InlineData("9A06020007820200", "Ping null")]
    [InlineData("0A010F820200", "Ping '\u000f'")]
    [InlineData("1B820202070E1C820200", "Ping null")]
    public void Requests_are_read(string hex, string request) => Assert.Equal(request, Wire.Protobuf(hex).Describe());

    [Theory]
    [Trait("Clause", "L3")]
    [InlineData("", null)]
    [InlineData("0A0131", "1")]
    [InlineData("0A01319A0600", "1")]
    public void An_envelope_without_a_known_message_is_refused(string hex, string? cid)
    {
        var refused = Assert.IsType<ClientRequest.Refused>(Wire.Protobuf(hex));
        Assert.Equal((cid, ErrorCode.MissingPayload, true), (refused.Cid, refused.Code, refused.IsAnswered));
    }

    [Theory]
    [Trait("Clause", "L3")]
    [InlineData("0A")]
    [InlineData("0A05")]
    [InlineData("0A0231")]
    [InlineData("8202")]
    [InlineData("820205")]
    [InlineData("00")]
    [InlineData("07")]
    [InlineData("FFFFFFFFFFFFFFFFFFFFFF")]
    [InlineData("0AFFFFFFFF0F31")]
    [InlineData("EA0104")]
    [InlineData("EA01020A05")]
    [InlineData("1C")]
    [InlineData("1B1B1C")]
    [InlineData("0A01310F")]
    [InlineData("0F820200")]
    [InlineData("0E820200")]
    [InlineData("8602820200")]
    [InlineData("8702820200")]
    [InlineData("FE06820200")]
    [InlineData("FF06820200")]
    [InlineData("820202000A")]
    [InlineData("8202010F")]
    [InlineData("EA0103070A00")]
    [InlineData("EA01030F0A00")]
    [InlineData("EA01050A030F0A00")]
    [InlineData("D201030E0A00")]
    [InlineData("1B0F1C820200")]
    [InlineData("1B021C820200")]
    [InlineData("8F80808010820200")]
    [InlineData("0A01FF0F")]
    [InlineData("0A01FF8202")]
    [InlineData("D201031201FFEA0104")]
    [InlineData("D201031201FF1B820202070E1D")]
    [InlineData("D201031201FF1B")]
    [InlineData("D201031201FF1C")]
    [InlineData("D201051201FF0A02")]
    public void Anything_else_is_malformed(string hex)
    {
        var malformed = Assert.IsType<ClientRequest.Malformed>(Wire.Protobuf(hex));
        Assert.Equal((ErrorCode.BadInput, CloseReason.Malformed), (malformed.Code, malformed.Reason));
    }

    [Theory]
    [Trait("Clause", "L3")]
    [InlineData("0A01FF820200", null)]
    [InlineData("0A02C328820200", null)]
    [InlineData("0A03EDA080820200", null)]
    [InlineData("0A01310A01FF820200", null)]
    [InlineData("0A01FF0A0131820200", "1")]
    [InlineData("0A0131EA01050A030A01FF", "1")]
    [InlineData("EA01060A040A02C0800A0132", "2")]
    [InlineData("D201030A01FF", null)]
    [InlineData("0A0133D201031201FF", "3")]
    [InlineData("0A0134E201030A01FF", "4")]
    [InlineData("0A0135CA3E030A01FF", "5")]
    [InlineData("0A0136E201030A01FF820200", "6")]
    [InlineData("0A0137E201030A01FF1B820202070E1C", "7")]
    [InlineData("0A00E201030A01FF", null)]
    public void A_text_that_is_not_UTF8_is_an_error_with_the_cid_where_that_can_be_read(string hex, string? cid)
    {
        var refused = Assert.IsType<ClientRequest.Refused>(Wire.Protobuf(hex));
        Assert.Equal((cid, ErrorCode.BadInput, true), (refused.Cid, refused.Code, refused.IsAnswered));
    }

    [Theory]
    [Trait("Clause", "L3")]
    [InlineData("820200", "0A03EDA080")]
    [InlineData("8202031201FF", "")]
    [InlineData("5A031201FF820200", "")]
    public void What_is_in_a_message_that_is_not_served_does_not_matter(string hex, string more) =>
        Assert.Equal(more.Length > 0, Wire.Protobuf(hex + more) is ClientRequest.Refused { Code: ErrorCode.BadInput });

    [Fact]
    [Trait("Clause", "L3")]
    public void Nesting_is_bounded()
    {
        // Groups of an unknown field, each in the one before, end nowhere or where they should.
        byte[] Groups(int depth) => [.. Enumerable.Repeat((byte)0x1b, depth), .. Enumerable.Repeat((byte)0x1c, depth)];
        Assert.IsType<ClientRequest.Refused>(ProtobufCodec.Instance.Decode(Groups(50)));
        Assert.IsType<ClientRequest.Malformed>(ProtobufCodec.Instance.Decode(Groups(30_000)));
    }

    [Fact]
    [Trait("Clause", "L3")]
    public void A_message_may_lie_in_pieces()
    {
        var message = new Envelope { Cid = "😀", StatusFollow = new StatusFollow { UserIds = { "é", "😀" } } }.ToByteArray();
        for (var cut = 0; cut <= message.Length; cut++)
        {
            var pieces = Chunks.ToSequence(message.CutAt([cut, Math.Min(cut + 3, message.Length)]));
            Assert.Equal("Follow '😀' ['é','😀'] []", ProtobufCodec.Instance.Decode(pieces).Describe());
        }
    }

    [Fact]
    public void Replies_are_written_as_the_protocol_numbers_them()
    {
        Assert.Equal("0A0133", Wire.ToHex(new ServerMessage.Acknowledged("3")));
        Assert.Equal("", Wire.ToHex(new ServerMessage.Acknowledged(null)));
        Assert.Equal("0A01318A0200", Wire.ToHex(new ServerMessage.Pong("1")));
        Assert.Equal("820200", Wire.ToHex(ServerMessage.Ping.Instance));
        Assert.Equal("0A0135CA0100", Wire.ToHex(new ServerMessage.Snapshot("5", [])));
        Assert.Equal(
            "0A01365A1B08031217496E76616C69642075736572206964656E746966696572",
            Wire.ToHex(new ServerMessage.Failed("6", ErrorCode.BadInput, "Invalid user identifier")));
        Assert.Equal("5A0412026E6F", Wire.ToHex(new ServerMessage.Failed(null, ErrorCode.RuntimeException, "no")));
    }

    [Fact]
    [Trait("Clause", "E1")]
    public void Joins_are_field_2_and_leaves_field_3()
    {
        var user = "0A24" + Convert.ToHexString("8f96bc43-7008-4d2a-8be1-1e73859b3033"u8);
        var session = "1224" + Convert.ToHexString("ba633b3f-e790-11f1-a9e3-40b3eab63f3f"u8);
        var shown = user + session + "1A0A" + Convert.ToHexString("vpUFErysGW"u8);
        Assert.Equal(
            "DA0160125E" + shown + "2A040A026869",
            Wire.ToHex(Samples.Event(new StatusChange(null, Samples.Shown("hi")))));
        Assert.Equal("DA015C1A5A" + shown + "2A00", Wire.ToHex(Samples.Event(new StatusChange(Samples.Shown(""), null))));
    }

    [Fact]
    [Trait("Clause", "C4")]
    public void A_notice_is_a_list_of_one_notification()
    {
        var at = new DateTimeOffset(2026, 11, 23, 22, 58, 57, 999, TimeSpan.Zero);
        var envelope = Envelope.Parser.ParseFrom(ProtobufCodec.Instance.Encode(new ServerMessage.Notice("banned", -8, at)));
        var notice = Assert.Single(envelope.Notifications.Notifications_);
        Assert.True(Guid.TryParse(notice.Id, out _));
        Assert.Equal(("banned", "{}", -8, "", false), (notice.Subject, notice.Content, notice.Code, notice.SenderId, notice.Persistent));
        Assert.Equal(at.AddMilliseconds(-999), notice.CreateTime.ToDateTimeOffset());
    }
}
