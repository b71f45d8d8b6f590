using System.Text;
using Google.Protobuf;
using Presence.Host.Links.Codecs.Wire;
using Presence.Tests.Host.Links.Framing;
using Presence.Tests.Semantics.Clients;
using Xunit;

namespace Presence.Tests.Host.Links;

/// <summary>
/// What a WebSocket gets for what it should not send: an error that reaches it, and a close with a code that says why, or
/// none at all (protocol section A7 with differences 0.6, 0.7 and 0.9, contract L3).
/// </summary>
public abstract class WebSocketFaultTests(ServerFixture server)
{
    private const int MaxMessage = 64 * 1024;

    private static readonly Dictionary<string, (ClientFrame[] Frames, int Close)> JsonFaults = new(FrameFaults(ClientFrame.Text))
    {
        ["no JSON"] = (Text("nonsense"), 1007),
        ["JSON that is cut off"] = (Text("""{"cid":"1","ping":{"""), 1007),
        ["an empty message"] = (Text(""), 1007),
        ["something behind the object"] = (Text("""{"cid":"1","ping":{}}{}"""), 1007),
        ["a comment"] = (Text("""{"ping":{}/* so to speak */}"""), 1007),
        ["bytes that are no UTF-8"] = ([new(ClientFrame.Text, [.. """{"status_update":{"status":" """u8, 0xc3, 0x28, .. """ "}}"""u8])], 1007),
        ["an overlong encoding"] = ([new(ClientFrame.Text, [.. """{"cid":" """u8, 0xc0, 0xaf, .. """ ","ping":{}}"""u8])], 1007),
        ["very deep JSON"] = (Text(new string('[', 5000)), 1007),
        ["a binary message"] = ([new(ClientFrame.Binary, """{"ping":{}}"""u8.ToArray())], 1003),
        ["a message above the limit"] = (Text($$$"""{"cid":"{{{new string('c', MaxMessage)}}}","ping":{}}"""), 1009),
        ["the announcement of a message above the limit"] = ([new(ClientFrame.Text, "x"u8.ToArray()) { AnnouncedLength = MaxMessage + 1 }], 1009),
        ["the announcement of a huge message"] = ([new(ClientFrame.Text, "x"u8.ToArray()) { AnnouncedLength = long.MaxValue }], 1009),
        ["fragments that are above the limit together"] = (
            [
                new(ClientFrame.Text, new byte[MaxMessage / 2]) { IsFinal = false },
                new(ClientFrame.Continuation, new byte[MaxMessage / 2]) { IsFinal = false },
                new(ClientFrame.Continuation, "x"u8.ToArray()),
            ], 1009),
    };

    private static readonly Dictionary<string, (ClientFrame[] Frames, int Close)> ProtobufFaults = new(FrameFaults(ClientFrame.Binary))
    {
        ["no protobuf"] = (Binary(0xff, 0xff, 0xff), 1007),
        ["a field that is cut off"] = (Binary(0x0a, 0x05, 0x31), 1007),
        ["a status that is no UTF-8 and cut off"] = (Binary(0xea, 0x01, 0x06, 0x0a, 0x03, 0x0a, 0x01, 0xff), 1007),
        ["a group that does not end"] = (Binary(0x0b), 1007),
        ["a text message"] = (Text("""{"ping":{}}"""), 1003),
        ["a message above the limit"] = ([new(ClientFrame.Binary, new byte[MaxMessage + 1])], 1009),
    };

