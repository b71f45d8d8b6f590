using System.Text;
using System.Text.Json;
using Presence.Host.Links;
using Presence.Host.Links.Codecs.Wire;
using Presence.Host.Links.Framing;
using Presence.Tests.Semantics.Clients;
using Xunit;

namespace Presence.Tests.Host.Links;

/// <summary>The plain TCP link: its hello, its messages, its ends, and what it gets for what it should not send (contract L3).</summary>
public abstract class TcpLinkTests(ServerFixture server)
{
    private const int MaxMessage = 64 * 1024;

    private const string NoJson = "The hello is not valid JSON.";
    private const string NotOne = "The first line is no hello.";
    private const string NoToken = "The hello holds no token.";
    private const string NoUtf8 = "The message is not valid UTF-8.";
    private const string NoObject = "A field that should hold an object does not.";
    private const string NoString = "A field that should hold a string does not.";
    private const string NoTruth = "A field that should hold true or false does not.";
    private const string UnknownFormat = "The format is neither json nor protobuf.";

    private static readonly string TooLong = $"The message is longer than {MaxMessage} bytes.";

    private static readonly Dictionary<string, (Func<byte[]> Bytes, string Answer)> BadHellos = new()
    {
        ["nonsense"] = (() => Line("nonsense"), NoJson),
        ["an HTTP request"] = (() => Line("GET /ws HTTP/1.1\r"), NoJson),
        ["an empty object"] = (() => Line("{}"), NotOne),
        ["a request instead"] = (() => Line("""{"cid":"1","ping":{}}"""), NotOne),
        ["a hello that is no object"] = (() => Line("""{"hello":"token"}"""), NoObject),
        ["no token"] = (() => Line("""{"hello":{"status":true}}"""), NoToken),
        ["an empty token"] = (() => Line("""{"hello":{"token":""}}"""), NoToken),
        ["a token that is a number"] = (() => Line("""{"hello":{"token":1}}"""), NoString),
        ["a bad token"] = (() => Hello("x.y.z"), PlainLinks.BadToken),
        ["an expired token"] = (() => Hello(Tokens.Sign(Peers.IdentityOf(Peers.NewUser(), "alice", TimeSpan.FromSeconds(-61)))), PlainLinks.BadToken),
        ["an unknown format"] = (() => Hello(NewToken(), format: "xml"), UnknownFormat),
        ["a status that is a text"] = (() => Line($$$"""{"hello":{"token":"{{{NewToken()}}}","status":"true"}}"""), NoTruth),
        ["bytes that are no UTF-8"] = (() => [.. """{"hello":{"token":" """u8, 0xff, .. """ "}}"""u8, (byte)'\n'], NoUtf8),
        ["an overlong line"] = (() => Hello(new string('x', MaxMessage)), TooLong),
        ["a carriage return alone"] = (() => [.. Hello(NewToken())[..^1], (byte)'\r'], LineFraming.BareReturn),
        ["a carriage return alone and another line"] = (() => [.. Hello(NewToken())[..^1], .. "\r{}"u8], LineFraming.BareReturn),
        ["an overlong line without an end"] = (() => Encoding.ASCII.GetBytes(new string('x', MaxMessage + 10)), TooLong),
    };

    private static readonly Dictionary<string, byte[]> BadLines = new()
    {
        ["nonsense"] = Line("nonsense"),
        ["two objects on a line"] = Line("""{"ping":{}}{"ping":{}}"""),
        ["a carriage return in a line"] = Line("{\"cid\":\"1\",\r\"ping\":{}}"),
        ["lines that end with a carriage return alone"] = "{\"cid\":\"1\",\"ping\":{}}\r{\"cid\":\"2\",\"ping\":{}}\r"u8.ToArray(),
        ["a line that ends with a carriage return alone"] = "{\"cid\":\"1\",\"ping\":{}}\r"u8.ToArray(),
        ["bytes that are no UTF-8"] = [.. """{"cid":" """u8, 0xff, .. """ "}"""u8, (byte)'\n'],
        ["an overlong line"] = Line($$$"""{"cid":"{{{new string('c', MaxMessage)}}}","ping":{}}"""),
        ["an overlong line without an end"] = Encoding.ASCII.GetBytes(new string('x', MaxMessage + 10)),
    };

