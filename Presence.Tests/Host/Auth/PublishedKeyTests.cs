using System.Buffers.Text;
using System.Collections.Concurrent;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Presence.Host.Auth;
using Presence.Host.Configuration;
using Presence.Tests.Client.Faults;
using Xunit;

namespace Presence.Tests.Host.Auth;

/// <summary>Tokens of an issuer that publishes its keys, by an issuer of the test's own.</summary>
[Trait("Clause", "A2")]
public sealed class PublishedKeyTests : IAsyncLifetime, IDisposable
{
    private readonly RSA _rsa = RSA.Create(2048);
    private readonly RSA _next = RSA.Create(2048);
    private readonly ECDsa _elliptic = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly FakeTimeProvider _time = new(Jwt.Now);
    private readonly ConcurrentQueue<string> _reads = new();
    private WebApplication _issuer = null!;
    private volatile string _keys = "";
    private string _url = "";

    public async Task InitializeAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        _issuer = builder.Build();
        _issuer.MapGet("/keys", () =>
        {
            _reads.Enqueue("keys");
            return Results.Text(_keys, "application/json");
        });
        _issuer.MapGet("/.well-known/openid-configuration", () =>
            Results.Json(new { issuer = "the issuer", jwks_uri = $"{_url}/keys" }));
        await _issuer.StartAsync();
        _url = _issuer.Urls.Single();
        Publish(Key(_rsa, "one"), Key(_elliptic, "two"));
    }

    public async Task DisposeAsync() => await _issuer.DisposeAsync();

    public void Dispose()
    {
        _rsa.Dispose();
        _next.Dispose();
        _elliptic.Dispose();
    }

    private void Publish(params string[] keys) => _keys = $$"""{"keys":[{{string.Join(',', keys)}}]}""";

    private static string Key(RSA key, string id)
    {
        var parameters = key.ExportParameters(false);
        return $$"""
            {"kty":"RSA","use":"sig","kid":"{{id}}","n":"{{Base64Url.EncodeToString(parameters.Modulus)}}","e":"{{Base64Url.EncodeToString(parameters.Exponent)}}"}
            """;
    }

    private static string Key(ECDsa key, string id)
    {
        var point = key.ExportParameters(false).Q;
        return $$"""
            {"kty":"EC","crv":"P-256","use":"sig","kid":"{{id}}","x":"{{Base64Url.EncodeToString(point.X)}}","y":"{{Base64Url.EncodeToString(point.Y)}}"}
            """;
    }

    private static string Key(Ed25519Pair key, string id, string more = "") =>
        $$"""{"kty":"OKP","crv":"Ed25519","kid":"{{id}}","x":"{{key.X}}"{{more}}}""";

    private static string EdDsa(string id) => $$"""{"alg":"EdDSA","kid":"{{id}}"}""";

    private static string Rs256(string id) => $$"""{"alg":"RS256","kid":"{{id}}"}""";

    private TokenValidator Validator(Action<SessionSettings> change)
    {
        var options = TestOptions.With(change);
        return new(options, new Revocations(options, _time), _time, NullLogger<TokenValidator>.Instance);
    }

    private TokenValidator ByKeySet() => Validator(session => session.JwksUrl = $"{_url}/keys");

    [Fact]
    public async Task Tokens_of_published_keys_are_taken_and_others_refused()
    {
        using var mallory = RSA.Create(2048);
        var validator = ByKeySet();

        Assert.NotNull(await validator.BearerAsync(Jwt.Rsa(Jwt.Payload(), _rsa, Rs256("one"))));
        Assert.NotNull(await validator.BearerAsync(Jwt.Rsa(Jwt.Payload(), _rsa)));
        Assert.NotNull(await validator.BearerAsync(Jwt.Elliptic(Jwt.Payload(), _elliptic, """{"alg":"ES256","kid":"two"}""")));
        Assert.Null(await validator.BearerAsync(Jwt.Rsa(Jwt.Payload(), mallory, Rs256("one"))));
    }

    [Fact]
    [Trait("Clause", "L3")]
    public async Task A_key_set_that_is_too_long_is_not_read()
    {
        Publish(Key(_rsa, "one"), $$"""{"kty":"oct","k":"{{new string('A', 1024 * 1024)}}"}""");

        Assert.Null(await ByKeySet().BearerAsync(Jwt.Rsa(Jwt.Payload(), _rsa, Rs256("one"))));
    }

    [Fact]
    public async Task Keys_are_read_when_first_needed_and_not_for_every_token()
    {
        var validator = ByKeySet();
        Assert.NotNull(await validator.BearerAsync(Jwt.Hmac(Jwt.Payload(), WellKnownKeys.Signing)));
        Assert.Empty(_reads);

        for (var i = 0; i < 10; i++)
            Assert.NotNull(await validator.BearerAsync(Jwt.Rsa(Jwt.Payload(), _rsa, Rs256("one"))));
        Assert.Single(_reads);
    }

    [Fact]
    public async Task A_key_that_is_published_later_is_found_with_the_first_token_it_signs()
    {
        var validator = ByKeySet();
        Assert.NotNull(await validator.BearerAsync(Jwt.Rsa(Jwt.Payload(), _rsa, Rs256("one"))));
        Publish(Key(_rsa, "one"), Key(_next, "three"));
        _time.Advance(RemoteKeys.RenewInterval);

        Assert.NotNull(await validator.BearerAsync(Jwt.Rsa(Jwt.Payload(), _next, Rs256("three"))));
        Assert.NotNull(await validator.BearerAsync(Jwt.Rsa(Jwt.Payload(), _rsa, Rs256("one"))));
        Assert.Equal(2, _reads.Count);
    }

    [Fact]
    public async Task A_key_that_is_withdrawn_is_forgotten()
    {
        var validator = ByKeySet();
        var token = Jwt.Rsa(Jwt.Payload(("exp", Jwt.At(100_000))), _rsa, Rs256("one"));
        Assert.NotNull(await validator.BearerAsync(token));
        Publish(Key(_next, "three"));
        _time.Advance(TimeSpan.FromHours(12));

        // It is in force until the new ones have been read: nobody waits for that.
        Assert.NotNull(await validator.BearerAsync(token));
        await Until.TrueAsync(async () => await validator.BearerAsync(token) is null, "the refusal of the token");
    }

    [Fact]
    public async Task Forged_tokens_do_not_have_the_keys_read_over_and_over()
    {
        using var mallory = RSA.Create(2048);
        var validator = ByKeySet();
        for (var i = 0; i < 20; i++)
            Assert.Null(await validator.BearerAsync(Jwt.Rsa(Jwt.Payload(), mallory, Rs256($"{i}"))));
        Assert.Single(_reads);

        _time.Advance(RemoteKeys.RenewInterval);
        for (var i = 0; i < 20; i++)
            Assert.Null(await validator.BearerAsync(Jwt.Rsa(Jwt.Payload(), mallory, Rs256($"{i}"))));
        Assert.Equal(2, _reads.Count);
    }

    [Fact]
    public async Task Keys_that_cannot_be_renewed_stay_in_force()
    {
        var validator = ByKeySet();
        var token = Jwt.Rsa(Jwt.Payload(("exp", Jwt.At(100_000))), _rsa, Rs256("one"));
        Assert.NotNull(await validator.BearerAsync(token));
        Publish("no JSON at all");
        _time.Advance(TimeSpan.FromHours(13));

        Assert.NotNull(await validator.BearerAsync(token));
        await Until.TrueAsync(() => _reads.Count == 2, "a second reading of the issuer");
        for (var i = 0; i < 10; i++)
            Assert.NotNull(await validator.BearerAsync(token));
        Assert.Equal(2, _reads.Count);

        Publish(Key(_next, "three"));
        await Until.TrueAsync(async () =>
        {
            _time.Advance(RemoteKeys.RenewInterval);
            return await validator.BearerAsync(token) is null;
        }, "the change of the keys");
    }

    [Fact]
    [Trait("Clause", "A1")]
    public async Task A_published_secret_is_no_key()
    {
        Publish($$"""{"kty":"oct","alg":"HS256","kid":"s","k":"{{Base64Url.EncodeToString(new byte[32])}}"}""", Key(_rsa, "one"));
        var token = Jwt.Hmac(Jwt.Payload(), new string('\0', 32), """{"alg":"HS256","kid":"s"}""");

        Assert.Null(await ByKeySet().BearerAsync(token));
    }

    [Fact]
    public async Task Tokens_of_published_Ed25519_keys_are_taken_and_others_refused()
    {
        var (plain, declared) = (new Ed25519Pair(), new Ed25519Pair());
        Publish(Key(_rsa, "one"), Key(plain, "plain"), Key(declared, "declared", ""","use":"sig","alg":"EdDSA" """));
        var validator = ByKeySet();

        Assert.NotNull(await validator.BearerAsync(Jwt.Edwards(Jwt.Payload(), plain, EdDsa("plain"))));
        Assert.NotNull(await validator.BearerAsync(Jwt.Edwards(Jwt.Payload(), plain)));
        Assert.NotNull(await validator.BearerAsync(Jwt.Edwards(Jwt.Payload(), declared, EdDsa("declared"))));
        Assert.NotNull(await validator.BearerAsync(Jwt.Rsa(Jwt.Payload(), _rsa, Rs256("one"))));
        Assert.Null(await validator.BearerAsync(Jwt.Edwards(Jwt.Payload(), new Ed25519Pair(), EdDsa("plain"))));
        Assert.Null(await validator.BearerAsync(Jwt.Edwards(Jwt.Payload(), plain, Rs256("plain"))));
        Assert.Null(await validator.BearerAsync(Jwt.Rsa(Jwt.Payload(), _rsa, EdDsa("one"))));
        Assert.Null(await validator.BearerAsync(Jwt.Hmac(Jwt.Payload(), plain.X, """{"alg":"HS256","kid":"plain"}""")));
    }

    [Fact]
    public async Task An_Ed25519_key_that_is_published_later_is_found_with_the_first_token_it_signs()
    {
        var (key, next) = (new Ed25519Pair(), new Ed25519Pair());
        Publish(Key(key, "one"));
        var validator = ByKeySet();
        Assert.NotNull(await validator.BearerAsync(Jwt.Edwards(Jwt.Payload(), key, EdDsa("one"))));
        Publish(Key(next, "two"));
        _time.Advance(RemoteKeys.RenewInterval);

        Assert.NotNull(await validator.BearerAsync(Jwt.Edwards(Jwt.Payload(), next, EdDsa("two"))));
        Assert.Null(await validator.BearerAsync(Jwt.Edwards(Jwt.Payload(), key, EdDsa("one"))));
    }

    [Fact]
    [Trait("Clause", "A1")]
    public async Task A_published_key_for_another_use_or_of_another_kind_is_passed_over()
    {
        var (good, key) = (new Ed25519Pair(), new Ed25519Pair());
        string[] unfit =
        [
            Key(key, "k", ""","use":"enc" """), Key(key, "k", ""","alg":"ES256" """),
            .. ((string[])["X25519", "Ed448", "ed25519", "P-256"]).Select(crv => Key(key, "k").Replace("Ed25519", crv, StringComparison.Ordinal)),
            Key(key, "k").Replace("OKP", "EC", StringComparison.Ordinal),
            .. ((string[])["", "****", key.X[4..], key.X + "AAAA", new string('A', 43)]).Select(x => Key(key, "k").Replace(key.X, x, StringComparison.Ordinal)),
            """{"kty":"OKP","crv":"Ed25519","kid":"k"}""",
        ];
        foreach (var published in unfit)
        {
            Publish(published, Key(good, "good"));
            var validator = ByKeySet();

            Assert.True(await validator.BearerAsync(Jwt.Edwards(Jwt.Payload(), key, EdDsa("k"))) is null, $"accepted: {published}");
            Assert.True(await validator.BearerAsync(Jwt.Edwards(Jwt.Payload(), good, EdDsa("good"))) is not null, $"spoiled by: {published}");
        }
    }

    [Fact]
    public async Task An_authority_names_Ed25519_keys_as_well()
    {
        var key = new Ed25519Pair();
        Publish(Key(key, "one"));
        var validator = Validator(session => session.Authority = _url);

        Assert.NotNull(await validator.BearerAsync(Jwt.Edwards(Jwt.Payload(("iss", "\"the issuer\"")), key, EdDsa("one"))));
        Assert.Null(await validator.BearerAsync(Jwt.Edwards(Jwt.Payload(("iss", "\"another\"")), key, EdDsa("one"))));
    }

    [Fact]
    public async Task An_authority_names_its_keys_and_itself()
    {
        var validator = Validator(session => session.Authority = $"{_url}/");

        Assert.NotNull(await validator.BearerAsync(Jwt.Rsa(Jwt.Payload(("iss", "\"the issuer\"")), _rsa, Rs256("one"))));
        Assert.Null(await validator.BearerAsync(Jwt.Rsa(Jwt.Payload(("iss", "\"another\"")), _rsa, Rs256("one"))));
        Assert.Null(await validator.BearerAsync(Jwt.Rsa(Jwt.Payload(), _rsa, Rs256("one"))));
        // What is minted here does not come from the authority.
        Assert.NotNull(await validator.BearerAsync(Jwt.Hmac(Jwt.Payload(), WellKnownKeys.Signing)));
    }

    [Fact]
    public async Task An_issuer_that_could_not_be_read_is_asked_again()
    {
        Publish("no JSON at all");
        var validator = ByKeySet();
        var token = Jwt.Rsa(Jwt.Payload(), _rsa, Rs256("one"));
        Assert.Null(await validator.BearerAsync(token));
        Publish(Key(_rsa, "one"));
        _time.Advance(TimeSpan.FromSeconds(1));

        Assert.NotNull(await validator.BearerAsync(token));
    }

    [Fact]
    public async Task An_issuer_that_is_not_there_lets_nobody_in_and_keeps_nobody_else_out()
    {
        await _issuer.StopAsync();
        var validator = ByKeySet();

        Assert.Null(await validator.BearerAsync(Jwt.Rsa(Jwt.Payload(), _rsa, Rs256("one"))));
        Assert.NotNull(await validator.BearerAsync(Jwt.Hmac(Jwt.Payload(), WellKnownKeys.Signing)));
    }
}
