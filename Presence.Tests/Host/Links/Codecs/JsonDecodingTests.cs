using System.Text;
using Presence.Actors.Connections;
using Presence.Host.Links.Codecs;
using Presence.Tests.Host.Links.Framing;
using Xunit;

namespace Presence.Tests.Host.Links.Codecs;

public sealed class JsonDecodingTests
{
    [Theory]
    [Trait("Clause", "S2")]
    [InlineData("""{"cid":"1","status_update":{"status":"hello"}}""", "UpdateStatus '1' 'hello'")]
    [InlineData("""{"cid":"1","statusUpdate":{"status":"hello"}}""", "UpdateStatus '1' 'hello'")]
    [InlineData(""" { "status_update" : { "status" : "hello" } , "cid" : "1" } """, "UpdateStatus '1' 'hello'")]
    [InlineData("\t{\r\n\"status_update\":{\"status\":\"\"}}\n", "UpdateStatus null ''")]
    [InlineData("""{"status_update":{"status":"{\"a\":[1]}"}}""", """UpdateStatus null '{"a":[1]}'""")]
    [InlineData("""{"status_update":{"status":"\uD83D\uDE00 é\u00e9 \b\/"}}""", "UpdateStatus null '😀 éé \b/'")]
    [InlineData("""{"status_update":{"status":"a\u0000b"}}""", "UpdateStatus null 'a\0b'")]
    [InlineData("""{"stat\u0075s_update":{"st\u0061tus":"x"}}""", "UpdateStatus null 'x'")]
    [InlineData("""{"status_update":{}}""", "UpdateStatus null null")]
    [InlineData("""{"cid":"5","status_update":{"status":null}}""", "UpdateStatus '5' null")]
    [InlineData("""{"status_update":{"status":"x","other":{"a":[1,null,{"b":"c"}]}},"more":1.5e3}""", "UpdateStatus null 'x'")]
    public void A_status_update_is_read(string message, string request) => Assert.Equal(request, Wire.Json(message).Describe());

    [Theory]
    [Trait("Clause", "F1")]
    [InlineData("""{"cid":"2","status_follow":{"user_ids":["a","b"],"usernames":[]}}""", "Follow '2' ['a','b'] []")]
    [InlineData("""{"cid":"2","statusFollow":{"userIds":["a"],"usernames":["b","b"]}}""", "Follow '2' ['a'] ['b','b']")]
    [InlineData("""{"status_follow":{"usernames":null,"user_ids":null}}""", "Follow null [] []")]
    [InlineData("""{"status_follow":{}}""", "Follow null [] []")]
    [InlineData("""{"status_unfollow":{"user_ids":["a"]},"cid":"0"}""", "Unfollow '0' ['a']")]
    [InlineData("""{"statusUnfollow":{"userIds":["a"],"usernames":["ignored"]}}""", "Unfollow null ['a']")]
    [InlineData("""{"status_unfollow":{}}""", "Unfollow null []")]
    public void A_follow_is_read(string message, string request) => Assert.Equal(request, Wire.Json(message).Describe());

    [Theory]
    [Trait("Clause", "L3")]
    [InlineData("""{"cid":"1","ping":{}}""", "Ping '1'")]
    [InlineData("""{"ping":{},"cid":null}""", "Ping null")]
    [InlineData("""{"ping":{},"cid":""}""", "Ping null")]
    [InlineData("""{"ping":{"x":1}}""", "Ping null")]
    [InlineData("""{"ping":{},"pong":null,"status":null}""", "Ping null")]
    [InlineData("""{"cid":"\"é😀\\","ping":{}}""", "Ping '\"é😀\\'")]
    [InlineData("""{"pong":{}}""", "Ignored null")]
    [InlineData("""{"cid":"7","pong":{}}""", "Ignored '7'")]
    public void Heartbeats_are_read(string message, string request) => Assert.Equal(request, Wire.Json(message).Describe());

    [Theory]
    [Trait("Clause", "L3")]
    [InlineData("{}", null)]
    [InlineData("[]", null)]
    [InlineData("""{"cid":"1"}""", "1")]
    [InlineData("""{"cid":"1","ping":null}""", "1")]
    [InlineData("""{"cid":"1","unheard_of":{}}""", "1")]
    [InlineData("""{"CID":"1"}""", null)]
    public void An_envelope_without_a_known_message_is_refused(string message, string? cid)
    {
        var refused = Assert.IsType<ClientRequest.Refused>(Wire.Json(message));
        Assert.Equal((cid, ErrorCode.MissingPayload, true), (refused.Cid, refused.Code, refused.IsAnswered));
    }