    private static readonly Dictionary<string, byte[]> BadMessages = new()
    {
        ["no protobuf"] = [3, 0xff, 0xff, 0xff],
        ["a length above the limit"] = [0x81, 0x80, 0x04],
        ["a length that does not end"] = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
        ["a length in more bytes than it needs"] = [0x83, 0x00, 0x82, 0x02, 0x00],
    };

    public static TheoryData<string> Hellos => [.. BadHellos.Keys];

    public static TheoryData<string> Lines => [.. BadLines.Keys];

    public static TheoryData<string> Messages => [.. BadMessages.Keys];

    [Theory]
    [MemberData(nameof(Hellos))]
    [Trait("Clause", "A1")]
    [Trait("Clause", "L3")]
    public async Task A_bad_hello_is_refused_in_one_line_and_the_link_ends(string what)
    {
        await using var client = await RawClient.ConnectAsync(server.Tcp);
        var (bytes, answer) = BadHellos[what];
        await client.SendAsync(bytes());
        // What is wrong is said, and not that it took too long, which is no better than a server that does not look.
        Assert.Equal(answer, await ExpectErrorLineAsync(client, 3));
        client.HalfClose();
        await client.ExpectEndAsync();
    }

    [Fact]
    [Trait("Clause", "L3")]
    public async Task Who_hangs_up_before_its_hello_is_done_disturbs_nobody()
    {
        await using (var client = await RawClient.ConnectAsync(server.Tcp))
        {
            await client.SendAsync("{\"hello\":");
            client.HalfClose();
            Assert.Equal(PlainLinks.NoHello, await ExpectErrorLineAsync(client, 3));
            await client.ExpectEndAsync();
        }

        var abrupt = await RawClient.ConnectAsync(server.Tcp);
        await abrupt.SendAsync("{\"hello\":");
        abrupt.Reset();
        await using var alice = await server.ConnectAsync(LinkKind.TcpJson, Peers.NewUser(), "alice");
        await alice.PingAsync();
    }

    [Fact]
    [Trait("Clause", "C1")]
    public async Task The_answer_to_a_hello_says_who_one_is()
    {
        var identity = Peers.IdentityOf(Peers.NewUser(), "ålice \"x\"");
        await using var client = await RawClient.ConnectAsync(server.Tcp);
        await client.SendAsync(Hello(Tokens.Sign(identity), status: true));
        var hello = (await client.ReadJsonLineAsync())!.Value.GetProperty("hello");
        Assert.Equal(identity.User.ToString(), hello.GetProperty("user_id").GetString());
        Assert.Equal("ålice \"x\"", hello.GetProperty("username").GetString());
        var join = (await client.ReadJsonLineAsync())!.Value.GetProperty("status_presence_event").GetProperty("joins")[0];
        Assert.Equal(hello.GetProperty("session_id").GetString(), join.GetProperty("session_id").GetString());
    }

    [Theory]
    [InlineData("\n")]
    [InlineData("\r\n")]
    [InlineData("\n\n\r\n")]
    [InlineData("\r\r\n")]
    [Trait("Clause", "C1")]
    public async Task Lines_may_end_either_way_and_empty_ones_mean_nothing(string end)
    {
        await using var client = await RawClient.ConnectAsync(server.Tcp);
        await client.SendAsync($$$$"""{"hello":{"token":"{{{{NewToken()}}}}"}}{{{{end}}}}{"cid":"1","ping":{}}{{{{end}}}}""");
        Assert.True((await client.ReadJsonLineAsync())!.Value.TryGetProperty("hello", out _));
        Assert.Equal("""{"cid":"1","pong":{}}""", await client.ReadLineAsync());
        await client.SendAsync("""{"cid":"2","ping":{}}""" + end);
        Assert.Equal("""{"cid":"2","pong":{}}""", await client.ReadLineAsync());
    }

