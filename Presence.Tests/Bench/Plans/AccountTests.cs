using Presence.Bench;
using Presence.Bench.Plans;
using Presence.Tests.Host.Auth;
using Xunit;

namespace Presence.Tests.Bench.Plans;

public sealed class AccountTests
{
    [Fact]
    public void A_token_has_the_claims_of_its_user_and_the_signature_of_the_key()
    {
        var account = Account.Mint(2, "the key", Jwt.Now)[1];

        var claims = Jwt.ClaimsOf(account.Token);
        Assert.Equal(account.UserId, claims.GetProperty("uid").GetString());
        Assert.Equal("bench1", claims.GetProperty("usn").GetString());
        Assert.Equal(Jwt.Now.ToUnixTimeSeconds(), claims.GetProperty("iat").GetInt64());
        Assert.Equal(Jwt.Now.AddDays(1).ToUnixTimeSeconds(), claims.GetProperty("exp").GetInt64());
        Assert.True(Guid.TryParse(claims.GetProperty("tid").GetString(), out _));
        Assert.Equal(Jwt.Hmac(Jwt.PayloadOf(account.Token), "the key"), account.Token);
    }

    [Fact]
    public void The_users_are_different_and_the_same_every_time()
    {
        var accounts = Account.Mint(300, "a", Jwt.Now);

        Assert.Equal(300, accounts.Select(a => Guid.Parse(a.UserId)).Distinct().Count());
        Assert.Equal(accounts.Select(a => a.UserId), Account.Mint(300, "b", Jwt.Now).Select(a => a.UserId));
    }

    [Fact]
    public void Tokens_are_read_line_by_line_as_many_as_are_needed() => Assert.Equal(
        [new Account("u1", "t1"), new Account("u2", "t2")], Account.Read(["u1 t1", "", "u2 t2", "something else"], 2).ToArray());

    [Fact]
    public void Too_few_tokens_are_refused() => Assert.Contains(
        "1 tokens for 2 connections", Assert.Throws<UsageException>(() => Account.Read(["u1 t1"], 2)).Message, StringComparison.Ordinal);

    [Fact]
    public void A_line_that_is_no_token_is_named() => Assert.Contains(
        "Line 2", Assert.Throws<UsageException>(() => Account.Read(["u1 t1", "u2"], 2)).Message, StringComparison.Ordinal);
}
