using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Presence.Host.Auth;
using Presence.Host.Configuration;
using Presence.Tests.Client.Faults;
using Presence.Tests.Host.Http;
using Xunit;

namespace Presence.Tests.Host.Auth;

/// <summary>
/// Tokens of every kind against issuers in every state: each row has its answer, and the time within which the answer must be there. The
/// issuer is a real one, which is really stopped, and falls silent.
/// </summary>
[Trait("Clause", "A1")]
[Trait("Clause", "A2")]
public sealed class TokenMatrixTests : IAsyncLifetime, IDisposable
{
    /// <summary>The state of the issuer when the token comes.</summary>
    public enum Issuer
    {
        /// <summary>It has just been started, and nobody has asked it for anything.</summary>
        New,

        /// <summary>Its keys are known.</summary>
        Known,

        /// <summary>Its keys are known and 13 h old.</summary>
        Old,

        /// <summary>It was never reached: its port is closed.</summary>
        Down,

        /// <summary>It was never reached: it takes connections and does not answer.</summary>
        Silent,

        /// <summary>Its keys are known and 13 h old, and its port is closed.</summary>
        OldAndDown,

        /// <summary>Its keys are known and 13 h old, and it does not answer.</summary>
        OldAndSilent,

        /// <summary>Its keys are known, and it has replaced them half an hour later.</summary>
        Rotated,

        /// <summary>Its keys are known, and it has replaced them and closed its port.</summary>
        RotatedAndDown,

        /// <summary>What it publishes is no JSON.</summary>
        Broken,
    }

    /// <summary>The answer.</summary>
    public enum Answer
    {
        /// <summary>The token is taken.</summary>
        Taken,

        /// <summary>The token is refused: 401.</summary>
        Refused,

        /// <summary>The token cannot be checked now: 503.</summary>
        Unavailable,
    }

    // What answers at once has to do nothing but compute; the machine may be busy.
    private const double AtOnce = 1;
    private const double InTime = 5;

    private static readonly TimeSpan Old = TimeSpan.FromHours(13);

    private readonly FakeTimeProvider _time = new(Jwt.Now);
    private readonly RSA _configured = RSA.Create(2048);
    private readonly RSA _first = RSA.Create(2048);
    private readonly RSA _second = RSA.Create(2048);
    private readonly RSA _mallory = RSA.Create(2048);
    private readonly ECDsa _elliptic = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly Ed25519Pair _edwards = new();
    private LocalIssuer _issuer = null!;

    public static TheoryData<string, Issuer, Answer, double> Rows
    {
        get
        {
            var rows = new TheoryData<string, Issuer, Answer, double>();
            // What configured keys verify does not depend on the issuer.
            foreach (var state in Enum.GetValues<Issuer>())
            {
                foreach (var token in (string[])["HS256", "RS256 configured", "RS256 configured, of another issuer"])
                    rows.Add(token, state, Answer.Taken, AtOnce);
                foreach (var token in (string[])["HS256 of another key", "HS256 expired", "HS256 not valid yet", "HS256 issued later", "HS256 without exp", "none", "HS512", "RS384 published", "HS256 by the public key", "RS256 configured, expired", "nonsense"])
                    rows.Add(token, state, Answer.Refused, AtOnce);
            }

            foreach (var token in (string[])["RS256 published", "RS256 published, no kid", "ES256 published", "EdDSA published"])
            {
                rows.Add(token, Issuer.New, Answer.Taken, InTime);
                foreach (var state in (Issuer[])[Issuer.Known, Issuer.Old, Issuer.OldAndDown, Issuer.OldAndSilent, Issuer.RotatedAndDown])
                    rows.Add(token, state, Answer.Taken, AtOnce);
                foreach (var state in (Issuer[])[Issuer.Down, Issuer.Silent, Issuer.Broken])
                    rows.Add(token, state, Answer.Unavailable, InTime);
            }

            foreach (var state in (Issuer[])[Issuer.New, Issuer.Known, Issuer.Old, Issuer.OldAndDown, Issuer.OldAndSilent])
            {
                foreach (var token in (string[])["RS256 published, expired", "RS256 published, of another issuer", "RS256 published, for another audience"])
                    rows.Add(token, state, Answer.Refused, state == Issuer.New ? InTime : AtOnce);
            }

            foreach (var token in (string[])["RS256 forged with a known kid", "RS256 forged with another kid", "RS256 forged without kid"])
            {
                rows.Add(token, Issuer.New, Answer.Refused, InTime);
                rows.Add(token, Issuer.Known, Answer.Refused, AtOnce);
                rows.Add(token, Issuer.Rotated, Answer.Refused, InTime);
                rows.Add(token, Issuer.Silent, Answer.Unavailable, InTime);
                // The key that the token names is known, and did not sign; any other may be a new one.
                var answer = token.EndsWith("known kid", StringComparison.Ordinal) ? Answer.Refused : Answer.Unavailable;
                rows.Add(token, Issuer.OldAndSilent, answer, InTime);
                rows.Add(token, Issuer.RotatedAndDown, answer, InTime);
            }

            rows.Add("RS256 of the next key", Issuer.Rotated, Answer.Taken, InTime);
            rows.Add("RS256 of the next key", Issuer.RotatedAndDown, Answer.Unavailable, InTime);
            rows.Add("RS256 of the next key", Issuer.Known, Answer.Refused, AtOnce);
            return rows;
        }
    }

