using System.Collections.Immutable;
using System.Security.Cryptography;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Presence.Actors.Connections;
using Presence.Actors.Model;
using Presence.Actors.Telemetry;
using Presence.Host.Auth;
using Presence.Host.Configuration;
using Xunit;

namespace Presence.Tests.Host.Auth;

[Trait("Clause", "A1")]
public sealed class RevocationsTests
{
    private static readonly UserId Alice = new(Guid.Parse(Jwt.Uid));
    private static readonly UserId Bob = new(Guid.Parse("00000000-0000-4000-8000-000000000002"));

    private readonly FakeTimeProvider _time = new(Jwt.Now.AddMilliseconds(200));
    private readonly Revocations _revocations;
    private readonly TokenIssuer _issuer;
    private readonly TokenValidator _validator;

    public RevocationsTests()
    {
        var options = TestOptions.With();
        _revocations = new(options, _time);
        _issuer = new(options, _revocations, _time);
        _validator = new(options, _revocations, _time, NullLogger<TokenValidator>.Instance);
    }

    private TokenPair Login(UserId user) => _issuer.Issue(user, "somebody", ImmutableSortedDictionary<string, string>.Empty);

    private async Task<Identity> IdentityOf(TokenPair tokens) => (await _validator.BearerAsync(tokens.Session))!;

    /// <summary>A token of Alice from another issuer.</summary>
    private static string Token(params (string Name, string? Json)[] changes) => Jwt.Hmac(Jwt.Payload(changes), WellKnownKeys.Signing);

    private async Task<bool> IsGood(TokenPair tokens)
    {
        var session = await _validator.BearerAsync(tokens.Session) is not null;
        Assert.Equal(session, await _validator.RefresherAsync(tokens.Refresh) is not null);
        return session;
    }

    [Fact]
    public async Task A_revoked_login_takes_its_own_tokens_along_and_no_others()
    {
        var (one, other, bobs) = (Login(Alice), Login(Alice), Login(Bob));
        _revocations.RevokeLogin(await IdentityOf(one));

        Assert.False(await IsGood(one));
        Assert.True(await IsGood(other));
        Assert.True(await IsGood(bobs));
    }

    [Fact]
    public void A_login_of_the_same_id_but_another_user_is_another_login()
    {
        var alices = new Identity(Alice, "alice", "t1", Jwt.Now, Jwt.Now.AddHours(1));
        _revocations.RevokeLogin(alices);

        Assert.True(_revocations.IsRevoked(alices));
        Assert.False(_revocations.IsRevoked(alices with { User = Bob }));
    }

    [Fact]
    public async Task A_token_without_an_id_is_a_login_of_its_own()
    {
        var (one, other) = (Token(("tid", null), ("usn", "\"one\"")), Token(("tid", null), ("usn", "\"other\"")));
        _revocations.RevokeLogin((await _validator.BearerAsync(one))!);

        Assert.Null(await _validator.BearerAsync(one));
        Assert.NotNull(await _validator.BearerAsync(other));
        Assert.True(await IsGood(Login(Alice)));
    }

    [Fact]
    public async Task A_second_signature_of_a_revoked_token_without_an_id_does_not_bring_it_back()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var options = TestOptions.With(session => session.PublicKeys = [key.ExportSubjectPublicKeyInfoPem()]);
        using var validator = new TokenValidator(options, _revocations, _time, NullLogger<TokenValidator>.Instance);
        var payload = Jwt.Payload(("tid", null));
        var (one, other) = (Jwt.Elliptic(payload, key), Jwt.Elliptic(payload, key));
        Assert.NotEqual(one, other);
        _revocations.RevokeLogin((await validator.BearerAsync(one))!);

