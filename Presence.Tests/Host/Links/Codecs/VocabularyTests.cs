using Google.Protobuf;
using Presence.Actors.Connections;
using Presence.Host.Links.Codecs;
using Presence.Host.Links.Codecs.Wire;
using Xunit;
using WireType = Google.Protobuf.WireFormat.WireType;

namespace Presence.Tests.Host.Links.Codecs;

/// <summary>What becomes of every member that the protocol has, in both formats.</summary>
[Trait("Clause", "L3")]
public sealed class VocabularyTests
{
    private static readonly (int Number, string Name)[] FromServers =
    [
        (2, "channel"), (5, "channel_message"), (6, "channel_message_ack"), (10, "channel_presence_event"), (11, "error"), (12, "match"),
        (14, "match_data"), (18, "match_presence_event"), (20, "matchmaker_matched"), (22, "matchmaker_ticket"), (23, "notifications"),
        (25, "status"), (27, "status_presence_event"), (30, "stream_data"), (31, "stream_presence_event"), (34, "party"),
        (39, "party_leader"), (44, "party_join_request"), (47, "party_matchmaker_ticket"), (48, "party_data"), (50, "party_presence_event"),
    ];

    private static readonly (int Number, string Name)[] NotOffered =
    [
        (3, "channel_join"), (4, "channel_leave"), (7, "channel_message_send"), (8, "channel_message_update"), (9, "channel_message_remove"),
        (13, "match_create"), (16, "match_join"), (17, "match_leave"), (19, "matchmaker_add"), (21, "matchmaker_remove"), (24, "rpc"),
        (35, "party_create"), (36, "party_join"), (37, "party_leave"), (38, "party_promote"), (40, "party_accept"), (41, "party_remove"),
        (42, "party_close"), (43, "party_join_request_list"), (45, "party_matchmaker_add"), (46, "party_matchmaker_remove"),
        (51, "party_update"),
    ];

    private static readonly (int Number, string Name)[] Unanswered = [(15, "match_data_send"), (49, "party_data_send")];

    private static readonly (int Number, string Name)[] Served =
        [(26, "status_follow"), (28, "status_unfollow"), (29, "status_update"), (32, "ping"), (33, "pong"), (1001, "session_refresh")];

    public static TheoryData<int, string, string> Refusals()
    {
        var data = new TheoryData<int, string, string>();
        foreach (var (number, name) in FromServers)
            data.Add(number, name, $"{name} is sent by servers only.");
        foreach (var (number, name) in NotOffered.Concat(Unanswered))
            data.Add(number, name, $"{name} is not offered by this server.");
        return data;
    }

    [Fact]
    public void The_schema_has_every_member_under_its_number() =>
        Assert.Equal(
            FromServers.Concat(NotOffered).Concat(Unanswered).Concat(Served).OrderBy(m => m.Number),
            Envelope.Descriptor.Oneofs[0].Fields.Select(f => (f.FieldNumber, f.Name)).OrderBy(m => m.FieldNumber));

    [Theory]
    [MemberData(nameof(Refusals))]
    public void What_is_not_served_is_refused_by_name_and_with_its_cid(int number, string name, string text)
    {
        var expected = $"Refused 'c1' UnrecognizedPayload answered {text}";
        var camel = Envelope.Descriptor.FindFieldByNumber(number).JsonName;
        Assert.Equal(expected, Wire.Json($$$"""{"cid":"c1","{{{name}}}":{"any":["thing",1,null,{}]}}""").Describe());
        Assert.Equal(expected, Wire.Json($$$"""{"{{{camel}}}":{},"cid":"c1"}""").Describe());

        using var stream = new MemoryStream();
        using (var output = new CodedOutputStream(stream, leaveOpen: true))
        {
            output.WriteTag(1, WireType.LengthDelimited);
            output.WriteString("c1");
            output.WriteTag(number, WireType.LengthDelimited);
            // Fields of any number and kind.
            output.WriteBytes(ByteString.CopyFrom(0xc0, 0x3e, 0x01, 0xca, 0x3e, 0x02, 0xff, 0xfe));
        }

        Assert.Equal(expected, ProtobufCodec.Instance.Decode(stream.ToArray()).Describe());
    }

    [Fact]
    [Trait("Clause", "C4")]
    public void A_session_refresh_says_the_same_in_both_formats()
    {
        Assert.Equal("RefreshSession 'c1' 'a.b.c'", Wire.Json("""{"cid":"c1","session_refresh":{"token":"a.b.c"}}""").Describe());
        Assert.Equal("RefreshSession 'c1' 'a.b.c'", Wire.Json("""{"sessionRefresh":{"expires_at":7,"token":"a.b.c"},"cid":"c1"}""").Describe());
        Assert.Equal("RefreshSession null ''", Wire.Json("""{"session_refresh":{"token":null}}""").Describe());
        Assert.StartsWith("Refused 'c1' BadInput", Wire.Json("""{"cid":"c1","session_refresh":{"token":7}}""").Describe(), StringComparison.Ordinal);
        // Numbers that are equal modulo 64 are not taken for one field.
        Assert.Equal(
            "Refused 'c1' BadInput answered The envelope holds two messages.",
            Wire.Json("""{"cid":"c1","session_refresh":{},"party_remove":{}}""").Describe());
        // The tag of field 1001 with a length is CA 3E.
        Assert.Equal("RefreshSession 'c1' 'a.b.c'", Wire.Protobuf("0A026331" + "CA3E07" + "0A05612E622E63").Describe());
        Assert.Equal("RefreshSession null ''", Wire.Protobuf("CA3E00").Describe());

        var answer = new ServerMessage.SessionRefreshed("c1", DateTimeOffset.FromUnixTimeSeconds(1795577262));
        Assert.Equal("""{"cid":"c1","session_refresh":{"expires_at":1795577262}}""", Wire.ToJson(answer));
        Assert.Equal(1795577262, Envelope.Parser.ParseFrom(Convert.FromHexString(Wire.ToHex(answer))).SessionRefresh.ExpiresAt);
    }

    [Fact]
    public void What_is_sent_without_waiting_is_answered_only_when_it_has_a_cid()
    {
        foreach (var (_, name) in Unanswered)
        {
            Assert.False(Assert.IsType<ClientRequest.Refused>(Wire.Json($$$"""{"{{{name}}}":{}}""")).IsAnswered);
            Assert.True(Assert.IsType<ClientRequest.Refused>(Wire.Json($$$"""{"cid":"1","{{{name}}}":{}}""")).IsAnswered);
        }

        foreach (var (_, name) in NotOffered.Concat(FromServers))
            Assert.True(Assert.IsType<ClientRequest.Refused>(Wire.Json($$$"""{"{{{name}}}":{}}""")).IsAnswered);
        Assert.False(Assert.IsType<ClientRequest.Refused>(Wire.Protobuf("7A00")).IsAnswered);
        Assert.False(Assert.IsType<ClientRequest.Refused>(Wire.Protobuf("8A0300")).IsAnswered);
    }
}