    [Fact]
    [Trait("Clause", "C1")]
    public async Task A_byte_order_mark_may_stand_before_a_line()
    {
        await using var client = await RawClient.ConnectAsync(server.Tcp);
        await client.SendAsync($$$"""{{{'\ufeff'}}}{"hello":{"token":"{{{NewToken()}}}"}}{{{'\n'}}}{{{'\ufeff'}}}{"cid":"1","ping":{}}{{{'\n'}}}""");
        Assert.True((await client.ReadJsonLineAsync())!.Value.TryGetProperty("hello", out _));
        Assert.Equal("""{"cid":"1","pong":{}}""", await client.ReadLineAsync());
    }

    [Fact]
    [Trait("Clause", "L3")]
    public async Task JSON_that_breaks_a_rule_is_answered_with_its_cid_and_the_link_stays()
    {
        await using var client = await RawClient.ConnectAsync(server.Tcp);
        await client.SendAsync((byte[])[.. Hello(NewToken()), .. Line("""{"cid":"1","status_update":{"status":"\ud83d"}}"""), .. Line("""{"cid":"2","ping":{}}""")]);
        Assert.True((await client.ReadJsonLineAsync())!.Value.TryGetProperty("hello", out _));
        var answer = (await client.ReadJsonLineAsync())!.Value;
        Assert.Equal(("1", 3), (answer.GetProperty("cid").GetString(), answer.GetProperty("error").GetProperty("code").GetInt32()));
        Assert.Equal("""{"cid":"2","pong":{}}""", await client.ReadLineAsync());
    }

    [Fact]
    [Trait("Clause", "C1")]
    public async Task A_client_may_send_on_behind_its_hello_in_either_format()
    {
        await using var lines = await RawClient.ConnectAsync(server.Tcp);
        await lines.SendAsync((byte[])[.. Hello(NewToken()), .. Line("""{"cid":"1","ping":{}}"""), .. Line("""{"cid":"2","ping":{}}""")]);
        Assert.True((await lines.ReadJsonLineAsync())!.Value.TryGetProperty("hello", out _));
        Assert.Equal("""{"cid":"1","pong":{}}""", await lines.ReadLineAsync());
        Assert.Equal("""{"cid":"2","pong":{}}""", await lines.ReadLineAsync());

        await using var delimited = await RawClient.ConnectAsync(server.Tcp);
        byte[] ping = [6, 0x0a, 0x01, 0x31, 0x82, 0x02, 0x00];
        await delimited.SendAsync((byte[])[.. Hello(NewToken(), format: "protobuf"), .. ping, .. ping[..3]]);
        Assert.True((await delimited.ReadJsonLineAsync())!.Value.TryGetProperty("hello", out _));
        byte[] pong = [6, 0x0a, 0x01, 0x31, 0x8a, 0x02, 0x00];
        Assert.Equal(pong, await delimited.ReadAsync(pong.Length));
        await delimited.SendAsync(ping.AsMemory(3));
        Assert.Equal(pong, await delimited.ReadAsync(pong.Length));
    }

    [Theory]
    [MemberData(nameof(Lines))]
    [Trait("Clause", "L3")]
    public async Task A_bad_line_is_answered_behind_the_replies_and_the_link_ends(string what)
    {
        await using var client = await OpenAsync();
        await client.SendAsync(Line("""{"cid":"before","status_follow":{}}"""));
        await client.SendAsync(BadLines[what]);
        Assert.Equal("""{"cid":"before","status":{"presences":[]}}""", await client.ReadLineAsync());
        await ExpectErrorLineAsync(client, 3);
        client.HalfClose();
        await client.ExpectEndAsync();
    }

    [Fact]
    [Trait("Clause", "C2")]
    public async Task Who_does_not_hang_up_after_an_error_is_cut_off()
    {
        await using var stranger = await RawClient.ConnectAsync(server.Tcp);
        await stranger.SendAsync(Line("nonsense"));
        await using var client = await OpenAsync();
        await client.SendAsync(Line("nonsense"));
        await ExpectErrorLineAsync(stranger, 3);
        await stranger.ExpectEndAsync();
        await ExpectErrorLineAsync(client, 3);
        await client.ExpectEndAsync();
    }