    /// <summary>What each is answered with: the code of the error, or 0 for a pong and -1 for nothing at all.</summary>
    private static readonly Dictionary<string, (string Message, int Code)> Harmless = new()
    {
        ["an empty envelope"] = ("""{}""", 2),
        ["an envelope with nothing but a cid"] = ("""{"cid":"7"}""", 2),
        ["a message that is null"] = ("""{"cid":"7","ping":null}""", 2),
        ["a message that nobody knows"] = ("""{"cid":"7","tickle":{}}""", 2),
        ["a message that only servers send"] = ("""{"cid":"7","status":{}}""", 1),
        ["an event"] = ("""{"cid":"7","status_presence_event":{"joins":[]}}""", 1),
        ["an error"] = ("""{"cid":"7","error":{"code":3}}""", 1),
        ["a message that is not offered"] = ("""{"cid":"7","channel_join":{"target":"x","type":1}}""", 1),
        ["a remote call"] = ("""{"cid":"7","rpc":{"id":"x","payload":"{}"}}""", 1),
        ["a remote call without a cid"] = ("""{"rpc":{"id":"x"}}""", 1),
        ["data of a match, which nobody waits for"] = ("""{"match_data_send":{"match_id":"x","op_code":"1","data":"eA=="}}""", -1),
        ["data of a party, which nobody waits for"] = ("""{"partyDataSend":{"party_id":"x","op_code":"1"}}""", -1),
        ["a pong"] = ("""{"cid":"7","pong":{}}""", -1),
        ["a bad id"] = ("""{"cid":"7","status_follow":{"user_ids":["x"]}}""", 3),
        ["an empty name"] = ("""{"cid":"7","statusFollow":{"usernames":[""]}}""", 3),
        ["a status that is too long"] = ($$$"""{"cid":"7","status_update":{"status":"{{{new string('x', 2049)}}}"}}""", 3),
        ["unknown fields"] = ("""{"cid":"7","x":[{"y":null}],"ping":{"z":1}}""", 0),
        ["white space"] = (" \t\r\n{ \"cid\" :\n\"7\" , \"ping\" : { } }\r\n", 0),
        ["a cid that is null"] = ("""{"cid":null,"ping":{}}""", 0),
        ["an empty list"] = ("[]", 2),
        ["a text"] = ("\"ping\"", 3),
        ["null"] = ("null", 3),
        ["a cid that is a number"] = ("""{"cid":7,"ping":{}}""", 3),
        ["a cid that is true"] = ("""{"cid":true,"ping":{}}""", 3),
        ["a message that is no object"] = ("""{"cid":"7","ping":1}""", 3),
        ["two messages"] = ("""{"cid":"7","ping":{},"pong":{}}""", 3),
        ["a field twice"] = ("""{"cid":"6","cid":"7","ping":{}}""", 3),
        ["a field in both spellings"] = ("""{"cid":"7","status_update":{},"statusUpdate":{}}""", 3),
        ["a status that is a number"] = ("""{"status_update":{"status":1},"cid":"7"}""", 3),
        ["a status that is an object"] = ("""{"cid":"7","status_update":{"status":{"value":"x"}}}""", 3),
        ["ids that are no list"] = ("""{"cid":"7","status_follow":{"user_ids":"x"}}""", 3),
        ["ids that are numbers"] = ("""{"cid":"7","status_follow":{"user_ids":[1]}}""", 3),
        ["half a surrogate pair"] = ("""{"cid":"7","status_update":{"status":"\ud83d"}}""", 3),
        ["half a surrogate pair in a field that is skipped"] = ("""{"cid":"7","ping":{"x":"\ud83d"}}""", 0),
        ["very deep JSON in an unknown field"] = ($$$"""{"x":{{{new string('[', 5000)}}}{{{new string(']', 5000)}}},"ping":{}}""", 0),
        ["an empty table of Lua for a message"] = ("""{"cid":"7","ping":[]}""", 0),
        ["a byte order mark"] = ("\ufeff{\"cid\":\"7\",\"ping\":{}}", 0),
        ["escapes in names"] = ("""{"\u0063id":"7","pi\u006eg":{}}""", 0),
    };

    public static TheoryData<string> JsonCases => [.. JsonFaults.Keys];

    public static TheoryData<string> ProtobufCases => [.. ProtobufFaults.Keys];

    public static TheoryData<string> HarmlessCases => [.. Harmless.Keys];

    [Theory]
    [MemberData(nameof(JsonCases))]
    [Trait("Clause", "L3")]
    [Trait("Clause", "0.7")]
    public async Task Who_breaks_the_rules_of_JSON_is_told_so_and_closed(string what)
    {
        var (frames, close) = JsonFaults[what];
        await using var client = await RawClient.UpgradeAsync(server.Http, Peers.IdentityOf(Peers.NewUser(), "alice"));
        // What was asked before is still answered, in order.
        await client.SendTextAsync("""{"cid":"before","status_follow":{}}""");
        foreach (var frame in frames)
            await client.SendAsync(frame);
        Assert.Equal("""{"cid":"before","status":{"presences":[]}}""", (await client.ReadFrameAsync())!.Text);
        var envelope = await client.ReadJsonFrameAsync();
        Assert.False(envelope.TryGetProperty("cid", out _));
        Assert.Equal(3, envelope.GetProperty("error").GetProperty("code").GetInt32());
        Assert.NotEqual("", envelope.GetProperty("error").GetProperty("message").GetString());
        await ExpectCloseAsync(client, close);
    }

