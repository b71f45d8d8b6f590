using System.Diagnostics;
using System.Text.Json;
using Presence.Actors.Connections;
using Presence.Host.Configuration;
using Presence.Tests.Host.Links.Framing;
using Presence.Tests.Semantics.Clients;
using Xunit;

namespace Presence.Tests.Host.Links;

/// <summary>What happens before a WebSocket is one (protocol sections A1 to A3).</summary>
public abstract class UpgradeTests(ServerFixture server)
{
    private const string BadFormat = "400 Invalid format parameter\n";
    private const string BadToken = "401 Missing or invalid token\n";
    private const string BadRequest = "400 Bad Request\n";

    private static string Token => Tokens.Sign(Alice());

    // Made when they are used: tokens tell the time.
    private static readonly Dictionary<string, Func<(string Target, string Answer)>> Refused = new()
    {
        ["an unknown format"] = () => ($"/ws?token={Token}&format=xml", BadFormat),
        ["a format in capitals"] = () => ($"/ws?token={Token}&format=JSON", BadFormat),
        ["an unknown format comes before a bad token"] = () => ("/ws?token=x&format=xml", BadFormat),
        ["no token"] = () => ("/ws", BadToken),
        ["an empty token"] = () => ("/ws?token=", BadToken),
        ["two tokens"] = () => ($"/ws?token={Token}&token={Token}", BadToken),
        ["a token that is none"] = () => ("/ws?token=x", BadToken),
        ["a token without a signature"] = () => ($"/ws?token={Token[..(Token.LastIndexOf('.') + 1)]}", BadToken),
        ["a token without a part"] = () => ($"/ws?token={Token[..Token.LastIndexOf('.')]}", BadToken),
        ["a token that was tampered with"] = () => ($"/ws?token={Tampered()}", BadToken),
        ["a token of another key"] = () => ($"/ws?token={WithHeader("""{"alg":"HS256","typ":"JWT"}""", "another key")}", BadToken),
        ["a refresh token"] = () => ($"/ws?token={WithHeader("""{"alg":"HS256","typ":"JWT"}""", WellKnownKeys.RefreshSigning)}", BadToken),
        ["a token of no algorithm"] = () => ($"/ws?token={WithHeader("""{"alg":"none","typ":"JWT"}""")}", BadToken),
        ["a token of no algorithm and no signature"] = () => ($"/ws?token={Unsigned()}", BadToken),
        ["a token that says HS512"] = () => ($"/ws?token={WithHeader("""{"alg":"HS512","typ":"JWT"}""")}", BadToken),
        ["a token that says RS256"] = () => ($"/ws?token={WithHeader("""{"alg":"RS256","typ":"JWT"}""")}", BadToken),
        ["an expired token"] = () => ($"/ws?token={WithClaims(exp: $"{Now - 61}")}", BadToken),
        ["a token that expires in words"] = () => ($"/ws?token={WithClaims(exp: $"\"{Now + 60}\"")}", BadToken),
        ["a token that never expires"] = () => ($"/ws?token={WithClaims(exp: "null")}", BadToken),
        ["a token that is not valid yet"] = () => ($"/ws?token={WithClaims(exp: $"{Now + 600},\"nbf\":{Now + 300}")}", BadToken),
        ["a token of nobody"] = () => ($"/ws?token={WithClaims(uid: "null")}", BadToken),
        ["a token of an empty user"] = () => ($"/ws?token={WithClaims(uid: "\"\"")}", BadToken),
        ["a token of a user that is none"] = () => ($"/ws?token={WithClaims(uid: "7")}", BadToken),
    };

    public static TheoryData<string> Refusals => [.. Refused.Keys];

    public static TheoryData<string, string> BadHandshakes => new()
    {
        { "no upgrade", "Connection: keep-alive\r\n" },
        { "another upgrade", "Upgrade: h2c\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" },
        { "no connection header", "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" },
        { "an old version", "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 8\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" },
        { "no version", "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" },
        { "no key", "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n" },
        { "a short key", "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: c2hvcnQ=\r\n" },
    };

    private static long Now => DateTimeOffset.UtcNow.ToUnixTimeSeconds();

    [Theory]
    [MemberData(nameof(Refusals))]
    [Trait("Clause", "A1")]
    [Trait("Clause", "L3")]
    public async Task A_request_is_refused_before_the_upgrade(string what)
    {
        var (target, expected) = Refused[what]();
        await using var client = await RawClient.ConnectAsync(server.Http);
        await client.SendAsync(RawClient.UpgradeRequest(target));
        await ExpectRefusalAsync(client, what, expected);
    }

    [Theory]
    [InlineData("/ws?errors=close", "", null)]
    [InlineData("/ws?errors=close&token=nonsense", "", null)]
    [InlineData("/ws?token=nonsense&format=protobuf&errors=close", "", null)]
    [InlineData("/ws?errors=close", "Sec-WebSocket-Protocol: bearer, nonsense\r\n", "bearer")]
    // The tab leaves these to the HTTP server.
    [InlineData("/ws?errors=close&token=nonsense", "X-Tab: a\tb\r\n", null)]
    [InlineData("/ws?errors=close", "X-Tab: a\tb\r\nSec-WebSocket-Protocol: bearer, nonsense\r\n", "bearer")]
    [Trait("Clause", "A1")]
    [Trait("Clause", "C2")]
    public async Task A_refusal_comes_as_a_close_frame_to_who_asks_for_that(string target, string headers, string? protocol)
    {
        foreach (var answers in (bool[])[true, false])
        {
            await using var client = await RawClient.ConnectAsync(server.Http);
            await client.SendAsync(RawClient.UpgradeRequest(target, headers));
            // Nothing of this is read as a request.
            await client.SendTextAsync("""{"cid":"1","ping":{}}""");
            var answer = await client.ReadHeadAsync();
            Assert.Equal((101, protocol), (answer.Status, answer.Headers.GetValueOrDefault("Sec-WebSocket-Protocol")));
            Assert.Equal("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", answer.Headers["Sec-WebSocket-Accept"]);
            var close = await client.ReadFrameAsync();
            Assert.Equal(ClientFrame.Close, close!.Opcode);
            Assert.Equal((4401, "Missing or invalid token"), (close.CloseCode, close.CloseReason));
            var since = Stopwatch.GetTimestamp();
            if (answers)
                await client.SendAsync(new ClientFrame(ClientFrame.Close, close.Payload));
            await client.ReadToEndAsync();
            Assert.True(Stopwatch.GetElapsedTime(since) < TimeSpan.FromSeconds(10), "The link outlived the close wait.");
        }
    }

    [Fact]
    [Trait("Clause", "A1")]
    public async Task A_good_request_that_asks_for_close_frames_is_upgraded_as_any()
    {
        await using var client = await RawClient.UpgradeAsync(server.Http, Alice(), "&errors=close");
        await client.SendTextAsync("""{"cid":"1","ping":{}}""");
        Assert.Equal("""{"cid":"1","pong":{}}""", (await AwaitAsync(client, "pong")).GetRawText());
    }

    [Fact]
    [Trait("Clause", "L3")]
    public async Task HTTP_1_0_is_not_upgraded()
    {
        await using var client = await RawClient.ConnectAsync(server.Http);
        await client.SendAsync(RawClient.UpgradeRequest($"/ws?token={Token}").Replace("HTTP/1.1", "HTTP/1.0", StringComparison.Ordinal));
        var answer = await client.ReadHeadAsync();
        Assert.Equal((400, "13"), (answer.Status, answer.Headers["Sec-WebSocket-Version"]));
    }

    [Theory]
    [InlineData("get")]
    [InlineData("Get")]
    [InlineData("POST")]
    [Trait("Clause", "L3")]
    public async Task Another_method_finds_nothing(string method)
    {
        await using var client = await RawClient.ConnectAsync(server.Http);
        await client.SendAsync(method + RawClient.UpgradeRequest($"/ws?token={Token}")["GET".Length..]);
        Assert.Equal(404, (await client.ReadHeadAsync()).Status);
    }

    [Theory]
    [MemberData(nameof(BadHandshakes))]
    [Trait("Clause", "L3")]
    public async Task A_request_that_is_no_handshake_is_refused_with_the_version_to_use(string what, string headers)
    {
        await using var client = await RawClient.ConnectAsync(server.Http);
        await client.SendAsync($"GET /ws?token={Token} HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n");
        var answer = await ExpectRefusalAsync(client, what, BadRequest);
        Assert.Equal("13", answer.Headers["Sec-WebSocket-Version"]);

        // The token is looked at before the handshake.
        await using var stranger = await RawClient.ConnectAsync(server.Http);
        await stranger.SendAsync($"GET /ws HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n");
        await ExpectRefusalAsync(stranger, what, BadToken);
    }

    [Theory]
    [InlineData("Authorization: bearer {0}")]
    [InlineData("Authorization: Bearer  {0}")]
    [InlineData("Authorization: {0}")]
    [InlineData("Authorization: Basic {0}")]
    [InlineData("Authorization: Bearer nonsense")]
    [InlineData("Authorization: ")]
    [Trait("Clause", "A1")]
    public async Task A_header_of_authorization_wins_even_if_it_is_of_no_use(string header)
    {
        await using var client = await RawClient.ConnectAsync(server.Http);
        await client.SendAsync(RawClient.UpgradeRequest($"/ws?token={Token}", string.Format(null, header, Token) + "\r\n"));
        await ExpectRefusalAsync(client, header, BadToken);
    }

    [Theory]
    [InlineData("/ws?token={0}", "")]
    [InlineData("/ws?lang=en&status=true&token={0}&format=", "")]
    [InlineData("/ws?token={0}&format=json&unknown=1", "")]
    [InlineData("/ws", "Authorization: Bearer {0}\r\n")]
    [InlineData("/ws?token=nonsense", "Authorization: Bearer {0}\r\n")]
    [InlineData("/ws?token={0}", "Sec-WebSocket-Protocol: \r\n")]
    [InlineData("/ws?token={0}", "Sec-WebSocket-Protocol: chat, superchat\r\n")]
    [InlineData("/ws?token={0}", "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n")]
    [InlineData("/ws?token={0}", "Origin: null\r\n")]
    [InlineData("/ws?token={0}", "Origin: https://anywhere.example\r\n")]
    [Trait("Clause", "A1")]
    public async Task A_good_request_is_upgraded_without_protocol_or_extension(string target, string headers)
    {
        await using var client = await RawClient.ConnectAsync(server.Http);
        await client.SendAsync(RawClient.UpgradeRequest(string.Format(null, target, Token), string.Format(null, headers, Token)));
        var answer = await client.ReadHeadAsync();
        Assert.Equal(101, answer.Status);
        Assert.Equal("Upgrade", answer.Headers["Connection"]);
        Assert.Equal("websocket", answer.Headers["Upgrade"]);
        // The example of RFC 6455.
        Assert.Equal("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", answer.Headers["Sec-WebSocket-Accept"]);
        Assert.DoesNotContain(answer.Headers.Keys, h => h is "Sec-WebSocket-Protocol" or "Sec-WebSocket-Extensions" or "Server");
        await client.SendTextAsync("""{"cid":"1","ping":{}}""");
        Assert.Equal("""{"cid":"1","pong":{}}""", (await AwaitAsync(client, "pong")).GetRawText());
    }

    [Theory]
    [InlineData("/ws", "bearer, {0}", 101)]
    [InlineData("/ws?token=nonsense", "bearer,{0}", 101)]
    [InlineData("/ws", "bearer, nonsense", 401)]
    [InlineData("/ws?token={0}", "bearer, nonsense", 401)]
    [InlineData("/ws", "{0}, bearer", 401)]
    [InlineData("/ws", "{0}", 401)]
    [InlineData("/ws", "bearer", 401)]
    [Trait("Clause", "A1")]
    [Trait("Clause", "0.13")]
    public async Task A_token_may_come_as_a_sub_protocol_which_is_then_selected(string target, string offered, int status)
    {
        await using var client = await RawClient.ConnectAsync(server.Http);
        await client.SendAsync(RawClient.UpgradeRequest(
            string.Format(null, target, Token), $"Sec-WebSocket-Protocol: {string.Format(null, offered, Token)}\r\n"));
        var answer = await client.ReadHeadAsync();
        Assert.Equal(status, answer.Status);
        Assert.Equal(status == 101 ? "bearer" : null, answer.Headers.GetValueOrDefault("Sec-WebSocket-Protocol"));
    }

    [Theory]
    [InlineData("1", true)]
    [InlineData("t", true)]
    [InlineData("T", true)]
    [InlineData("true", true)]
    [InlineData("TRUE", true)]
    [InlineData("True", true)]
    [InlineData("0", false)]
    [InlineData("False", false)]
    [InlineData("tRuE", false)]
    [InlineData("yes", false)]
    [InlineData("", false)]
    [Trait("Clause", "S1")]
    public async Task Status_is_true_in_six_spellings_and_false_in_every_other(string text, bool appears)
    {
        var alice = Alice();
        await using var client = await RawClient.UpgradeAsync(server.Http, alice, $"&status={text}");
        await client.SendTextAsync("""{"cid":"1","ping":{}}""");
        if (appears)
            await AwaitAsync(client, "status_presence_event");
        else
            Assert.True((await client.ReadJsonFrameAsync()).TryGetProperty("pong", out _));
        await using var bob = await server.ConnectAsync(LinkKind.Memory, Peers.NewUser(), "bob");
        Assert.Equal(appears ? 1 : 0, (await bob.FollowAsync(alice.User)).Count);
    }

    [Theory]
    [InlineData("GET /ws/")]
    [InlineData("GET /WS")]
    [InlineData("GET /ws/x")]
    [InlineData("POST /ws")]
    [InlineData("PUT /ws")]
    [InlineData("DELETE /ws")]
    [Trait("Clause", "L3")]
    public async Task Another_path_or_method_is_not_found(string request)
    {
        await using var client = await RawClient.ConnectAsync(server.Http);
        await client.SendAsync($"{request}?token={Token} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n");
        var answer = await client.ReadHeadAsync();
        Assert.Equal(404, answer.Status);
        Assert.StartsWith("application/json", answer.Headers["Content-Type"], StringComparison.Ordinal);
        Assert.Equal(5, JsonElement.Parse(answer.Body).GetProperty("code").GetInt32());
    }

    [Fact]
    [Trait("Clause", "L3")]
    public async Task A_long_token_is_taken_and_an_endless_header_is_not()
    {
        var alice = Alice();
        var vars = $"\"vrs\":{{\"v\":\"{new string('v', 6500)}\"}}";
        var token = WithClaims(exp: $"{Now + 60},{vars}");
        Assert.True(token.Length > 8800);
        await using var client = await RawClient.ConnectAsync(server.Http);
        await client.SendAsync(RawClient.UpgradeRequest($"/ws?token={token}"));
        Assert.Equal(101, (await client.ReadHeadAsync()).Status);

        await using var endless = await RawClient.ConnectAsync(server.Http);
        await endless.SendAsync(RawClient.UpgradeRequest($"/ws?token={Tokens.Sign(alice)}", $"X-Long: {new string('x', 64 * 1024)}\r\n"));
        Assert.Equal(431, (await endless.ReadHeadAsync()).Status);
        await endless.ExpectEndAsync();
    }

    [Fact]
    [Trait("Clause", "A3")]
    public async Task What_comes_right_behind_the_request_is_taken_for_frames()
    {
        await using var client = await RawClient.ConnectAsync(server.Http);
        var early = new ClientFrame(ClientFrame.Text, """{"cid":"early","ping":{}}"""u8.ToArray());
        await client.SendAsync((byte[])[.. System.Text.Encoding.ASCII.GetBytes(RawClient.UpgradeRequest($"/ws?token={Token}")), .. early.ToBytes()]);
        Assert.Equal(101, (await client.ReadHeadAsync()).Status);
        Assert.Equal("""{"cid":"early","pong":{}}""", (await client.ReadFrameAsync())!.Text);
    }

    private static async Task<JsonElement> AwaitAsync(RawClient client, string member)
    {
        while (true)
        {
            var envelope = await client.ReadJsonFrameAsync();
            if (envelope.TryGetProperty(member, out _))
                return envelope;
        }
    }

    private static async Task<HttpAnswer> ExpectRefusalAsync(RawClient client, string what, string expected)
    {
        var answer = await client.ReadHeadAsync();
        Assert.Equal((what, expected), (what, $"{answer.Status} {answer.Body}"));
        Assert.Equal("text/plain; charset=utf-8", answer.Headers["Content-Type"]);
        Assert.Equal("nosniff", answer.Headers["X-Content-Type-Options"]);
        return answer;
    }

    private static Identity Alice() => Peers.IdentityOf(Peers.NewUser(), "alice");

    private static string WithHeader(string header, string key = WellKnownKeys.Signing) => Tokens.Sign(header, Tokens.Payload(Alice()), key);

    private static string WithClaims(string? exp = null, string? uid = null) => Tokens.Sign(
        """{"alg":"HS256","typ":"JWT"}""",
        $$"""{"tid":"1","uid":{{uid ?? $"\"{Guid.NewGuid()}\""}},"usn":"alice","exp":{{exp ?? $"{Now + 60}"}},"iat":{{Now}}}""",
        WellKnownKeys.Signing);

    private static string Unsigned()
    {
        var token = WithHeader("""{"alg":"none","typ":"JWT"}""");
        return token[..(token.LastIndexOf('.') + 1)];
    }

    private static string Tampered()
    {
        var parts = Token.Split('.');
        return $"{parts[0]}.{Token.Split('.')[1]}.{parts[2]}";
    }
}
