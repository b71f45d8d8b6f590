using System.IO.Compression;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Presence.Host.Configuration;
using Presence.Tests.Host.Auth;
using Xunit;

namespace Presence.Tests.Host.Http;

/// <summary>Every way in which a request can be wrong, with the status and the gRPC code that it gets.</summary>
[Trait("Clause", "L3")]
public sealed class ApiErrorTests : IAsyncLifetime
{
    private const string Authenticate = "/v2/account/authenticate/device";
    private const string Custom = "/v2/account/authenticate/custom";
    private const string Refresh = "/v2/account/session/refresh";
    private const string Logout = "/v2/session/logout";

    private ApiHost _host = null!;

    public async Task InitializeAsync() => _host = await ApiHost.StartAsync("Development", app =>
    {
        app.MapGet("/ws", () => "a link");
        app.MapGet("/crash", string () => throw new InvalidOperationException("secret details"));
        app.MapGet("/crash/bare", () => Results.StatusCode(500));
    });

    public async Task DisposeAsync() => await _host.DisposeAsync();

    private static string Key => ApiHost.ServerKey;

    /// <summary>A session token of alice's that is good.</summary>
    private static string Good => $"Bearer {Jwt.Hmac(Jwt.Payload(), WellKnownKeys.Signing)}";

    private static string Of(int length) => new('d', length);

