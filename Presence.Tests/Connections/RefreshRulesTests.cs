using Presence.Actors.Connections;
using Presence.Actors.Model;
using Xunit;

namespace Presence.Tests.Connections;

/// <summary>By which tokens a connection goes on (contract C4).</summary>
[Trait("Clause", "C4")]
public sealed class RefreshRulesTests
{
    private static readonly Identity Alice = new(new UserId(Guid.NewGuid()), "alice", "old", DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch);

    [Fact]
    public void A_valid_token_of_the_same_user_and_name_is_taken_whatever_else_it_says()
    {
        var other = Alice with { TokenId = "new", IssuedAt = DateTimeOffset.UtcNow, ExpiresAt = DateTimeOffset.MaxValue };
        Assert.Null(RefreshRules.RefusalOf(Alice, new TokenCheck.Valid(other), "1"));
        Assert.Null(RefreshRules.RefusalOf(Alice, new TokenCheck.Valid(Alice), "1"));
    }

    [Fact]
    public void Any_other_is_refused_with_the_cid()
    {
        Assert.Equal(
            new ServerMessage.Failed("1", ErrorCode.BadInput, "Missing or invalid token."), RefreshRules.RefusalOf(Alice, TokenCheck.Invalid, "1"));
        Assert.Equal(ErrorCode.RuntimeException, RefreshRules.RefusalOf(Alice, TokenCheck.Failed, "1")!.Code);
        Assert.Equal(
            new ServerMessage.Failed("1", ErrorCode.BadInput, "The token is of another user."),
            RefreshRules.RefusalOf(Alice, new TokenCheck.Valid(Alice with { User = new UserId(Guid.NewGuid()) }), "1"));
        Assert.Equal(
            new ServerMessage.Failed(null, ErrorCode.BadInput, "The token has another username; connect again to use it."),
            RefreshRules.RefusalOf(Alice, new TokenCheck.Valid(Alice with { Username = "Alice" }), null));
    }

    [Fact]
    [Trait("Clause", "A5")]
    public void A_token_appears_in_no_text_of_its_request() =>
        Assert.Equal("RefreshSession { Cid = 1 }", new ClientRequest.RefreshSession("1", "secret").ToString());
}
