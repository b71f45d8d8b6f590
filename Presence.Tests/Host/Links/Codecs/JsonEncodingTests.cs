using System.Text;
using System.Text.Json;
using Presence.Actors.Connections;
using Presence.Actors.Model;
using Presence.Host.Links.Codecs;
using Xunit;

namespace Presence.Tests.Host.Links.Codecs;

public sealed class JsonEncodingTests
{
    private const string Ids = "\"user_id\":\"8f96bc43-7008-4d2a-8be1-1e73859b3033\",\"session_id\":\"ba633b3f-e790-11f1-a9e3-40b3eab63f3f\"";

    [Fact]
    public void Replies_repeat_the_cid_and_leave_out_what_says_nothing()
    {
        Assert.Equal("""{"cid":"1"}""", Wire.ToJson(new ServerMessage.Acknowledged("1")));
        Assert.Equal("{}", Wire.ToJson(new ServerMessage.Acknowledged(null)));
        Assert.Equal("{}", Wire.ToJson(new ServerMessage.Acknowledged("")));
        Assert.Equal("""{"cid":"1","pong":{}}""", Wire.ToJson(new ServerMessage.Pong("1")));
        Assert.Equal("""{"pong":{}}""", Wire.ToJson(new ServerMessage.Pong(null)));
        Assert.Equal("""{"ping":{}}""", Wire.ToJson(ServerMessage.Ping.Instance));
        Assert.Equal(
            """{"cid":"4","error":{"code":3,"message":"no"}}""", Wire.ToJson(new ServerMessage.Failed("4", ErrorCode.BadInput, "no")));
        Assert.Equal("""{"error":{"message":"no"}}""", Wire.ToJson(new ServerMessage.Failed(null, ErrorCode.RuntimeException, "no")));
        Assert.Equal("""{"error":{}}""", Wire.ToJson(new ServerMessage.Failed(null, ErrorCode.RuntimeException, "")));
    }

    [Fact]
    [Trait("Clause", "F1")]
    public void The_answer_to_a_follow_always_has_its_list()
    {
        Assert.Equal("""{"cid":"3","status":{"presences":[]}}""", Wire.ToJson(new ServerMessage.Snapshot("3", [])));
        Assert.Equal(
            $$$"""{"cid":"2","status":{"presences":[{{{{Ids}}},"username":"vpUFErysGW","status":"hello"}]}}""",
            Wire.ToJson(new ServerMessage.Snapshot("2", [new UserSession(Samples.User, Samples.Shown("hello"))])));
    }

    [Fact]
    [Trait("Clause", "E1")]
    public void An_event_has_joins_and_leaves_as_far_as_there_are_any()
    {
        Assert.Equal(
            $$$"""{"status_presence_event":{"joins":[{{{{Ids}}},"username":"vpUFErysGW","status":"hello"}]}}""",
            Wire.ToJson(Samples.Event(new StatusChange(null, Samples.Shown("hello")))));
        Assert.Equal(
            $$$"""{"status_presence_event":{"leaves":[{{{{Ids}}},"username":"vpUFErysGW","status":"hello"}]}}""",
            Wire.ToJson(Samples.Event(new StatusChange(Samples.Shown("hello"), null))));
        Assert.Equal(
            $$$"""{"status_presence_event":{"joins":[{{{{Ids}}},"username":"vpUFErysGW","status":"b"}],"leaves":[{{{{Ids}}},"username":"vpUFErysGW","status":"a"}]}}""",
            Wire.ToJson(Samples.Event(new StatusChange(Samples.Shown("a"), Samples.Shown("b")))));
    }

    [Fact]
    [Trait("Clause", "S1")]
    public void An_empty_status_is_written_and_an_empty_name_is_not() =>
        Assert.Equal(
            $$$"""{"status_presence_event":{"joins":[{{{{Ids}}},"status":""}]}}""",
            Wire.ToJson(Samples.Event(new StatusChange(null, Samples.Shown("", username: "")))));

    [Theory]
    [Trait("Clause", "S2")]
    [InlineData("äöü € 漢字 😀 👩‍👩‍👧", "äöü € 漢字 😀 👩‍👩‍👧")]
    [InlineData("<a href='x'>&amp;+</a>", "<a href='x'>&amp;+</a>")]
    [InlineData("\u2028\u2029\u007f\u0085\ufeff\uffff", "\u2028\u2029\u007f\u0085\ufeff\uffff")]
    [InlineData("{\"a\":\"b\\c\"}", "{\\\"a\\\":\\\"b\\\\c\\\"}")]
    [InlineData("\0\u0001\u001f\b\t\n\f\r", "\\u0000\\u0001\\u001f\\b\\t\\n\\f\\r")]
    [InlineData("/", "/")]
    public void Only_what_must_be_is_escaped(string status, string written)
    {
        Assert.Equal(
            $$$"""{"status_presence_event":{"joins":[{{{{Ids}}},"username":"vpUFErysGW","status":"{{{written}}}"}]}}""",
            Wire.ToJson(Samples.Event(new StatusChange(null, Samples.Shown(status)))));
        Assert.Equal($$"""{"cid":"{{written}}"}""", Wire.ToJson(new ServerMessage.Acknowledged(status)));
    }

    [Fact]
    [Trait("Clause", "C4")]
    public void A_notice_is_a_list_of_one_notification()
    {
        var at = new DateTimeOffset(2026, 11, 23, 23, 58, 57, 999, TimeSpan.FromHours(1));
        using var json = JsonDocument.Parse(Wire.ToJson(new ServerMessage.Notice("single_socket", -7, at)));
        var notice = json.RootElement.GetProperty("notifications").GetProperty("notifications")[0];
        Assert.Equal(["id", "subject", "content", "code", "create_time"], notice.EnumerateObject().Select(p => p.Name));
        Assert.True(notice.GetProperty("id").TryGetGuid(out var id) && id != Guid.Empty);
        Assert.Equal("single_socket", notice.GetProperty("subject").GetString());
        Assert.Equal("{}", notice.GetProperty("content").GetString());
        Assert.Equal(-7, notice.GetProperty("code").GetInt32());
        Assert.Equal("2026-11-23T22:58:57Z", notice.GetProperty("create_time").GetString());
    }

    [Fact]
    public void Half_a_character_in_a_name_does_no_harm()
    {
        var message = new ServerMessage.Snapshot("1", [new UserSession(Samples.User, Samples.Shown("x\ud800", "\udc00y\ud83d"))]);
        using var json = JsonDocument.Parse(Wire.ToJson(message));
        var presence = json.RootElement.GetProperty("status").GetProperty("presences")[0];
        Assert.Equal(("\ufffdy\ufffd", "x\ufffd"), (presence.GetProperty("username").GetString(), presence.GetProperty("status").GetString()));
        Assert.Contains(Encoding.UTF8.GetBytes("\ufffdy\ufffd"), ProtobufCodec.Instance.Encode(message));
    }
}