    [Theory]
    [Trait("Clause", "L3")]
    [InlineData("")]
    [InlineData(" ")]
    [InlineData("{")]
    [InlineData("}")]
    [InlineData("nonsense")]
    [InlineData("{ping:{}}")]
    [InlineData("{'ping':{}}")]
    [InlineData("""{"ping":{},}""")]
    [InlineData("""{"ping":{}} x""")]
    [InlineData("""{"ping":{}}{"ping":{}}""")]
    [InlineData("""{"ping":{}}//""")]
    [InlineData("""/**/{"ping":{}}""")]
    [InlineData("\ufeff")]
    [InlineData("\ufeff\ufeff{\"ping\":{}}")]
    [InlineData("{\"ping\":{}}\ufeff")]
    [InlineData("{\"ping\":{}}\0")]
    [InlineData("""{"status_update":{"status":"\x"}}""")]
    [InlineData("""{"status_update":{"status":"\u12"}}""")]
    [InlineData("{\"status_update\":{\"status\":\"a\nb\"}}")]
    [InlineData("""{"status_update":{"status":"x"}""")]
    [InlineData("""{"cid":"1","ping":[}""")]
    [InlineData("""{"cid":"1","status_update":{"status":["x"}""")]
    [InlineData("""{"x":01}""")]
    [InlineData("""{"x":NaN}""")]
    public void What_is_not_JSON_is_malformed(string message) => AssertMalformed(Wire.Json(message));

    [Theory]
    [Trait("Clause", "L3")]
    // No object.
    [InlineData("null", null)]
    [InlineData("1", null)]
    [InlineData("\"ping\"", null)]
    [InlineData("""[{"cid":"1","ping":{}}]""", null)]
    // A field of another type.
    [InlineData("""{"cid":"1","ping":1}""", "1")]
    [InlineData("""{"ping":"x","cid":"1"}""", "1")]
    [InlineData("""{"cid":"1","ping":false}""", "1")]
    [InlineData("""{"cid":"1","ping":[1]}""", "1")]
    [InlineData("""{"cid":"1","ping":[[[1]],{}]}""", "1")]
    [InlineData("""{"cid":"1","pong":1}""", "1")]
    [InlineData("""{"cid":"1","match_create":1}""", "1")]
    [InlineData("""{"cid":"1","status":"x"}""", "1")]
    [InlineData("""{"cid":"1","status_update":"x"}""", "1")]
    [InlineData("""{"cid":"1","status_update":[{"status":"x"}]}""", "1")]
    [InlineData("""{"cid":"1","status_update":{"status":{"value":"x"}}}""", "1")]
    [InlineData("""{"status_update":{"status":{"cid":"2"}},"cid":"1"}""", "1")]
    [InlineData("""{"cid":"1","status_update":{"status":{}}}""", "1")]
    [InlineData("""{"cid":"1","status_update":{"status":[]}}""", "1")]
    [InlineData("""{"cid":"1","status_update":{"status":5}}""", "1")]
    [InlineData("""{"cid":"1","status_update":{"status":true}}""", "1")]
    [InlineData("""{"cid":"1","status_update":{"status":["x"]}}""", "1")]
    [InlineData("""{"cid":"1","status_follow":{"user_ids":"a"}}""", "1")]
    [InlineData("""{"cid":"1","status_follow":{"user_ids":{"0":"a"}}}""", "1")]
    [InlineData("""{"cid":"1","status_follow":{"user_ids":[1]}}""", "1")]
    [InlineData("""{"cid":"1","status_follow":{"user_ids":[null]}}""", "1")]
    [InlineData("""{"cid":"1","status_follow":{"user_ids":[["a"]]}}""", "1")]
    [InlineData("""{"status_unfollow":{"user_ids":["a",{}]},"cid":"1"}""", "1")]
    // A cid that is none; a number reaches a client that sent one.
    [InlineData("""{"cid":1,"ping":{}}""", "1")]
    [InlineData("""{"cid":1.50,"ping":{}}""", "1.50")]
    [InlineData("""{"cid":true,"ping":{}}""", null)]
    [InlineData("""{"cid":{},"ping":{}}""", null)]
    [InlineData("""{"cid":"\ud800x","ping":{}}""", null)]
    // A field twice, in whichever spelling; of two cids the last counts.
    [InlineData("""{"cid":"1","cid":"1","ping":{}}""", "1")]
    [InlineData("""{"cid":"1","cid":"2","ping":{}}""", "2")]
    [InlineData("""{"cid":null,"cid":"1","ping":{}}""", "1")]
    [InlineData("""{"cid":"1","cid":null,"ping":{}}""", "1")]
    [InlineData("""{"cid":"1","ping":{},"ping":{}}""", "1")]
    [InlineData("""{"cid":"1","ping":{},"p\u0069ng":{}}""", "1")]
    [InlineData("""{"cid":"1","status_update":{},"statusUpdate":{}}""", "1")]
    [InlineData("""{"cid":"1","status_update":null,"statusUpdate":{}}""", "1")]
    [InlineData("""{"cid":"1","status_update":{"status":"a","status":"b"}}""", "1")]
    [InlineData("""{"cid":"1","status_follow":{"user_ids":[],"userIds":[]}}""", "1")]
    // Two messages.
    [InlineData("""{"cid":"1","ping":{},"status_update":{}}""", "1")]
    [InlineData("""{"ping":{},"pong":{},"cid":"1"}""", "1")]
    [InlineData("""{"rpc":{},"ping":{},"cid":"1"}""", "1")]
    // Half of a surrogate pair.
    [InlineData("""{"cid":"1","status_update":{"status":"\ud800"}}""", "1")]
    [InlineData("""{"status_update":{"status":"\udc00"},"cid":"1"}""", "1")]
    [InlineData("""{"cid":"1","status_update":{"status":"\ud800\ud800"}}""", "1")]
    [InlineData("""{"cid":"1","status_update":{"status":"\udc00\ud800"}}""", "1")]
    [InlineData("""{"cid":"1","status_update":{"status":"\ud800\n\udc00"}}""", "1")]
    [InlineData("""{"cid":"1","status_update":{"status":"\ud800\\udc00"}}""", "1")]
    [InlineData("""{"cid":"1","status_update":{"status":"\uD83Dx"}}""", "1")]
    [InlineData("""{"cid":"1","status_follow":{"user_ids":["\uD83D"]}}""", "1")]
    [InlineData("""{"cid":"1","status_follow":{"usernames":["a","\uDE00"]}}""", "1")]
    public void JSON_that_breaks_a_rule_is_answered_with_its_cid(string message, string? cid)
    {
        var refused = Assert.IsType<ClientRequest.Refused>(Wire.Json(message));
        Assert.Equal((cid, ErrorCode.BadInput, true), (refused.Cid, refused.Code, refused.IsAnswered));
        Assert.False(string.IsNullOrWhiteSpace(refused.Message));
    }