    /// <summary>What; method and path; the Authorization header; the body; the answer's status and code.</summary>
    public static TheoryData<string, string, string?, string?, int, int> Wrong => new()
    {
        // Who asks: the server key.
        { "no server key", $"POST {Authenticate}", null, """{"id":"device-0123456789"}""", 401, 16 },
        { "no server key and nothing else", $"POST {Refresh}", null, null, 401, 16 },
        { "another server key", $"POST {Authenticate}", ApiHost.Basic("other:"), """{"id":"device-0123456789"}""", 401, 16 },
        { "a server key that only begins right", $"POST {Authenticate}", ApiHost.Basic("defaultkey2:"), "{}", 401, 16 },
        { "a server key cut short", $"POST {Authenticate}", ApiHost.Basic("default:"), "{}", 401, 16 },
        { "a server key without a colon", $"POST {Authenticate}", ApiHost.Basic("defaultkey"), "{}", 401, 16 },
        { "a server key as the password", $"POST {Authenticate}", ApiHost.Basic(":defaultkey"), "{}", 401, 16 },
        { "basic in lower case", $"POST {Authenticate}", Key.Replace("Basic", "basic", StringComparison.Ordinal), "{}", 401, 16 },
        { "basic without base64", $"POST {Authenticate}", "Basic defaultkey:", "{}", 401, 16 },
        { "basic without anything", $"POST {Authenticate}", "Basic ", "{}", 401, 16 },
        { "the server key in the open", $"POST {Authenticate}", "defaultkey", "{}", 401, 16 },
        { "a session token for the server key", $"POST {Authenticate}", Good, "{}", 401, 16 },
        { "a session token for the server key, refreshing", $"POST {Refresh}", Good, "{}", 401, 16 },

        // Who asks: a session token.
        { "no token", "GET /v2/account", null, null, 401, 16 },
        { "no token, users", "GET /v2/user?ids=x", null, null, 401, 16 },
        { "no token, logout", $"POST {Logout}", null, "{}", 401, 16 },
        { "the server key for a token", "GET /v2/account", Key, null, 401, 16 },
        { "bearer in lower case", "GET /v2/account", Good.Replace("Bearer", "bearer", StringComparison.Ordinal), null, 401, 16 },
        { "an empty token", "GET /v2/account", "Bearer ", null, 401, 16 },
        { "a token without its scheme", "GET /v2/account", Good["Bearer ".Length..], null, 401, 16 },
        { "a forged token", "GET /v2/account", $"Bearer {Jwt.Hmac(Jwt.Payload(), "forged")}", null, 401, 16 },
        { "an expired token", "GET /v2/account", $"Bearer {Jwt.Hmac(Jwt.Payload(("exp", Jwt.At(-61))), WellKnownKeys.Signing)}", null, 401, 16 },
        { "a token without a user", "GET /v2/account", $"Bearer {Jwt.Hmac(Jwt.Payload(("uid", null)), WellKnownKeys.Signing)}", null, 401, 16 },
        { "a refresh token for a session token", "GET /v2/account", $"Bearer {Jwt.Hmac(Jwt.Payload(), WellKnownKeys.RefreshSigning)}", null, 401, 16 },

        // What is asked: authenticate.
        { "no body", $"POST {Authenticate}", Key, null, 400, 3 },
        { "no id", $"POST {Authenticate}", Key, "{}", 400, 3 },
        { "a null id", $"POST {Authenticate}", Key, """{"id":null}""", 400, 3 },
        { "an empty id", $"POST {Authenticate}", Key, """{"id":""}""", 400, 3 },
        { "an id of a number", $"POST {Authenticate}", Key, """{"id":1234567890}""", 400, 3 },
        { "a device id too short", $"POST {Authenticate}", Key, $$"""{"id":"{{Of(9)}}"}""", 400, 3 },
        { "a device id too long", $"POST {Authenticate}", Key, $$"""{"id":"{{Of(129)}}"}""", 400, 3 },
        { "a device id too long in bytes", $"POST {Authenticate}", Key, $$"""{"id":"{{Of(126)}}\u00e9\u00e9"}""", 400, 3 },
        { "a device id with a space", $"POST {Authenticate}", Key, """{"id":"device 0123456789"}""", 400, 3 },
        { "a device id with a control character", $"POST {Authenticate}", Key, """{"id":"device\u00000123456789"}""", 400, 3 },
        { "a custom id too short", $"POST {Custom}", Key, $$"""{"id":"{{Of(5)}}"}""", 400, 3 },
        { "a custom id too long", $"POST {Custom}", Key, $$"""{"id":"{{Of(129)}}"}""", 400, 3 },
        { "a custom id with a line break", $"POST {Custom}", Key, """{"id":"custom\n123"}""", 400, 3 },
        { "half a surrogate pair", $"POST {Custom}", Key, """{"id":"custom\ud83d123"}""", 400, 3 },
        { "vars of numbers", $"POST {Custom}", Key, """{"id":"custom-1","vars":{"k":1}}""", 400, 3 },
        { "vars of null", $"POST {Custom}", Key, """{"id":"custom-1","vars":{"k":null}}""", 400, 3 },
        { "vars of a list", $"POST {Custom}", Key, """{"id":"custom-1","vars":["k"]}""", 400, 3 },
        { "vars that no token has room for", $"POST {Custom}", Key, $$$"""{"id":"custom-1","vars":{"k":"{{{new string('x', 13_000)}}}"}}""", 400, 3 },
        { "vars of half a pair", $"POST {Custom}", Key, """{"id":"custom-1","vars":{"k":"\ud83d"}}""", 400, 3 },
        { "a var named by half a pair", $"POST {Custom}", Key, """{"id":"custom-1","vars":{"\ud83d":"v"}}""", 400, 3 },
        { "a create that is neither", $"POST {Custom}?create=yes", Key, """{"id":"custom-1"}""", 400, 3 },
        { "a create in odd letters", $"POST {Custom}?create=tRuE", Key, """{"id":"custom-1"}""", 400, 3 },
        { "a create of nothing", $"POST {Custom}?create=", Key, """{"id":"custom-1"}""", 400, 3 },
        { "a username too long", $"POST {Custom}?username={Of(129)}", Key, """{"id":"custom-1"}""", 400, 3 },
        { "a username with a tab", $"POST {Custom}?username=a%09b", Key, """{"id":"custom-1"}""", 400, 3 },
        { "a username with a line break", $"POST {Custom}?username=a%0Ab", Key, """{"id":"custom-1"}""", 400, 3 },
        { "nobody, and create=false", $"POST {Custom}?create=false", Key, """{"id":"nobody"}""", 404, 5 },

        // What is asked: bodies.
        { "no JSON", $"POST {Custom}", Key, "id=custom-1", 400, 3 },
        { "half a JSON", $"POST {Custom}", Key, """{"id":"custom-1" """, 400, 3 },
        { "more than a JSON", $"POST {Custom}", Key, """{"id":"custom-1"} {}""", 400, 3 },
        { "an array", $"POST {Custom}", Key, """["custom-1"]""", 400, 3 },
        { "a bare text", $"POST {Custom}", Key, "\"custom-1\"", 400, 3 },
        { "a bare null", $"POST {Custom}", Key, "null", 400, 3 },
        { "a very deep JSON", $"POST {Custom}", Key, $$"""{"id":{{string.Concat(Enumerable.Repeat("[", 5000))}}""", 400, 3 },

        // What is asked: refresh.
        { "no refresh token", $"POST {Refresh}", Key, "{}", 400, 3 },
        { "no body to refresh by", $"POST {Refresh}", Key, null, 400, 3 },
        { "an empty refresh token", $"POST {Refresh}", Key, """{"token":""}""", 400, 3 },
        { "a refresh token of a number", $"POST {Refresh}", Key, """{"token":7}""", 400, 3 },
        { "vars of numbers to refresh with", $"POST {Refresh}", Key, """{"token":"x","vars":{"k":1}}""", 400, 3 },
        { "a refresh token that is none", $"POST {Refresh}", Key, """{"token":"hello"}""", 401, 16 },
        { "a forged refresh token", $"POST {Refresh}", Key, $$"""{"token":"{{Jwt.Hmac(Jwt.Payload(), "forged")}}"}""", 401, 16 },
        { "a session token to refresh by", $"POST {Refresh}", Key, $$"""{"token":"{{Good["Bearer ".Length..]}}"}""", 401, 16 },
        { "an expired refresh token", $"POST {Refresh}", Key, $$"""{"token":"{{Jwt.Hmac(Jwt.Payload(("exp", Jwt.At(-61))), WellKnownKeys.RefreshSigning)}}"}""", 401, 16 },

        // What is asked: logout.
        { "logout of no session token", $"POST {Logout}", Good, """{"token":"hello"}""", 400, 3 },
        { "logout of no refresh token", $"POST {Logout}", Good, """{"refresh_token":"hello"}""", 400, 3 },
        { "logout of a number", $"POST {Logout}", Good, """{"token":7}""", 400, 3 },
        { "logout of a session token as a refresh token", $"POST {Logout}", Good, $$"""{"refresh_token":"{{Good["Bearer ".Length..]}}"}""", 400, 3 },
        {
            "logout of another's session token", $"POST {Logout}", Good,
            $$"""{"token":"{{Jwt.Hmac(Jwt.Payload(("uid", "\"00000000-0000-4000-8000-000000000002\"")), WellKnownKeys.Signing)}}"}""", 400, 3
        },
        {
            "logout of another's refresh token", $"POST {Logout}", Good,
            $$"""{"refreshToken":"{{Jwt.Hmac(Jwt.Payload(("uid", "\"00000000-0000-4000-8000-000000000002\"")), WellKnownKeys.RefreshSigning)}}"}""", 400, 3
        },

        // What is asked: users.
        { "a user id that is none", "GET /v2/user?ids=alice", Good, null, 400, 3 },
        { "one user id of two that is none", $"GET /v2/user?ids={Jwt.Uid}&ids=1", Good, null, 400, 3 },
        { "an empty user id", "GET /v2/user?ids=", Good, null, 400, 3 },

        // What is not there.
        { "an unknown path", "GET /v2/nothing", null, null, 404, 5 },
        { "an unknown path to post to", "POST /nothing", null, "{}", 404, 5 },
        { "a path beside an endpoint", "GET /healthcheck/more", null, null, 404, 5 },
        { "a wrong method", "POST /healthcheck", null, "{}", 501, 12 },
        { "a wrong method on the root", "DELETE /", null, null, 501, 12 },
        { "a wrong method on authenticate", $"GET {Authenticate}", Key, null, 501, 12 },
        { "a wrong method on refresh", $"GET {Refresh}", Key, null, 501, 12 },
        { "a wrong method on logout", $"DELETE {Logout}", Good, null, 501, 12 },
        { "a wrong method on the account", "POST /v2/account", Good, "{}", 501, 12 },
        { "a post to the links", "POST /ws", null, "{}", 404, 5 },
        { "a put to the links", "PUT /ws?token=x", null, "{}", 404, 5 },
        { "a delete of the links", "DELETE /ws", null, null, 404, 5 },

        // What the protocol has and this server has not.
        { "email", "POST /v2/account/authenticate/email", Key, """{"email":"a@b.example","password":"12345678"}""", 501, 12 },
        { "apple", "POST /v2/account/authenticate/apple", Key, "{}", 501, 12 },
        { "steam", "POST /v2/account/authenticate/steam", Key, null, 501, 12 },
        { "changing an account", "PUT /v2/account", Good, """{"username":"x"}""", 501, 12 },
        { "deleting an account", "DELETE /v2/account", Good, null, 501, 12 },
        { "linking", "POST /v2/account/link/device", Good, "{}", 501, 12 },
        { "unlinking", "POST /v2/account/unlink/device", Good, "{}", 501, 12 },
        { "friends", "GET /v2/friend?limit=10", Good, null, 501, 12 },
        { "blocking", "POST /v2/friend/block?ids=x", Good, null, 501, 12 },
        { "groups", "GET /v2/group", Good, null, 501, 12 },
        { "a group's users", $"GET /v2/group/{Jwt.Uid}/user", Good, null, 501, 12 },
        { "a user's groups", $"GET /v2/user/{Jwt.Uid}/group", Good, null, 501, 12 },
        { "channels", "GET /v2/channel/x", Good, null, 501, 12 },
        { "events", "POST /v2/event", Good, "{}", 501, 12 },
        { "purchases", "POST /v2/iap/purchase/apple", Good, "{}", 501, 12 },
        { "leaderboards", "GET /v2/leaderboard/x", Good, null, 501, 12 },
        { "matches", "GET /v2/match", Good, null, 501, 12 },
        { "notifications", "DELETE /v2/notification?ids=x", Good, null, 501, 12 },
        { "a call", "POST /v2/rpc/hello", Good, "\"payload\"", 501, 12 },
        { "a call of a server", "GET /v2/rpc/hello?http_key=x", null, null, 401, 16 },
        { "storage", "PUT /v2/storage", Good, "{}", 501, 12 },
        { "tournaments", "GET /v2/tournament", Good, null, 501, 12 },

        // The same, by somebody who may not ask.
        { "friends, no token", "GET /v2/friend", null, null, 401, 16 },
        { "friends, an expired token", "GET /v2/friend", $"Bearer {Jwt.Hmac(Jwt.Payload(("exp", Jwt.At(-61))), WellKnownKeys.Signing)}", null, 401, 16 },
        { "friends, the server key", "GET /v2/friend", Key, null, 401, 16 },
        { "deleting an account, no token", "DELETE /v2/account", null, null, 401, 16 },
        { "steam, no server key", "POST /v2/account/authenticate/steam", null, null, 401, 16 },
        { "a wrong method on the account, no token", "POST /v2/account", null, "{}", 401, 16 },
        { "a wrong method on refresh, no server key", $"GET {Refresh}", null, null, 401, 16 },

        // What is our fault.
        { "a crash", "GET /crash", null, null, 500, 13 },
        { "a bare status", "GET /crash/bare", null, null, 500, 13 },
    };