    [Theory]
    [MemberData(nameof(ProtobufCases))]
    [Trait("Clause", "L3")]
    [Trait("Clause", "0.7")]
    public async Task Who_breaks_the_rules_of_protobuf_is_told_so_and_closed(string what)
    {
        var (frames, close) = ProtobufFaults[what];
        await using var client = await RawClient.UpgradeAsync(server.Http, Peers.IdentityOf(Peers.NewUser(), "alice"), "&format=protobuf");
        foreach (var frame in frames)
            await client.SendAsync(frame);
        var answer = await client.ReadFrameAsync();
        Assert.Equal(ClientFrame.Binary, answer!.Opcode);
        var error = Envelope.Parser.ParseFrom(answer.Payload).Error;
        Assert.Equal(3, error.Code);
        Assert.NotEqual("", error.Message);
        await ExpectCloseAsync(client, close);
    }

    [Theory]
    [InlineData("0A01FF820200", "")]
    [InlineData("0A0137EA01050A030A01FF", "7")]
    [InlineData("EA01050A030A01FF", "")]
    [Trait("Clause", "L3")]
    [Trait("Clause", "0.7")]
    public async Task A_protobuf_text_that_is_no_UTF8_is_answered_and_the_connection_stays_open(string hex, string cid)
    {
        await using var client = await RawClient.UpgradeAsync(server.Http, Peers.IdentityOf(Peers.NewUser(), "alice"), "&format=protobuf");
        await client.SendAsync(new ClientFrame(ClientFrame.Binary, Convert.FromHexString(hex)));
        await client.SendAsync(new ClientFrame(ClientFrame.Binary, new Envelope { Cid = "still there", Ping = new Ping() }.ToByteArray()));
        var answer = Envelope.Parser.ParseFrom((await client.ReadFrameAsync())!.Payload);
        Assert.Equal((cid, 3), (answer.Cid, answer.Error.Code));
        Assert.NotNull(Envelope.Parser.ParseFrom((await client.ReadFrameAsync())!.Payload).Pong);
    }

    [Theory]
    [MemberData(nameof(HarmlessCases))]
    [Trait("Clause", "L3")]
    [Trait("Clause", "0.7")]
    public async Task What_can_be_parsed_is_answered_and_the_connection_stays_open(string what)
    {
        var (message, code) = Harmless[what];
        await using var client = await RawClient.UpgradeAsync(server.Http, Peers.IdentityOf(Peers.NewUser(), "alice"));
        await client.SendTextAsync(message);
        await client.SendTextAsync("""{"cid":"still there","ping":{}}""");
        if (code >= 0)
        {
            var answer = await client.ReadJsonFrameAsync();
            var hasCid = message.Contains("\"7\"", StringComparison.Ordinal) || message.Contains("\"cid\":7", StringComparison.Ordinal);
            Assert.Equal(hasCid ? "7" : null, answer.TryGetProperty("cid", out var cid) ? cid.GetString() : null);
            Assert.Equal(code, answer.TryGetProperty("error", out var error) ? error.GetProperty("code").GetInt32() : 0);
            Assert.Equal(code == 0, answer.TryGetProperty("pong", out _));
        }

        Assert.Equal("""{"cid":"still there","pong":{}}""", (await client.ReadFrameAsync())!.Text);
    }

    [Theory]
    [InlineData(1007, true)]
    [InlineData(1007, false)]
    [InlineData(1002, false)]
    [Trait("Clause", "C2")]
    public async Task Who_is_closed_is_cut_off_when_it_echoes_the_close_and_if_it_does_nothing(int code, bool echoes)
    {
        await using var client = await RawClient.UpgradeAsync(server.Http, Peers.IdentityOf(Peers.NewUser(), "alice"));
        await client.SendAsync(code == 1007 ? Text("nonsense")[0] : new ClientFrame(3, []));
        Assert.Equal(ClientFrame.Text, (await client.ReadFrameAsync())!.Opcode);
        Assert.Equal(code, (await client.ReadFrameAsync())!.CloseCode);
        if (echoes)
            await client.SendAsync(ClientFrame.CloseWith(code));
        await client.ExpectEndAsync();
    }