    [Theory]
    [MemberData(nameof(Messages))]
    [Trait("Clause", "L3")]
    public async Task A_bad_protobuf_message_is_answered_and_the_link_ends(string what)
    {
        await using var client = await OpenAsync("protobuf");
        await client.SendAsync(BadMessages[what]);
        var length = (await client.ReadAsync(1))[0];
        Assert.Equal(3, Envelope.Parser.ParseFrom(await client.ReadAsync(length)).Error.Code);
        client.HalfClose();
        await client.ExpectEndAsync();
    }

    [Fact]
    [Trait("Clause", "C2")]
    public async Task A_half_closed_link_gets_all_its_replies_before_it_ends()
    {
        var identity = Peers.IdentityOf(Peers.NewUser(), "alice");
        await using var bob = await server.ConnectAsync(LinkKind.Memory, Peers.NewUser(), "bob");
        await bob.FollowAsync(identity.User);
        await using var client = await RawClient.ConnectAsync(server.Tcp);
        var requests = new StringBuilder();
        for (var i = 0; i < 100; i++)
            requests.Append($$$"""{"cid":"{{{i}}}","status_follow":{"user_ids":["{{{Guid.NewGuid()}}}"]}}""").Append('\n');
        requests.Append("""{"cid":"last","status_update":{"status":"short"}}""").Append('\n');
        await client.SendAsync((byte[])[.. Hello(Tokens.Sign(identity)), .. Encoding.UTF8.GetBytes(requests.ToString())]);
        client.HalfClose();
        Assert.True((await client.ReadJsonLineAsync())!.Value.TryGetProperty("hello", out _));
        for (var i = 0; i < 100; i++)
            Assert.Equal($$$"""{"cid":"{{{i}}}","status":{"presences":[]}}""", await client.ReadLineAsync());
        Assert.Equal("""{"cid":"last"}""", await client.ReadLineAsync());
        // Its own event may or may not get through before the link has ended; nothing else does.
        if (await client.ReadLineAsync() is { } own)
        {
            Assert.StartsWith("{\"status_presence_event\"", own, StringComparison.Ordinal);
            await client.ExpectEndAsync();
        }

        Assert.Equal("short", Assert.Single((await bob.NextAsync<Told.Event>()).Joins).Status);
        Assert.Equal("short", Assert.Single((await bob.NextAsync<Told.Event>()).Leaves).Status);
    }

    [Fact]
    [Trait("Clause", "C2")]
    public async Task A_reset_ends_the_connection_at_once()
    {
        var identity = Peers.IdentityOf(Peers.NewUser(), "alice");
        await using var bob = await server.ConnectAsync(LinkKind.Memory, Peers.NewUser(), "bob");
        await bob.FollowAsync(identity.User);
        var client = await RawClient.ConnectAsync(server.Tcp);
        await client.SendAsync(Hello(Tokens.Sign(identity), status: true));
        await bob.NextAsync<Told.Event>();
        client.Reset();
        Assert.Equal("", Assert.Single((await bob.NextAsync<Told.Event>()).Leaves).Status);
    }

    private async Task<RawClient> OpenAsync(string format = "json")
    {
        var client = await RawClient.ConnectAsync(server.Tcp);
        await client.SendAsync(Hello(NewToken(), format: format));
        Assert.True((await client.ReadJsonLineAsync())!.Value.TryGetProperty("hello", out _));
        return client;
    }

    private static async Task<string?> ExpectErrorLineAsync(RawClient client, int code)
    {
        var error = (await client.ReadJsonLineAsync())!.Value.GetProperty("error");
        Assert.Equal(code, error.GetProperty("code").GetInt32());
        var message = error.GetProperty("message").GetString();
        Assert.NotEqual("", message);
        return message;
    }

    private static string NewToken() => Tokens.Sign(Peers.IdentityOf(Peers.NewUser(), "alice"));

    private static byte[] Hello(string token, bool status = false, string format = "json") =>
        [.. JsonSerializer.SerializeToUtf8Bytes(new { hello = new { token, status, format } }), (byte)'\n'];

    private static byte[] Line(string text) => Encoding.UTF8.GetBytes(text + "\n");
}