    [Theory]
    [MemberData(nameof(Wrong))]
    public async Task A_wrong_request_gets_its_status_and_its_code(string what, string request, string? authorization, string? body, int status, int code)
    {
        var space = request.IndexOf(' ', StringComparison.Ordinal);
        var answer = await _host.SendAsync(request[..space], request[(space + 1)..], authorization, ApiHost.Json(body));

        Assert.True((status, code) == answer.Error, $"{what}: {answer.Status} {answer.Body}");
        Assert.DoesNotContain("secret details", answer.Body, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", answer.Body, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/", false)]
    [InlineData("/healthcheck", false)]
    [InlineData("/v2/account", true)]
    [InlineData("/v2/user?usernames=alice", true)]
    public async Task HEAD_is_answered_as_GET_without_a_body(string path, bool needsToken)
    {
        var get = await _host.SendAsync("GET", path, needsToken ? Good : null);
        var head = await _host.SendAsync("HEAD", path, needsToken ? Good : null);

        Assert.Equal((200, get.ContentType, ""), (head.Status, head.ContentType, head.Body));
        if (needsToken)
            Assert.Equal((401, ""), ((await _host.SendAsync("HEAD", path)).Status, (await _host.SendAsync("HEAD", path)).Body));
    }

    [Fact]
    public async Task Two_credentials_are_none()
    {
        var answer = await _host.SendAsync("GET", "/v2/account", Good, null, ("Authorization", Good));

        Assert.Equal((401, 16), answer.Error);
    }