    [Theory]
    [Trait("Clause", "L3")]
    [InlineData("""{"cid":"1","ping":[]}""", "Ping '1'")]
    [InlineData("""{"cid":"1","ping":[ ]}""", "Ping '1'")]
    [InlineData("""{"pong":[]}""", "Ignored null")]
    [InlineData("""{"cid":"1","status_update":[]}""", "UpdateStatus '1' null")]
    [InlineData("""{"cid":"1","status_follow":[]}""", "Follow '1' [] []")]
    [InlineData("""{"cid":"1","status_follow":{"user_ids":{},"usernames":{ }}}""", "Follow '1' [] []")]
    [InlineData("""{"cid":"1","status_follow":{"user_ids":["a"],"usernames":{}}}""", "Follow '1' ['a'] []")]
    [InlineData("""{"cid":"1","status_unfollow":[]}""", "Unfollow '1' []")]
    [InlineData("""{"cid":"1","status_unfollow":{"user_ids":{}}}""", "Unfollow '1' []")]
    public void An_empty_table_of_Lua_is_an_empty_list_or_message(string message, string request) => Assert.Equal(request, Wire.Json(message).Describe());

    [Theory]
    [Trait("Clause", "L3")]
    [InlineData("""{"ping":{},"x":1,"x":2}""")]
    [InlineData("""{"ping":{"x":1,"x":1}}""")]
    [InlineData("""{"ping":{},"x":[{"y":{},"y":{}}]}""")]
    [InlineData("""{"ping":{},"\ud800":1,"\ud800":2}""")]
    [InlineData("""{"ping":{},"x":["\ud800"]}""")]
    [InlineData("""{"ping":{"x":{"\udfff":1}}}""")]
    [InlineData("""{"ping":{},"x":{"ping":{},"cid":1}}""")]
    [InlineData("\ufeff{\"ping\":{}}")]
    [InlineData("\ufeff {\"ping\":{}}")]
    public void Unknown_fields_and_a_byte_order_mark_are_skipped(string message) => Assert.Equal("Ping null", Wire.Json(message).Describe());

