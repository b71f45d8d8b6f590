using System.Collections.Immutable;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Presence.Actors.Connections;
using Presence.Actors.Model;
using Presence.Host.Auth;
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

    private async Task<Identity> IdentityOf(TokenPair tokens) => (await _validator.ValidateAsync(tokens.Session))!;

    private async Task<bool> IsGood(TokenPair tokens)
    {
        var session = await _validator.ValidateAsync(tokens.Session) is not null;
        Assert.Equal(session, await _validator.ValidateRefreshAsync(tokens.Refresh) is not null);
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
    public async Task A_login_without_an_id_takes_along_what_was_issued_up_to_it()
    {
        var earlier = Login(Alice);
        _time.Advance(TimeSpan.FromSeconds(2));
        var nameless = await IdentityOf(Login(Alice)) with { TokenId = null };
        _time.Advance(TimeSpan.FromSeconds(2));
        var later = Login(Alice);
        _revocations.RevokeLogin(nameless);

        Assert.True(_revocations.IsRevoked(nameless));
        Assert.False(await IsGood(earlier));
        Assert.True(await IsGood(later));
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
        var renewed = _issuer.Renew((await _validator.ValidateRefreshAsync(first.Refresh))!, ImmutableSortedDictionary<string, string>.Empty);
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
        Assert.Null(await _validator.ValidateRefreshAsync(login.Refresh));
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
