using System.Collections.Immutable;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using Presence.Actors.Model;
using Presence.Host.Auth;
using Presence.Host.Configuration;
using Xunit;

namespace Presence.Tests.Host.Auth;

[Trait("Clause", "A3")]
public sealed class TokenIssuerTests
{
    private static readonly UserId User = new(Guid.Parse(Jwt.Uid));
    private static readonly ImmutableSortedDictionary<string, string> NoVars = ImmutableSortedDictionary<string, string>.Empty;

    private readonly FakeTimeProvider _time = new(Jwt.Now);
    private readonly IOptions<PresenceOptions> _options = TestOptions.With();

    private (TokenIssuer Issuer, TokenValidator Validator, Revocations Revocations) Setup(IOptions<PresenceOptions>? options = null)
    {
        options ??= _options;
        var revocations = new Revocations(options, _time);
        return (new(options, revocations, _time), new(options, revocations, _time, NullLogger<TokenValidator>.Instance), revocations);
    }

    [Fact]
    public void The_payload_has_its_claims_in_order_and_nothing_escaped_that_need_not_be()
    {
        var vars = NoVars.Add("k", "<v> & '+' é 😀 \u2028 \"q\" \\");
        var tokens = Setup().Issuer.Issue(User, "Zoë😀", vars);

        foreach (var (token, lifetime) in new[] { (tokens.Session, 86_400), (tokens.Refresh, 30 * 86_400) })
        {
            var tid = Jwt.ClaimsOf(token).GetProperty("tid").GetString();
            Assert.Equal(
                $$"""{"tid":"{{tid}}","uid":"{{Jwt.Uid}}","usn":"Zoë😀","vrs":{"k":"<v> & '+' é 😀 {{'\u2028'}} \"q\" \\"},"exp":{{Jwt.At(lifetime)}},"iat":{{Jwt.At(0)}}}""",
                Regex.Replace(Jwt.PayloadOf(token), "(?<=[:{,]) {1,2}(?=\")", ""));
        }
    }

    [Fact]
    public void Vars_are_left_out_when_there_are_none()
    {
        var token = Setup().Issuer.Issue(User, "alice", NoVars).Session;
        var tid = Jwt.ClaimsOf(token).GetProperty("tid").GetString();

        Assert.Equal($$"""{"tid":"{{tid}}","uid":"{{Jwt.Uid}}","usn":"alice","exp":{{Jwt.At(86_400)}},"iat":{{Jwt.At(0)}}}""", Jwt.PayloadOf(token));
    }

    [Fact]
    public void The_tokens_are_signed_like_any_others_of_their_keys()
    {
        var tokens = Setup().Issuer.Issue(User, "alice", NoVars);

        Assert.Equal(Jwt.Hmac(Jwt.PayloadOf(tokens.Session), WellKnownKeys.Signing), tokens.Session);
        Assert.Equal(Jwt.Hmac(Jwt.PayloadOf(tokens.Refresh), WellKnownKeys.RefreshSigning), tokens.Refresh);
    }

    [Fact]
    public void The_two_tokens_of_a_login_share_its_id_and_no_other_login_has_it()
    {
        var (issuer, _, _) = Setup();
        var one = issuer.Issue(User, "alice", NoVars);
        var other = issuer.Issue(User, "alice", NoVars);

        Assert.Equal(Tid(one.Session), Tid(one.Refresh));
        Assert.NotEqual(Tid(one.Session), Tid(other.Session));
        Assert.True(Guid.TryParse(Tid(one.Session), out var tid));
        Assert.Equal(4, tid.Version);
    }

    [Fact]
    public async Task Every_token_is_good_for_what_it_is_minted_for_and_for_nothing_else()
    {
        var (issuer, validator, _) = Setup();
        var tokens = issuer.Issue(User, "alice", NoVars);

        Assert.Equal(User, (await validator.BearerAsync(tokens.Session))?.User);
        Assert.Equal(User, (await validator.RefresherAsync(tokens.Refresh))?.User);
        Assert.Null(await validator.BearerAsync(tokens.Refresh));
        Assert.Null(await validator.RefresherAsync(tokens.Session));
    }

    [Fact]
    public async Task A_configured_issuer_and_audience_stand_behind_the_other_claims()
    {
        var (issuer, validator, _) = Setup(TestOptions.With(session => (session.Issuer, session.Audience) = ("us", "game")));
        var tokens = issuer.Issue(User, "alice", NoVars);

        Assert.EndsWith($$"""
            ,"iat":{{Jwt.At(0)}},"iss":"us","aud":"game"}
            """, Jwt.PayloadOf(tokens.Session), StringComparison.Ordinal);
        Assert.NotNull(await validator.BearerAsync(tokens.Session));
        Assert.NotNull(await validator.RefresherAsync(tokens.Refresh));
    }

    [Fact]
    public async Task A_renewed_login_keeps_its_id_its_start_and_its_vars_and_lives_anew()
    {
        var (issuer, validator, _) = Setup();
        var first = issuer.Issue(User, "alice", NoVars.Add("k", "v"));
        _time.Advance(TimeSpan.FromHours(5));
        var login = await validator.RefresherAsync(first.Refresh);
        var renewed = issuer.Renew(login!, NoVars);

        Assert.Equal(
            Jwt.PayloadOf(first.Session).Replace(Jwt.At(86_400), Jwt.At(86_400 + (5 * 3600)), StringComparison.Ordinal),
            Jwt.PayloadOf(renewed.Session));
        Assert.Equal(
            Jwt.PayloadOf(first.Refresh).Replace(Jwt.At(30 * 86_400), Jwt.At((30 * 86_400) + (5 * 3600)), StringComparison.Ordinal),
            Jwt.PayloadOf(renewed.Refresh));
    }

    [Fact]
    public async Task Vars_that_are_given_replace_those_of_the_login()
    {
        var (issuer, validator, _) = Setup();
        var first = issuer.Issue(User, "alice", NoVars.Add("k", "v"));
        var renewed = issuer.Renew((await validator.RefresherAsync(first.Refresh))!, NoVars.Add("other", "w"));

        Assert.Equal("""{"other":"w"}""", Jwt.ClaimsOf(renewed.Session).GetProperty("vrs").GetRawText());
        Assert.Equal("""{"other":"w"}""", Jwt.ClaimsOf(renewed.Refresh).GetProperty("vrs").GetRawText());
    }

    [Fact]
    public void An_expiry_never_passes_31_bits()
    {
        _time.SetUtcNow(new DateTimeOffset(2038, 1, 18, 0, 0, 0, TimeSpan.Zero));
        var tokens = Setup().Issuer.Issue(User, "alice", NoVars);

        Assert.Equal(int.MaxValue, Jwt.ClaimsOf(tokens.Refresh).GetProperty("exp").GetInt64());
    }

    [Theory]
    [InlineData(null)]
    [InlineData(false)]
    public void Nothing_is_minted_where_minting_is_off(bool? allowed)
    {
        var (issuer, _, _) = Setup(TestOptions.With(session => session.AllowMinting = allowed));

        Assert.False(issuer.IsOn);
        Assert.Throws<InvalidOperationException>(() => issuer.Issue(User, "alice", NoVars));
    }

    [Fact]
    [Trait("Clause", "A5")]
    public void A_pair_of_tokens_written_out_shows_none()
    {
        var tokens = Setup().Issuer.Issue(User, "alice", NoVars);

        Assert.DoesNotContain("ey", $"{tokens}", StringComparison.Ordinal);
    }

    private static string? Tid(string token) => Jwt.ClaimsOf(token).GetProperty("tid").GetString();
}
