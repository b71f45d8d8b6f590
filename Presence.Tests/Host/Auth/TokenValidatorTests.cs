using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Presence.Host.Auth;
using Presence.Host.Configuration;
using Presence.Tests.Host.Http;
using Xunit;

namespace Presence.Tests.Host.Auth;

[Trait("Clause", "A1")]
public sealed class TokenValidatorTests
{
    private const string Key = WellKnownKeys.Signing;

    private readonly FakeTimeProvider _time = new(Jwt.Now);

    private TokenValidator Validator(Action<SessionSettings>? change = null)
    {
        var options = TestOptions.With(change);
        return new(options, new Revocations(options, _time), _time, NullLogger<TokenValidator>.Instance);
    }

    [Fact]
    public async Task A_good_token_says_who_its_bearer_is()
    {
        var identity = await Validator().BearerAsync(Jwt.Hmac(Jwt.Payload(), Key));

        Assert.NotNull(identity);
        Assert.Equal(Jwt.Uid, identity.User.ToString());
        Assert.Equal("alice", identity.Username);
        Assert.Equal("t1", identity.TokenId);
        Assert.Equal(Jwt.Now, identity.IssuedAt);
        Assert.Equal(Jwt.Now.AddHours(1), identity.ExpiresAt);
    }

    public static TheoryData<string, string> Tolerated => new()
    {
        { "no tid", Jwt.Payload(("tid", null)) },
        { "no iat", Jwt.Payload(("iat", null)) },
        { "an iat in the future", Jwt.Payload(("iat", Jwt.At(60))) },
        { "an nbf that is now", Jwt.Payload(("nbf", Jwt.At(0))) },
        { "an issuer that nobody asked for", Jwt.Payload(("iss", "\"somebody\""), ("aud", "[\"one\",\"two\"]")) },
        { "vars", Jwt.Payload(("vrs", """{"k":"v"}""")) },
        { "claims of others", Jwt.Payload(("nested", """{"uid":1}""")) },
        { "an exp of a fraction", Jwt.Payload(("exp", $"{Jwt.At(3600)}.5")) },
        { "an exp of a fraction of nothing", Jwt.Payload(("exp", $"{Jwt.At(3600)}.0")) },
        { "an exp with an exponent", Jwt.Payload(("exp", "2e9")) },
        { "an exp with a fraction and an exponent", Jwt.Payload(("exp", "2.1234567890E+9")) },
        { "an exp beyond 64 bits", Jwt.Payload(("exp", "99999999999999999999")) },
        { "an exp beyond all numbers", Jwt.Payload(("exp", "1e400")) },
        { "an nbf and an iat of fractions", Jwt.Payload(("nbf", $"{Jwt.At(-1)}.75"), ("iat", $"{Jwt.At(-1)}.25")) },
        { "null where a claim is optional", Jwt.Payload(("nbf", "null"), ("iat", "null"), ("tid", "null"), ("vrs", "null"), ("iss", "null"), ("aud", "null")) },
        { "no usn: the id is the name", Jwt.Payload(("usn", null)) },
        { "usn null", Jwt.Payload(("usn", "null")) },
        { "a sub in the place of the uid", Jwt.Payload(("uid", null), ("sub", $"\"{Jwt.Uid}\"")) },
        { "a uid that is no UUID", Jwt.Payload(("uid", "\"alice\"")) },
        { "an exp beyond all calendars", Jwt.Payload(("exp", "9000000000000000000")) },
        { "an upper-case uid", Jwt.Payload(("uid", $"\"{Jwt.Uid.ToUpperInvariant()}\"")) },
        { "a name of any script", Jwt.Payload(("usn", "\"Zoë \\uD83D\\uDE00\"")) },
    };

    [Theory]
    [MemberData(nameof(Tolerated))]
    public async Task What_is_optional_or_unknown_does_no_harm(string what, string payload)
    {
        Assert.True(await Validator().BearerAsync(Jwt.Hmac(payload, Key)) is not null, $"refused: {what}");
    }

