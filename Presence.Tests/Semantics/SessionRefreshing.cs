using Microsoft.Extensions.DependencyInjection;
using Presence.Actors.Connections;
using Presence.Host.Auth;
using Presence.Tests.Host;
using Presence.Tests.Semantics.Clients;
using Xunit;

namespace Presence.Tests.Semantics;

/// <summary>Clients of every kind that present newer tokens (contract C4).</summary>
[Trait("Clause", "C4")]
public sealed class SessionRefreshing(SessionRefreshing.Server server) : IClassFixture<SessionRefreshing.Server>
{
    [Theory]
    [ClassData(typeof(EveryRawKind))]
    public async Task A_connection_outlives_the_token_that_it_came_with(LinkKind kind)
    {
        var user = Peers.NewUser();
        var first = Peers.IdentityOf(user, "alice", TimeSpan.FromSeconds(3));
        var second = Peers.IdentityOf(user, "alice", TimeSpan.FromSeconds(6));
        await using var bob = await server.ConnectAsync(LinkKind.Memory, Peers.NewUser(), "bob");
        await using var alice = await server.ConnectAsync(kind, first);
        var shown = await alice.ShowAsync("here");
        await bob.FollowAsync(user);
        Assert.Equal(new Told.Refreshed("r", second.ExpiresAt.ToUnixTimeSeconds()), await RefreshAsync(alice, Tokens.Sign(second)));

        await using var witness = await server.ConnectAsync(LinkKind.Memory, first with { TokenId = "witness" });
        Assert.Equal(ConnectionEnds.EndOf(LinkKind.Memory, CloseReason.Expired), await witness.UntilClosedAsync());
        await alice.PingAsync();
        Assert.Empty(await bob.UntilPongAsync());
        Assert.Equal(ConnectionEnds.EndOf(kind, CloseReason.Expired), await alice.UntilClosedAsync());
        Assert.True(DateTimeOffset.UtcNow >= second.ExpiresAt, "C4: it ended before its token");
        Assert.Equal(Told.Event.Leave(shown), await bob.NextAsync());
    }

    [Theory]
    [ClassData(typeof(EveryRawKind))]
    [Trait("Clause", "A1")]
    [Trait("Clause", "L3")]
    public async Task A_token_that_is_of_no_use_is_refused_with_the_cid_and_the_link_stays(LinkKind kind)
    {
        var user = Peers.NewUser();
        await using var alice = await server.ConnectAsync(kind, user, "alice");
        var revoked = Peers.IdentityOf(user, "alice");
        server.Services.GetRequiredService<Revocations>().RevokeLogin(revoked);
        const string invalid = "Missing or invalid token.";
        var tokens = new[]
        {
            ("", invalid),
            ("nonsense", invalid),
            (Tokens.Sign(Peers.IdentityOf(user, "alice", -TimeSpan.FromMinutes(2))), invalid),
            (Tokens.Sign(revoked), invalid),
            (Tokens.Sign(Peers.IdentityOf(Peers.NewUser(), "alice")), RefreshRules.OtherUser),
            (Tokens.Sign(Peers.IdentityOf(user, "Alice")), RefreshRules.OtherUsername),
        };
        foreach (var (token, text) in tokens)
            Assert.Equal(new Told.Error("r", (int)ErrorCode.BadInput, text), await RefreshAsync(alice, token));
        await alice.PingAsync();
    }

    [Theory]
    [ClassData(typeof(EveryRawKind))]
    [Trait("Clause", "A1")]
    public async Task A_logout_of_the_newer_token_ends_the_connection_and_one_of_the_older_does_not(LinkKind kind)
    {
        var user = Peers.NewUser();
        var (first, second) = (Peers.IdentityOf(user, "alice"), Peers.IdentityOf(user, "alice"));
        await using var alice = await server.ConnectAsync(kind, first);
        Assert.IsType<Told.Refreshed>(await RefreshAsync(alice, Tokens.Sign(second)));
        var revocations = server.Services.GetRequiredService<Revocations>();
        await using var witness = await server.ConnectAsync(LinkKind.Memory, first);
        revocations.RevokeLogin(first);
        Assert.Equal(ConnectionEnds.EndOf(LinkKind.Memory, CloseReason.Revoked), await witness.UntilClosedAsync());
        await alice.PingAsync();
        revocations.RevokeLogin(second);
        Assert.Equal(ConnectionEnds.EndOf(kind, CloseReason.Revoked), await alice.UntilClosedAsync());
    }

    private static async Task<Told> RefreshAsync(Peer peer, string token)
    {
        await peer.SendAsync(new ClientRequest.RefreshSession("r", token));
        return await peer.ReplyAsync("r");
    }

    /// <summary>A server that tells nobody before a token expires, and lets clients refresh as often as they like.</summary>
    public sealed class Server : ServerFixture
    {
        protected override IEnumerable<string> Settings =>
            ["--Presence:Session:ExpiryNotice=00:00:00", "--Presence:Limits:RefreshInterval=00:00:00"];
    }
}