    public async Task InitializeAsync()
    {
        _issuer = await LocalIssuer.StartAsync();
        _issuer.Publish(LocalIssuer.Key(_first, "one"), LocalIssuer.Key(_elliptic, "two"), LocalIssuer.Key(_edwards, "three"));
    }

    public async Task DisposeAsync() => await _issuer.DisposeAsync();

    public void Dispose()
    {
        foreach (var key in (AsymmetricAlgorithm[])[_configured, _first, _second, _mallory, _elliptic])
            key.Dispose();
    }

    [Theory]
    [MemberData(nameof(Rows))]
    public async Task Each_token_has_its_answer_within_its_time(string token, Issuer state, Answer answer, double seconds)
    {
        using var validator = Validator();
        await BringAsync(validator, state);
        var text = Token(token);

        var watch = Stopwatch.StartNew();
        var result = await validator.ValidateAsync(text);

        Assert.True(watch.Elapsed.TotalSeconds < seconds, $"{token}, {state}: {watch.Elapsed}");
        Assert.Equal(answer, AnswerOf(result));
        // Whoever comes at the same time waits no longer.
        watch.Restart();
        var crowd = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => validator.ValidateAsync(text).AsTask()));
        Assert.True(watch.Elapsed.TotalSeconds < seconds, $"{token}, {state}, fifty at once: {watch.Elapsed}");
        Assert.All(crowd, each => Assert.Equal(answer, AnswerOf(each)));
    }

    [Fact]
    public async Task An_issuer_that_is_started_is_found_and_one_that_is_stopped_is_not_missed()
    {
        await _issuer.StopAsync();
        using var validator = Validator();
        var token = Token("RS256 published");
        Assert.True((await validator.ValidateAsync(token)).IsUnavailable);

        await _issuer.StartAgainAsync();
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.NotNull(await validator.BearerAsync(token));

        await _issuer.StopAsync();
        for (var hours = 0; hours < 3; hours++)
        {
            Assert.NotNull(await validator.BearerAsync(Token("RS256 published, long")));
            _time.Advance(Old);
        }

        // Away, its keys cannot be withdrawn; back, they are, and nobody waits for it.
        await _issuer.StartAgainAsync();
        _issuer.Publish(LocalIssuer.Key(_second, "next"));
        var before = _issuer.Reads.Count;
        await Until.TrueAsync(async () =>
        {
            _time.Advance(RemoteKeys.RenewInterval);
            return await validator.BearerAsync(Token("RS256 published, long")) is null;
        }, "the change of the keys");
        Assert.True(_issuer.Reads.Count > before);
    }

    [Fact]
    public async Task All_who_wait_share_one_reading()
    {
        using var validator = Validator();
        _issuer.FallSilent();
        var waiting = Enumerable.Range(0, 200).Select(_ => validator.ValidateAsync(Token("RS256 published")).AsTask()).ToList();
        await Until.TrueAsync(() => _issuer.Reads.Count > 0, "a reading of the issuer");
        _issuer.Speak();

        Assert.All(await Task.WhenAll(waiting), each => Assert.NotNull(each.Claims));
        Assert.Equal(2, _issuer.Reads.Count);
    }

    public static TheoryData<string, string, bool> Documents => new()
    {
        { "a redirect within the issuer", "/redirect/1", true },
        { "three redirects", "/redirect/3", true },
        { "four redirects", "/redirect/4", false },
        { "a redirect without an end", "/loop", false },
        { "a redirect to a file", "/file", false },
        { "a redirect without TLS to somewhere else", "/elsewhere", false },
        { "a document of a mebibyte", "/long", true },
        { "a document that is longer", "/longer", false },
        { "a document without an end", "/endless", false },
        { "an error", "/error", false },
        { "no JSON", "/text", false },
    };

    [Theory]
    [Trait("Clause", "L3")]
    [MemberData(nameof(Documents))]
    public async Task What_an_issuer_answers_is_bounded(string what, string path, bool isTaken)
    {
        var keys = $$"""{"keys":[{{LocalIssuer.Key(_first, "one")}}]}""";
        _issuer.Answer("/keys2", http => LocalIssuer.Json(http, keys));
        for (var i = 1; i <= 4; i++)
        {
            var next = i == 1 ? "/keys2" : $"/redirect/{i - 1}";
            _issuer.Answer($"/redirect/{i}", http => Redirect(http, next));
        }

        _issuer.Answer("/loop", http => Redirect(http, "/loop"));
        _issuer.Answer("/file", http => Redirect(http, "file:///etc/passwd"));
        // A name of no host: nothing is asked of it, or the answer would be an error of another kind.
        _issuer.Answer("/elsewhere", http => Redirect(http, "http://issuer.invalid/keys"));
        _issuer.Answer("/long", http => LocalIssuer.Json(http, keys.PadRight(1024 * 1024)));
        _issuer.Answer("/longer", http => LocalIssuer.Json(http, keys.PadRight((1024 * 1024) + 1)));
        _issuer.Answer("/endless", async http =>
        {
            while (!http.RequestAborted.IsCancellationRequested)
                await http.Response.WriteAsync(new string(' ', 64 * 1024));
        });
        _issuer.Answer("/error", http =>
        {
            http.Response.StatusCode = 500;
            return LocalIssuer.Json(http, keys);
        });
        _issuer.Answer("/text", http => LocalIssuer.Json(http, "hello"));
        using var validator = Validator(session => (session.Authority, session.JwksUrl, session.Issuer) = (null, $"{_issuer.Url}{path}", "the issuer"));

        var result = await validator.ValidateAsync(Token("RS256 published"));

        Assert.Equal((what, isTaken ? Answer.Taken : Answer.Unavailable), (what, AnswerOf(result)));
    }

    [Theory]
    [Trait("Clause", "A2")]
    [InlineData("http://issuer.invalid/keys", "without TLS")]
    [InlineData("ftp://issuer.invalid/keys", "no URL")]
    [InlineData("file:///etc/passwd", "no URL")]
    public async Task Keys_that_a_discovery_document_names_without_TLS_are_not_read(string address, string reason)
    {
        _issuer.Answer("/.well-known/openid-configuration", http => LocalIssuer.Json(http, $$"""{"issuer":"the issuer","jwks_uri":"{{address}}"}"""));
        var logs = new RecordedLogs();
        using var factory = LoggerFactory.Create(logging => logging.AddProvider(logs));
        using var validator = Validator(log: factory.CreateLogger<TokenValidator>());

        Assert.True((await validator.ValidateAsync(Token("RS256 published"))).IsUnavailable);
        Assert.Contains(logs.Entries, line => line.Contains("Cannot read the keys of the token issuer", StringComparison.Ordinal) && line.Contains(reason, StringComparison.Ordinal));
    }

    private static Task Redirect(HttpContext http, string target)
    {
        http.Response.Redirect(target);
        return Task.CompletedTask;
    }

    private static Answer AnswerOf(TokenResult result) =>
        result.Claims is not null ? Answer.Taken : result.IsUnavailable ? Answer.Unavailable : Answer.Refused;

    private TokenValidator Validator(Action<SessionSettings>? change = null, ILogger<TokenValidator>? log = null)
    {
        var options = TestOptions.With(session =>
        {
            session.PublicKeys = [_configured.ExportSubjectPublicKeyInfoPem()];
            session.Authority = _issuer.Url;
            session.Audience = "game";
            change?.Invoke(session);
        });
        return new(options, new Revocations(options, _time), _time, log ?? NullLogger<TokenValidator>.Instance);
    }

    private async Task BringAsync(TokenValidator validator, Issuer state)
    {
        switch (state)
        {
            case Issuer.New:
                return;
            case Issuer.Down:
                await _issuer.StopAsync();
                return;
            case Issuer.Silent:
                _issuer.FallSilent();
                return;
            case Issuer.Broken:
                _issuer.PublishText("no JSON at all");
                return;
        }

        Assert.NotNull(await validator.BearerAsync(Token("RS256 published")));
        if (state is Issuer.Old or Issuer.OldAndDown or Issuer.OldAndSilent)
            _time.Advance(Old);
        if (state is Issuer.Rotated or Issuer.RotatedAndDown)
        {
            _issuer.Publish(LocalIssuer.Key(_second, "next"));
            _time.Advance(TimeSpan.FromMinutes(30));
        }

        if (state is Issuer.OldAndDown or Issuer.RotatedAndDown)
            await _issuer.StopAsync();
        if (state is Issuer.OldAndSilent)
            _issuer.FallSilent();
    }

    /// <summary>A token that is current at the instant of the tests' clock, of the kind that is named.</summary>
    private string Token(string kind)
    {
        var now = _time.GetUtcNow().ToUnixTimeSeconds();
        string Payload(params (string Name, string? Json)[] changes) =>
            Jwt.Payload([("iss", "\"the issuer\""), ("aud", "\"game\""), ("exp", $"{now + 3600}"), ("iat", $"{now}"), .. changes]);
        string Rs256(RSA key, string? id, params (string Name, string? Json)[] changes) =>
            Jwt.Rsa(Payload(changes), key, id is null ? """{"alg":"RS256"}""" : $$"""{"alg":"RS256","kid":"{{id}}"}""");
        string Other(string algorithm) => Jwt.Signed(
            $$"""{"alg":"{{algorithm}}"}""", Encoding.UTF8.GetBytes(Payload()), signed => HMACSHA512.HashData(Encoding.UTF8.GetBytes(WellKnownKeys.Signing), signed));
        (string, string?) expired = ("exp", $"{now - 61}");
        (string, string?) elsewhere = ("iss", "\"another\"");
        return kind switch
        {
            "HS256" => Jwt.Hmac(Payload(), WellKnownKeys.Signing),
            "HS256 of another key" => Jwt.Hmac(Payload(), "another key"),
            "HS256 expired" => Jwt.Hmac(Payload(expired), WellKnownKeys.Signing),
            "HS256 not valid yet" => Jwt.Hmac(Payload(("nbf", $"{now + 61}")), WellKnownKeys.Signing),
            "HS256 issued later" => Jwt.Hmac(Payload(("iat", $"{now + 61}")), WellKnownKeys.Signing),
            "HS256 without exp" => Jwt.Hmac(Payload(("exp", null)), WellKnownKeys.Signing),
            "HS256 by the public key" => Jwt.Hmac(Payload(), _configured.ExportSubjectPublicKeyInfoPem()),
            "none" => Jwt.Signed("""{"alg":"none"}""", Encoding.UTF8.GetBytes(Payload()), _ => [0]),
            "HS512" => Other("HS512"),
            "RS384 published" => Jwt.Signed(
                """{"alg":"RS384","kid":"one"}""", Encoding.UTF8.GetBytes(Payload()), signed => _first.SignData(signed, HashAlgorithmName.SHA384, RSASignaturePadding.Pkcs1)),
            "RS256 configured" => Rs256(_configured, null),
            "RS256 configured, of another issuer" => Rs256(_configured, "x", elsewhere),
            "RS256 configured, expired" => Rs256(_configured, null, expired),
            "RS256 published" => Rs256(_first, "one"),
            "RS256 published, long" => Rs256(_first, "one", ("exp", $"{now + 1_000_000}")),
            "RS256 published, no kid" => Rs256(_first, null),
            "RS256 published, expired" => Rs256(_first, "one", expired),
            "RS256 published, of another issuer" => Rs256(_first, "one", elsewhere),
            "RS256 published, for another audience" => Rs256(_first, "one", ("aud", "\"other\"")),
            "ES256 published" => Jwt.Elliptic(Payload(), _elliptic, """{"alg":"ES256","kid":"two"}"""),
            "EdDSA published" => Jwt.Edwards(Payload(), _edwards, """{"alg":"EdDSA","kid":"three"}"""),
            "RS256 forged with a known kid" => Rs256(_mallory, "one"),
            "RS256 forged with another kid" => Rs256(_mallory, "other"),
            "RS256 forged without kid" => Rs256(_mallory, null),
            "RS256 of the next key" => Rs256(_second, "next"),
            _ => kind,
        };
    }
}