    public static TheoryData<string, string> BadPayloads => new()
    {
        { "expired", Jwt.Payload(("exp", Jwt.At(-61))) },
        { "expired as long ago as clocks may differ", Jwt.Payload(("exp", Jwt.At(-60))) },
        { "expired a fraction longer ago", Jwt.Payload(("exp", $"{Jwt.At(-61)}.999")) },
        { "expired with an exponent", Jwt.Payload(("exp", "1e9")) },
        { "no exp", Jwt.Payload(("exp", null)) },
        { "exp as a string", Jwt.Payload(("exp", $"\"{Jwt.At(3600)}\"")) },
        { "exp negative", Jwt.Payload(("exp", "-1")) },
        { "exp null", Jwt.Payload(("exp", "null")) },
        { "not valid yet", Jwt.Payload(("nbf", Jwt.At(61))) },
        { "not valid yet by a fraction", Jwt.Payload(("nbf", $"{Jwt.At(60)}.001")) },
        { "issued in the future", Jwt.Payload(("iat", Jwt.At(61))) },
        { "issued in the future by a fraction", Jwt.Payload(("iat", $"{Jwt.At(60)}.001")) },
        { "iat as a list", Jwt.Payload(("iat", "[1]")) },
        { "nbf as a string", Jwt.Payload(("nbf", $"\"{Jwt.At(-60)}\"")) },
        { "iat as a string", Jwt.Payload(("iat", $"\"{Jwt.At(-60)}\"")) },
        { "no uid", Jwt.Payload(("uid", null)) },
        { "uid empty", Jwt.Payload(("uid", "\"\"")) },
        { "uid a number", Jwt.Payload(("uid", "7")) },
        { "uid null", Jwt.Payload(("uid", "null")) },
        { "sub a number", Jwt.Payload(("uid", null), ("sub", "7")) },
        { "iss a number, where the uid is no UUID", Jwt.Payload(("uid", "\"alice\""), ("iss", "7")) },
        { "usn empty", Jwt.Payload(("usn", "\"\"")) },
        { "usn of 129 bytes", Jwt.Payload(("usn", $"\"{new string('a', 129)}\"")) },
        { "usn with a control character", Jwt.Payload(("usn", "\"a\\u0007\"")) },
        { "usn a number", Jwt.Payload(("usn", "7")) },
        { "usn half a surrogate pair", Jwt.Payload(("usn", "\"\\uD83D\"")) },
        { "the same claim twice", $$"""{"uid":"{{Jwt.Uid}}","usn":"alice","usn":"bob","exp":{{Jwt.At(3600)}}}""" },
        { "an array", "[]" },
        { "a text", "\"hello\"" },
        { "nothing", "" },
        { "no JSON", "{" },
    };

    [Theory]
    [MemberData(nameof(BadPayloads))]
    public async Task A_signature_does_not_make_a_bad_payload_good(string what, string payload)
    {
        Assert.True(await Validator().BearerAsync(Jwt.Hmac(payload, Key)) is null, $"accepted: {what}");
    }

    [Fact]
    public async Task A_payload_that_is_no_Unicode_is_refused()
    {
        var payload = Encoding.Latin1.GetBytes(Jwt.Payload(("usn", "\"caf\u00e9\"")));
        var token = Jwt.Signed(Jwt.Hs256, payload, signed => HMACSHA256.HashData(Encoding.UTF8.GetBytes(Key), signed));

        Assert.Null(await Validator().BearerAsync(token));
    }