    [Fact]
    public async Task A_link_is_where_it_should_be()
    {
        Assert.Equal("a link", (await _host.SendAsync("GET", "/ws")).Body);
    }

    [Theory]
    [Trait("Clause", "L4")]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_body_beyond_the_limit_is_refused_whether_its_length_is_told_or_not(bool chunked)
    {
        // Kestrel counts what frames the chunks as well.
        var frames = chunked ? 1024 : 0;
        var fits = Encoding.UTF8.GetBytes($$"""{"id":"custom-1","pad":"{{new string('x', 262_144 - 26 - frames)}}"}""");
        Assert.Equal(262_144, fits.Length + frames);
        Assert.Equal(200, (await _host.SendAsync("POST", Custom, Key, Body(fits, chunked))).Status);

        Assert.Equal((400, 3), (await _host.SendAsync("POST", Custom, Key, Body([.. fits, .. Enumerable.Repeat((byte)' ', frames + 1)], chunked))).Error);
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("deflate")]
    public async Task A_packed_body_is_read_and_counts_unpacked(string encoding)
    {
        Assert.Equal(200, (await _host.SendAsync("POST", Custom, Key, Packed(encoding, """{"id":"custom-1"}"""))).Status);

        var bomb = Packed(encoding, $$"""{"id":"custom-1","pad":"{{new string('x', 10_000_000)}}"}""");
        Assert.True(bomb.Headers.ContentLength < 100_000);
        Assert.Equal((400, 3), (await _host.SendAsync("POST", Custom, Key, bomb)).Error);
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("deflate")]
    [InlineData("unheard-of")]
    public async Task A_body_that_is_not_packed_as_it_says_is_refused(string encoding)
    {
        var body = new ByteArrayContent([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
        body.Headers.TryAddWithoutValidation("Content-Encoding", encoding);

        Assert.Equal((400, 3), (await _host.SendAsync("POST", Custom, Key, body)).Error);
    }

    [Fact]
    public async Task A_body_that_is_no_UTF8_is_refused()
    {
        var body = new ByteArrayContent(Encoding.Latin1.GetBytes("{\"id\":\"custom-\u00e9\u00e9\"}"));

        Assert.Equal((400, 3), (await _host.SendAsync("POST", Custom, Key, body)).Error);
    }

    [Fact]
    [Trait("Clause", "L5")]
    public async Task A_cluster_that_does_not_answer_makes_the_answer_unavailable_and_not_long_in_coming()
    {
        var never = new TaskCompletionSource();
        _host.Lookup.Instead = () => never.Task;
        foreach (var path in (string[])["/v2/account", $"/v2/user?ids={Jwt.Uid}", "/v2/user?usernames=alice"])
        {
            var answer = _host.SendAsync("GET", path, Good);
            while (!answer.IsCompleted)
            {
                // The patience begins some time after the request is sent.
                _host.Time.Advance(TimeSpan.FromSeconds(1));
                await Task.WhenAny(answer, Task.Delay(10));
            }
            Assert.Equal((503, 14), (await answer).Error);
        }
        Assert.True(_host.Time.GetUtcNow() < Jwt.Now.AddHours(1), "the token expired before the patience");
    }

    [Fact]
    [Trait("Clause", "L5")]
    public async Task A_question_that_failed_for_time_is_unavailable_and_one_that_failed_otherwise_is_our_fault()
    {
        _host.Lookup.Instead = () => throw new TimeoutException("secret details");
        Assert.Equal((503, 14), (await _host.SendAsync("GET", "/v2/account", Good)).Error);

        _host.Lookup.Instead = () => throw new InvalidOperationException("secret details");
        var answer = await _host.SendAsync("GET", "/v2/account", Good);
        Assert.Equal((500, 13), answer.Error);
        Assert.DoesNotContain("secret", answer.Body, StringComparison.Ordinal);
        Assert.Contains(_host.Logs.Entries, entry => entry.Contains("secret details", StringComparison.Ordinal));
    }

    private static HttpContent Body(byte[] bytes, bool chunked) => chunked ? new StreamContent(new Unmeasured(bytes)) : new ByteArrayContent(bytes);

    private static ByteArrayContent Packed(string encoding, string json)
    {
        using var bytes = new MemoryStream();
        using (Stream packing = encoding == "gzip" ? new GZipStream(bytes, CompressionLevel.Optimal) : new ZLibStream(bytes, CompressionLevel.Optimal))
            packing.Write(Encoding.UTF8.GetBytes(json));
        var content = new ByteArrayContent(bytes.ToArray());
        content.Headers.TryAddWithoutValidation("Content-Encoding", encoding);
        return content;
    }

    /// <summary>A stream of unknown length, which is sent in chunks.</summary>
    private sealed class Unmeasured(byte[] bytes) : MemoryStream(bytes)
    {
        public override bool CanSeek => false;
    }
}
