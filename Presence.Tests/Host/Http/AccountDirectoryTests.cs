using Microsoft.Extensions.Time.Testing;
using Presence.Host.Http;
using Presence.Tests.Host.Auth;
using Xunit;

namespace Presence.Tests.Host.Http;

[Trait("Clause", "A3")]
public sealed class AccountDirectoryTests
{
    private readonly AccountDirectory _accounts = new(new FakeTimeProvider(Jwt.Now), capacity: 3);

    private (Account Account, bool Created) SignIn(string id, string? username = null) =>
        _accounts.SignIn(AccountKind.Custom, id, username, create: true);

    [Fact]
    public void Beyond_its_capacity_it_forgets_who_has_not_come_for_longest()
    {
        foreach (var id in (string[])["one", "two", "three"])
            Assert.True(SignIn(id, id).Created);
        Assert.False(SignIn("one").Created);
        Assert.True(SignIn("four", "four").Created);

        Assert.Null(_accounts.Find("two"));
        Assert.Null(_accounts.Find(AccountKind.Custom.UserOf("two")));
        Assert.NotNull(_accounts.Find("one"));
        // The name is free again, and the user is who it was.
        Assert.Equal("two", SignIn("five", "two").Account.Username);
        Assert.Equal(AccountKind.Custom.UserOf("three"), SignIn("three").Account.User);
    }

    [Fact]
    public void An_account_that_is_refused_changes_nothing()
    {
        SignIn("one", "taken");
        var refused = Assert.Throws<ApiException>(() => SignIn("two", "taken"));

        Assert.Equal(409, refused.Error.Status);
        Assert.Null(_accounts.Find(AccountKind.Custom.UserOf("two")));
    }
}