    public static TheoryData<string, string> BadTokens
    {
        get
        {
            var good = Jwt.Hmac(Jwt.Payload(), Key);
            var parts = good.Split('.');
            byte[] Sign512(byte[] signed) => HMACSHA512.HashData(Encoding.UTF8.GetBytes(Key), signed);
            byte[] Sign384(byte[] signed) => HMACSHA384.HashData(Encoding.UTF8.GetBytes(Key), signed);
            var payload = Encoding.UTF8.GetBytes(Jwt.Payload());
            return new()
            {
                { "empty", "" },
                { "no token", "hello" },
                { "two dots and nothing", ".." },
                { "no signature", $"{parts[0]}.{parts[1]}" },
                { "an empty signature", $"{parts[0]}.{parts[1]}." },
                { "another's payload", $"{parts[0]}.{Jwt.Hmac(Jwt.Payload(("usn", "\"mallory\"")), "x").Split('.')[1]}.{parts[2]}" },
                { "a changed signature", $"{parts[0]}.{parts[1]}.{(parts[2][0] == 'A' ? 'B' : 'A')}{parts[2][1..]}" },
                { "a fourth part", $"{good}.AAAA" },
                { "no base64", $"{parts[0]}.{parts[1]}.****" },
                { "spaces around", $" {good} " },
                { "another key", Jwt.Hmac(Jwt.Payload(), "another key") },
                { "the key of refresh tokens", Jwt.Hmac(Jwt.Payload(), WellKnownKeys.RefreshSigning) },
                { "alg none, unsigned", Jwt.Signed("""{"alg":"none"}""", payload, _ => []) },
                { "alg none, signed all the same", Jwt.Hmac(Jwt.Payload(), Key, """{"alg":"none"}""") },
                { "alg NONE", Jwt.Signed("""{"alg":"NONE"}""", payload, _ => []) },
                { "no alg", Jwt.Hmac(Jwt.Payload(), Key, """{"typ":"JWT"}""") },
                { "HS512", Jwt.Signed("""{"alg":"HS512"}""", payload, Sign512) },
                { "HS384", Jwt.Signed("""{"alg":"HS384"}""", payload, Sign384) },
                { "hs256", Jwt.Hmac(Jwt.Payload(), Key, """{"alg":"hs256"}""") },
                { "HS256 that says RS256", Jwt.Hmac(Jwt.Payload(), Key, """{"alg":"RS256"}""") },
                { "a header that is no JSON", Jwt.Hmac(Jwt.Payload(), Key, "{") },
                { "a header with a name twice", Jwt.Hmac(Jwt.Payload(), Key, """{"alg":"none","alg":"HS256"}""") },
                { "a header with an unused name twice", Jwt.Hmac(Jwt.Payload(), Key, """{"alg":"HS256","jwk":{"k":1,"k":2}}""") },
                { "a header that is a list", Jwt.Hmac(Jwt.Payload(), Key, """["HS256"]""") },
                { "padding behind the token", $"{good}=" },
                { "padding behind the header", $"{parts[0]}=.{parts[1]}.{parts[2]}" },
                { "padding that fits", $"{parts[0]}.{parts[1]}.{parts[2]}{new string('=', (4 - parts[2].Length % 4) % 4)}" },
                { "the other base64", $"{parts[0]}.{parts[1]}.{OtherAlphabet(parts[2])}" },
                { "bits behind the signature", $"{parts[0]}.{parts[1]}.{WithBitsBehind(parts[2])}" },
                { "a line feed behind the token", $"{good}\n" },
                { "a token that is too long", Jwt.Hmac(Jwt.Payload(("pad", $"\"{new string('x', 12_300)}\"")), Key) },
                { "an extension that must be understood", Jwt.Hmac(Jwt.Payload(), Key, """{"alg":"HS256","crit":["b64"],"b64":true}""") },
            };
        }
    }

    [Fact]
    public async Task A_token_may_be_as_long_as_a_request_line()
    {
        var token = Jwt.Hmac(Jwt.Payload(("pad", $"\"{new string('x', 11_900)}\"")), Key);

        Assert.InRange(token.Length, SignedToken.MaxLength - 512, SignedToken.MaxLength);
        Assert.NotNull(await Validator().BearerAsync(token));
    }

    // A signature of 32 bytes leaves two bits of its last character unused.
    private static string WithBitsBehind(string signature)
    {
        const string alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        return signature[..^1] + alphabet[alphabet.IndexOf(signature[^1], StringComparison.Ordinal) + 1];
    }

    private static string OtherAlphabet(string signature) =>
        signature.IndexOfAny(['-', '_']) < 0 ? "+" + signature[1..] : signature.Replace('-', '+').Replace('_', '/');

    [Theory]
    [MemberData(nameof(BadTokens))]
    public async Task A_token_that_is_malformed_or_signed_in_any_other_way_is_refused(string what, string token)
    {
        Assert.True(await Validator().BearerAsync(token) is null, $"accepted: {what}");
    }

    [Fact]
    public async Task A_token_ends_when_its_time_has_come()
    {
        var validator = Validator();
        var token = Jwt.Hmac(Jwt.Payload(), Key);

        _time.Advance(TimeSpan.FromSeconds(3599.999));
        Assert.Equal(Jwt.Now.AddHours(1), (await validator.BearerAsync(token))!.ExpiresAt);
        // From then on it is taken for a clock that is behind, and expires with that.
        _time.Advance(TimeSpan.FromSeconds(60));
        Assert.Equal(Jwt.Now.AddHours(1).AddSeconds(60), (await validator.BearerAsync(token))!.ExpiresAt);
        _time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.Null(await validator.BearerAsync(token));
    }

    [Theory]
    [InlineData("\"us\"", "\"game\"", true)]
    [InlineData("\"us\"", "[\"other\",\"game\"]", true)]
    [InlineData("\"them\"", "\"game\"", false)]
    [InlineData("\"us\"", "\"other\"", false)]
    [InlineData("\"us\"", "[]", false)]
    [InlineData(null, "\"game\"", false)]
    [InlineData("\"us\"", null, false)]
    [InlineData("\"US\"", "\"game\"", false)]
    public async Task Issuer_and_audience_count_where_configured(string? issuer, string? audience, bool accepted)
    {
        var validator = Validator(session => (session.Issuer, session.Audience) = ("us", "game"));
        var token = Jwt.Hmac(Jwt.Payload(("iss", issuer), ("aud", audience)), Key);

        Assert.Equal(accepted, await validator.BearerAsync(token) is not null);
    }

    [Fact]
    public async Task A_refresh_token_is_no_session_token_nor_the_other_way_round()
    {
        var validator = Validator();
        var refresh = Jwt.Hmac(Jwt.Payload(), WellKnownKeys.RefreshSigning);
        var session = Jwt.Hmac(Jwt.Payload(), WellKnownKeys.Signing);

        Assert.Null(await validator.BearerAsync(refresh));
        Assert.NotNull(await validator.RefresherAsync(refresh));
        Assert.Null(await validator.RefresherAsync(session));
    }

    [Theory]
    [Trait("Clause", "A2")]
    [InlineData(1)]
    [InlineData(20)]
    [InlineData(31)]
    [InlineData(32)]
    [InlineData(200)]
    public async Task A_secret_may_be_of_any_length(int length)
    {
        var key = new string('k', length);
        var validator = Validator(session => session.SigningKey = key);

        Assert.NotNull(await validator.BearerAsync(Jwt.Hmac(Jwt.Payload(), key)));
        Assert.Null(await validator.BearerAsync(Jwt.Hmac(Jwt.Payload(), key + "k")));
    }

    [Fact]
    [Trait("Clause", "A2")]
    public async Task Former_secrets_are_still_taken_and_others_are_not()
    {
        var validator = Validator(session =>
            (session.SigningKey, session.PreviousSigningKeys) = ("the new one", ["the old one", "the oldest one"]));

        Assert.NotNull(await validator.BearerAsync(Jwt.Hmac(Jwt.Payload(), "the new one")));
        Assert.NotNull(await validator.BearerAsync(Jwt.Hmac(Jwt.Payload(), "the old one", """{"alg":"HS256","kid":"7"}""")));
        Assert.NotNull(await validator.BearerAsync(Jwt.Hmac(Jwt.Payload(), "the oldest one")));
        Assert.Null(await validator.BearerAsync(Jwt.Hmac(Jwt.Payload(), "a lost one")));
    }

    [Theory]
    [InlineData(0, 1, 0, 0, true)]
    [InlineData(0, 0, 0, 0, false)]
    [InlineData(0, 1, 1, 0, false)]
    [InlineData(0, 1, 0, 1, false)]
    [InlineData(300, -299, 0, 0, true)]
    [InlineData(300, -300, 0, 0, false)]
    [InlineData(300, 1, 300, 300, true)]
    [InlineData(300, 1, 301, 0, false)]
    [InlineData(300, 1, 0, 301, false)]
    public async Task Clocks_may_differ_as_far_as_is_configured(int skew, int exp, int nbf, int iat, bool accepted)
    {
        var validator = Validator(session => session.ClockSkew = TimeSpan.FromSeconds(skew));
        var token = Jwt.Hmac(Jwt.Payload(("exp", Jwt.At(exp)), ("nbf", Jwt.At(nbf)), ("iat", Jwt.At(iat))), Key);

        Assert.Equal(accepted, await validator.BearerAsync(token) is not null);
    }

    [Fact]
    [Trait("Clause", "A5")]
    public async Task Each_refused_token_is_logged_with_its_reason_at_the_configured_level_and_never_shown()
    {
        var logs = new RecordedLogs();
        var options = TestOptions.With(session => (session.RefusalLogLevel, session.Issuer, session.Audience) = (LogLevel.Warning, "us", "game"));
        using var factory = LoggerFactory.Create(logging => logging.AddProvider(logs));
        var revocations = new Revocations(options, _time);
        using var validator = new TokenValidator(options, revocations, _time, factory.CreateLogger<TokenValidator>());
        string Of(params (string Name, string? Json)[] changes) => Jwt.Hmac(Jwt.Payload([("iss", "\"us\""), ("aud", "\"game\""), .. changes]), Key);
        var revoked = Of(("tid", "\"gone\""));
        revocations.RevokeLogin((await validator.BearerAsync(revoked))!);
        (string Token, string Reason)[] rows =
        [
            ("nonsense", "is not a signed JWT"),
            (Jwt.Hmac(Jwt.Payload(), Key, """{"alg":"HS256","crit":["b64"]}"""), "critical header extension"),
            (Jwt.Hmac(Jwt.Payload(), Key, """{"alg":"HS512"}"""), "algorithm ('alg')"),
            (Jwt.Hmac(Jwt.Payload(), "another key"), "is signed with none of the configured or published keys"),
            (Of(("iss", "\"them\"")), "another issuer ('iss')"),
            (Of(("aud", "\"them\"")), "another audience ('aud')"),
            (Of(("exp", Jwt.At(-61))), "has expired ('exp')"),
            (Of(("nbf", Jwt.At(61))), "is not valid yet ('nbf')"),
            (Of(("iat", Jwt.At(61))), "is issued in the future ('iat')"),
            (Of(("exp", null)), "no claim 'exp'"),
            (Of(("uid", null)), "no claim 'uid,sub'"),
            (Of(("usn", "7")), "no claim 'usn,preferred_username,name'"),
            (Jwt.Hmac("[]", Key), "no JSON object"),
            (revoked, "was revoked"),
        ];
        foreach (var (token, reason) in rows)
        {
            var before = logs.Entries.Count();
            Assert.Null(await validator.BearerAsync(token));

            var line = Assert.Single(logs.Entries.Skip(before));
            Assert.Contains("Warning", line, StringComparison.Ordinal);
            Assert.Contains("Refused a session token: it ", line, StringComparison.Ordinal);
            Assert.Contains(reason, line, StringComparison.Ordinal);
            Assert.DoesNotContain(token.Split('.')[^1], line, StringComparison.Ordinal);
        }

        var last = logs.Entries.Count();
        Assert.Null(await validator.RefresherAsync("nonsense"));
        Assert.Contains("Refused a refresh token", logs.Entries.Skip(last).Single(), StringComparison.Ordinal);
        Assert.NotNull(await validator.BearerAsync(Of()));
        Assert.Equal(last + 1, logs.Entries.Count());
    }
}