    [Fact]
    [Trait("Clause", "0.6")]
    public async Task A_message_of_the_full_64_KiB_is_taken_whole_or_in_fragments()
    {
        await using var client = await RawClient.UpgradeAsync(server.Http, Peers.IdentityOf(Peers.NewUser(), "alice"));
        var empty = """{"cid":"1","status_follow":{"user_ids":[]}}""";
        var message = Encoding.UTF8.GetBytes(empty.PadRight(MaxMessage));
        await client.SendAsync(new ClientFrame(ClientFrame.Text, message));
        Assert.Equal("""{"cid":"1","status":{"presences":[]}}""", (await client.ReadFrameAsync())!.Text);
        await client.SendAsync(new ClientFrame(ClientFrame.Text, message[..1]) { IsFinal = false });
        await client.SendAsync(new ClientFrame(ClientFrame.Continuation, []) { IsFinal = false });
        await client.SendAsync(new ClientFrame(ClientFrame.Ping, "in between"u8.ToArray()));
        await client.SendAsync(new ClientFrame(ClientFrame.Continuation, message[1..]));
        Assert.Equal((ClientFrame.Pong, "in between"), await KindAndTextAsync(client));
        Assert.Equal("""{"cid":"1","status":{"presences":[]}}""", (await client.ReadFrameAsync())!.Text);
    }

    [Fact]
    [Trait("Clause", "L3")]
    public async Task Bad_input_costs_its_sender_alone()
    {
        await using var bob = await server.ConnectAsync(LinkKind.WebSocketJson, Peers.NewUser(), "bob");
        var identity = Peers.IdentityOf(Peers.NewUser(), "alice");
        await bob.FollowAsync(identity.User);
        await using var good = await server.ConnectAsync(LinkKind.WebSocketJson, identity);
        var shown = await good.ShowAsync("still here");
        Assert.Equal(Told.Event.Join(shown), await bob.NextAsync());
        await using var bad = await RawClient.UpgradeAsync(server.Http, identity, "&status=true");
        await bob.NextAsync<Told.Event>();
        await bad.SendTextAsync("nonsense");
        var leave = await bob.NextAsync<Told.Event>();
        Assert.NotEqual(shown.Session, Assert.Single(leave.Leaves).Session);
        await good.PingAsync();
        Assert.Equal(shown, Assert.Single(await bob.FollowAsync(identity.User)));
    }

    private static IEnumerable<KeyValuePair<string, (ClientFrame[] Frames, int Close)>> FrameFaults(int opcode)
    {
        var ping = opcode == ClientFrame.Text ? """{"ping":{}}"""u8.ToArray() : [0x82, 0x02, 0x00];
        yield return new("a frame without a mask", ([new(opcode, ping) { Mask = null }], 1002));
        for (var bit = 1; bit <= 4; bit *= 2)
            yield return new($"reserved bit {bit}", ([new(opcode, ping) { ReservedBits = bit }], 1002));
        foreach (var reserved in new[] { 3, 7, 11, 15 })
            yield return new($"reserved opcode {reserved}", ([new(reserved, ping)], 1002));
        yield return new("a continuation of nothing", ([new(ClientFrame.Continuation, ping)], 1002));
        yield return new("a message within a message", ([new(opcode, ping) { IsFinal = false }, new(opcode, ping)], 1002));
        yield return new("a ping in fragments", ([new(ClientFrame.Ping, []) { IsFinal = false }], 1002));
        yield return new("a long ping", ([new(ClientFrame.Ping, new byte[126])], 1002));
        yield return new("a close with one byte", ([new(ClientFrame.Close, [3])], 1002));
        foreach (var code in new[] { 0, 999, 1004, 1005, 1006, 1015, 2999, 5000 })
            yield return new($"a close with {code}", ([ClientFrame.CloseWith(code)], 1002));
        yield return new("a length with its highest bit", ([new(opcode, ping) { AnnouncedLength = 1UL << 63, LengthBytes = 8 }], 1002));
    }

    private static async Task ExpectCloseAsync(RawClient client, int code)
    {
        var close = await client.ReadFrameAsync();
        Assert.Equal((ClientFrame.Close, (int?)code), (close!.Opcode, close.CloseCode));
        Assert.Matches("^[a-z ]*$", close.CloseReason);
        client.HalfClose();
        await client.ExpectEndAsync();
    }

    private static async Task<(int, string)> KindAndTextAsync(RawClient client)
    {
        var frame = (await client.ReadFrameAsync())!;
        return (frame.Opcode, frame.Text);
    }

    private static ClientFrame[] Text(string text) => [new(ClientFrame.Text, Encoding.UTF8.GetBytes(text))];

    private static ClientFrame[] Binary(params byte[] bytes) => [new(ClientFrame.Binary, bytes)];
}