    [Fact]
    [Trait("Clause", "L2")]
    public void Many_broken_names_cost_no_exception_each()
    {
        var names = string.Concat(Enumerable.Repeat("\"\\ud800\":1,", 5000));
        var message = $$$"""{{{{names}}}"ping":{}}""";
        var exceptions = 0;
        var thread = Environment.CurrentManagedThreadId;
        EventHandler<System.Runtime.ExceptionServices.FirstChanceExceptionEventArgs> count = (_, _) => exceptions += Environment.CurrentManagedThreadId == thread ? 1 : 0;
        AppDomain.CurrentDomain.FirstChanceException += count;
        try
        {
            Assert.Equal("Ping null", Wire.Json(message).Describe());
        }
        finally
        {
            AppDomain.CurrentDomain.FirstChanceException -= count;
        }

        Assert.Equal(0, exceptions);
    }

    [Theory]
    [Trait("Clause", "L3")]
    [InlineData("C328")]
    [InlineData("FF")]
    [InlineData("C080")]
    [InlineData("EDA080")]
    [InlineData("F4908080")]
    [InlineData("E282")]
    public void Invalid_UTF8_is_malformed_wherever_it_stands(string hex)
    {
        byte[] bad = Convert.FromHexString(hex);
        AssertMalformed(JsonCodec.Instance.Decode([.. "{\"status_update\":{\"status\":\""u8, .. bad, .. "\"}}"u8]));
        AssertMalformed(JsonCodec.Instance.Decode([.. "{\"ping\":{},\"x\":\""u8, .. bad, .. "\"}"u8]));
        AssertMalformed(JsonCodec.Instance.Decode([.. "{\"ping\":{},\""u8, .. bad, .. "\":1}"u8]));
    }

    [Theory]
    [Trait("Clause", "L3")]
    [InlineData(30)]
    [InlineData(64)]
    [InlineData(30_000)]
    public void What_is_skipped_may_be_nested_as_deep_as_the_message_is_long(int depth)
    {
        foreach (var (open, close) in new[] { ("[", "]"), ("{\"a\":", "}") })
        {
            var deep = $"{Repeat(open, depth)}1{Repeat(close, depth)}";
            Assert.Equal("Ping null", Wire.Json($$$"""{"ping":{},"x":{{{deep}}}}""").Describe());
            Assert.Equal("1", Assert.IsType<ClientRequest.Refused>(Wire.Json($$$"""{"status_update":{"status":{{{deep}}}},"cid":"1"}""")).Cid);
            AssertMalformed(Wire.Json($$$"""{"ping":{},"x":{{{deep[..^1]}}}}"""));
        }
    }

    [Fact]
    [Trait("Clause", "L3")]
    public void Long_names_are_unknown()
    {
        var name = new string('n', 5000);
        Assert.Equal("Ping null", Wire.Json($$$"""{"{{{name}}}":1,"{{{name}}}":2,"ping":{}}""").Describe());
        // A known name may be written as long as one likes.
        var escaped = string.Concat("ping".Select(c => $"\\u{(int)c:x4}"));
        Assert.Equal("Ping null", Wire.Json($$$"""{"{{{escaped}}}":{}}""").Describe());
    }

    [Fact]
    [Trait("Clause", "L3")]
    public void A_message_may_lie_in_pieces()
    {
        var message = Encoding.UTF8.GetBytes("""{"cid":"😀","status_follow":{"user_ids":["é","\uD83D\uDE00"]}}""");
        for (var cut = 0; cut <= message.Length; cut++)
        {
            var pieces = Chunks.ToSequence(message.CutAt([cut, Math.Min(cut + 3, message.Length)]));
            Assert.Equal("Follow '😀' ['é','😀'] []", JsonCodec.Instance.Decode(pieces).Describe());
        }
    }

    [Fact]
    [Trait("Clause", "A5")]
    public void What_a_client_is_told_quotes_nothing_that_it_sent()
    {
        foreach (var message in new[] { """{"cid":"secret" x}""", "secret", """{"cid":secret""" })
            Assert.DoesNotContain("secret", Assert.IsType<ClientRequest.Malformed>(Wire.Json(message)).Message, StringComparison.Ordinal);
    }

    private static void AssertMalformed(ClientRequest request)
    {
        var malformed = Assert.IsType<ClientRequest.Malformed>(request);
        Assert.Equal((null, ErrorCode.BadInput, CloseReason.Malformed), (malformed.Cid, malformed.Code, malformed.Reason));
        Assert.False(string.IsNullOrWhiteSpace(malformed.Message));
    }

    private static string Repeat(string text, int count) => string.Concat(Enumerable.Repeat(text, count));
}