        Assert.Null(await validator.BearerAsync(other));
    }

    public static TheoryData<string, string?, string?> Undated => new()
    {
        { "no iat and no tid", null, null },
        { "no iat", null, "\"t\"" },
        { "iat null", "null", null },
        { "iat in the future", Jwt.At(50), null },
        { "iat in the future, and a tid", Jwt.At(50), "\"t\"" },
    };

    [Theory]
    [MemberData(nameof(Undated))]
    public async Task A_logout_with_a_token_that_has_no_time_of_issue_or_one_ahead_ends_it_and_nothing_that_is_issued_later(
        string what, string? iat, string? tid)
    {
        foreach (var isNamed in (bool[])[true, false])
        {
            var revocations = new Revocations(TestOptions.With(), _time);
            using var validator = new TokenValidator(TestOptions.With(), revocations, _time, NullLogger<TokenValidator>.Instance);
            var token = Token(("iat", iat), ("tid", tid));
            var bearer = (await validator.BearerAsync(token))!;
            Assert.Null(isNamed ? revocations.RevokeLogin(bearer) : revocations.RevokeEverythingOf(bearer));
            Assert.True(await validator.BearerAsync(token) is null, $"{what}: it has not ended");

            _time.Advance(TimeSpan.FromSeconds(1));
            var second = Jwt.At((int)(_time.GetUtcNow() - Jwt.Now).TotalSeconds);
            // The same login service, whose tokens have no time of issue, or one that is ahead, and others, whose tokens have the right one.
            foreach (var later in (string?[])[iat, second])
                Assert.True(await validator.BearerAsync(Token(("iat", later), ("tid", "\"later\""), ("exp", Jwt.At(7200)))) is not null, $"{what}: a later one has ended");
        }
    }

    [Fact]
    public async Task An_exact_time_of_issue_is_compared_exactly()
    {
        var (before, after) = (Token(("iat", $"{Jwt.At(0)}.1"), ("tid", "\"a\"")), Token(("iat", $"{Jwt.At(0)}.3"), ("tid", "\"b\"")));
        _revocations.RevokeUser(Alice);

        Assert.Null(await _validator.BearerAsync(before));
        Assert.NotNull(await _validator.BearerAsync(after));
    }

    [Fact]
    public async Task A_token_that_is_minted_after_many_logouts_of_one_second_is_taken()
    {
        for (var i = 0; i < 200; i++)
        {
            var login = Login(Alice);
            Assert.True(await IsGood(login), $"login {i}");
            _revocations.RevokeUser(Alice);
            Assert.False(await IsGood(login), $"logout {i}");
        }
    }

    [Fact]
    public async Task A_revocation_outlives_the_token_by_the_skew_and_an_hour()
    {
        var options = TestOptions.With(session =>
            (session.TokenLifetime, session.RefreshTokenLifetime, session.ClockSkew) = (TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(2)));
        var revocations = new Revocations(options, _time);
        using var validator = new TokenValidator(options, revocations, _time, NullLogger<TokenValidator>.Instance);
        // Its clock is behind, and so the token is taken after its end.
        _time.Advance(TimeSpan.FromSeconds(3660));
        var token = Token(("exp", Jwt.At(3600)));
        var bearer = (await validator.BearerAsync(token))!;
        Assert.Equal(Jwt.Now.AddSeconds(3720), bearer.ExpiresAt);
        revocations.RevokeLogin(bearer);

        _time.Advance(TimeSpan.FromSeconds(60) + TimeSpan.FromMinutes(61));
        revocations.Apply(new Revocation.OfLogin(Bob, "x", _time.GetUtcNow()));
        Assert.True(revocations.IsRevoked(bearer));
        _time.Advance(TimeSpan.FromMinutes(2));
        revocations.Apply(new Revocation.OfLogin(Bob, "y", _time.GetUtcNow()));
        Assert.False(revocations.IsRevoked(bearer));
    }

    [Fact]
    [Trait("Clause", "L4")]
    public void The_number_of_revocations_is_bounded_and_none_is_given_up_for_another()
    {
        var options = TestOptions.With();
        (options.Value.Limits.Revocations, options.Value.Limits.RevocationsPerUser) = (10, 3);
        var revocations = new Revocations(options, _time);
        Identity Of(UserId user, string id) => new(user, "x", id, Jwt.Now.AddDays(-1), Jwt.Now.AddHours(1));

        for (var i = 0; i < 3; i++)
            Assert.Null(revocations.RevokeLogin(Of(Alice, $"{i}")));
        Assert.Equal(Limit.RevocationsPerUser, revocations.RevokeLogin(Of(Alice, "3")));
        Assert.False(revocations.IsRevoked(Of(Alice, "3")));
        // What is revoked may be revoked again, and everything at once needs no more room than one.
        Assert.Null(revocations.RevokeLogin(Of(Alice, "2")));
        Assert.Null(revocations.RevokeEverythingOf(Of(Alice, "3")));
        Assert.True(revocations.IsRevoked(Of(Alice, "3")));

        for (var i = 4; i < 10; i++)
            Assert.Null(revocations.RevokeUser(new(Guid.NewGuid())));
        Assert.Equal(Limit.Revocations, revocations.RevokeUser(Bob));
        Assert.Equal(Limit.Revocations, revocations.RevokeLogin(Of(Bob, "1")));
        Assert.False(revocations.IsRevoked(Of(Bob, "1")));
        Assert.Null(revocations.RevokeUser(Alice));
        // That of another node is in force there already.
        revocations.Apply(new Revocation.OfLogin(Bob, "1", Jwt.Now.AddHours(2)));
        Assert.True(revocations.IsRevoked(Of(Bob, "1")));
        Assert.Equal(11, revocations.Count);

        // Room comes back with time.
        _time.Advance(TimeSpan.FromDays(31));
        Assert.Null(revocations.RevokeUser(Bob));
        Assert.Equal(1, revocations.Count);
    }

    [Fact]
    public async Task Within_one_second_all_logins_before_a_revocation_end_and_all_after_it_hold()
    {
        var before = Login(Alice);
        _revocations.RevokeUser(Alice);
        var between = Login(Alice);

        Assert.False(await IsGood(before));
        Assert.True(await IsGood(between));

        _time.Advance(TimeSpan.FromMilliseconds(100));
        _revocations.RevokeUser(Alice);
        var after = Login(Alice);

        Assert.False(await IsGood(before));
        Assert.False(await IsGood(between));
        Assert.True(await IsGood(after));
        Assert.Equal(Jwt.Now.AddSeconds(2), (await IdentityOf(after)).IssuedAt);
    }

    [Fact]
    public async Task The_tokens_of_a_login_that_goes_on_end_with_it()
    {
        var first = Login(Alice);
        _time.Advance(TimeSpan.FromMinutes(1));
        var renewed = _issuer.Renew((await _validator.RefresherAsync(first.Refresh))!, ImmutableSortedDictionary<string, string>.Empty);
        _revocations.RevokeLogin(await IdentityOf(first));

        Assert.False(await IsGood(renewed));
    }

    [Fact]
    public async Task A_bearer_whose_clock_is_ahead_can_revoke_its_own_token_too()
    {
        var ahead = new Identity(Alice, "alice", "t1", Jwt.Now.AddSeconds(30), Jwt.Now.AddHours(1));
        _revocations.RevokeEverythingOf(ahead);

        Assert.True(_revocations.IsRevoked(ahead));
        Assert.True(await IsGood(Login(Alice)));
    }

    [Fact]
    public async Task A_revocation_is_kept_until_its_tokens_have_expired_and_no_longer()
    {
        var login = Login(Alice);
        _revocations.RevokeLogin(await IdentityOf(login));
        _revocations.RevokeUser(Bob);
        _revocations.RevokeUser(Bob);
        Assert.Equal(2, _revocations.Count);

        _time.Advance(TimeSpan.FromDays(30) - TimeSpan.FromSeconds(1));
        Assert.Null(await _validator.RefresherAsync(login.Refresh));
        _time.Advance(TimeSpan.FromDays(1));
        _revocations.RevokeUser(Alice);

        Assert.Equal(1, _revocations.Count);
    }

    [Fact]
    public async Task Whoever_listens_is_told_once_and_can_tell_whom_it_concerns()
    {
        var told = new List<Revocation>();
        var inForce = new List<bool>();
        var (one, bobs) = (await IdentityOf(Login(Alice)), await IdentityOf(Login(Bob)));
        _revocations.Revoked += told.Add;
        _revocations.Revoked += _ => inForce.Add(_revocations.IsRevoked(one));

        _revocations.RevokeLogin(one);
        _revocations.RevokeLogin(one);
        _revocations.Apply(told[0]);
        _revocations.RevokeUser(Alice);

        Assert.Equal(2, told.Count);
        Assert.Equal([true, true], inForce);
        Assert.All(told, revocation => Assert.True(revocation.Covers(one)));
        Assert.All(told, revocation => Assert.False(revocation.Covers(bobs)));
    }

    [Fact]
    public async Task A_revocation_of_another_node_counts_like_one_of_this_node()
    {
        var login = Login(Alice);
        Revocation? brought = null;
        _revocations.Revoked += revocation => brought = revocation;

        _revocations.Apply(new Revocation.OfUser(Alice, Jwt.Now.AddSeconds(5), Jwt.Now.AddDays(30)));
        // An older one that comes late takes nothing back.
        _revocations.Apply(new Revocation.OfUser(Alice, Jwt.Now.AddSeconds(1), Jwt.Now.AddDays(31)));

        Assert.False(await IsGood(login));
        Assert.NotNull(brought);
        Assert.Equal(Jwt.Now.AddSeconds(6), _revocations.EarliestIssue(Alice));
    }
}
