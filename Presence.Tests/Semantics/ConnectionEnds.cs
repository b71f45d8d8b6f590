using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using Presence.Actors.Connections;
using Presence.Tests.Host;
using Presence.Tests.Semantics.Clients;
using Xunit;

namespace Presence.Tests.Semantics;

/// <summary>When the server ends a connection whose token does not stand for it any more (contract C4), on every kind of link.</summary>
public abstract class ConnectionEnds(ServerFixture server)
{
    [Theory]
    [ClassData(typeof(EveryRawKind))]
    [Trait("Clause", "C4")]
    public async Task A_connection_ends_when_its_token_expires(LinkKind kind)
    {
        await using var bob = await server.ConnectAsync(kind, Peers.NewUser(), "bob");
        var user = Peers.NewUser();
        // Before there is anything to see, so that nothing of it is missed.
        await bob.FollowAsync(user);
        var identity = Peers.IdentityOf(user, "alice", TimeSpan.FromSeconds(4));
        await using var alice = await server.ConnectAsync(kind, identity);
        var shown = await alice.ShowAsync("for a moment");
        Assert.Equal(Told.Event.Join(shown), await bob.NextAsync());
        Assert.Equal(EndOf(kind, CloseReason.Expired), await alice.UntilClosedAsync());
        // A token says when it expires in whole seconds.
        Assert.True(DateTimeOffset.UtcNow >= DateTimeOffset.FromUnixTimeSeconds(identity.ExpiresAt.ToUnixTimeSeconds()));
        Assert.Equal(Told.Event.Leave(shown), await bob.NextAsync());
        await bob.PingAsync();
    }

    [Theory]
    [ClassData(typeof(EveryRawKind))]
    [Trait("Clause", "C4")]
    [Trait("Clause", "0.11")]
    public async Task A_logout_ends_the_connections_of_that_login_and_of_no_other(LinkKind kind)
    {
        var user = Peers.NewUser();
        var here = Peers.IdentityOf(user, "alice");
        var elsewhere = Peers.IdentityOf(user, "alice");
        await using var alice = await server.ConnectAsync(kind, here);
        await using var second = await server.ConnectAsync(kind, here);
        await using var other = await server.ConnectAsync(kind, elsewhere);
        await second.PingAsync();
        await other.PingAsync();
        var shown = await alice.ShowAsync("here");
        Assert.Equal(Told.Event.Join(shown), await other.NextAsync());

        await LogoutAsync(here, new { token = Tokens.Sign(here) });
        Assert.Equal(EndOf(kind, CloseReason.Revoked), await alice.UntilClosedAsync());
        // Both end at once: the one that ends last may still hear of the other's end.
        var last = (await second.UntilClosedAsync()).Where(t => !t.Equals(Told.Event.Leave(shown)));
        Assert.Equal([Told.Event.Join(shown), .. EndOf(kind, CloseReason.Revoked)], last);
        Assert.Equal(Told.Event.Leave(shown), await other.NextAsync());
        await other.PingAsync();
        if (kind != LinkKind.Memory)
            await Assert.ThrowsAnyAsync<Exception>(() => server.ConnectAsync(kind, here));
    }

    [Theory]
    [ClassData(typeof(EveryRawKind))]
    [Trait("Clause", "C4")]
    [Trait("Clause", "0.11")]
    public async Task A_logout_from_everywhere_ends_every_connection_of_the_user(LinkKind kind)
    {
        var user = Peers.NewUser();
        var here = Peers.IdentityOf(user, "alice");
        await using var alice = await server.ConnectAsync(kind, here);
        await using var other = await server.ConnectAsync(kind, Peers.IdentityOf(user, "alice"));
        await using var bob = await server.ConnectAsync(kind, Peers.NewUser(), "bob");
        await alice.PingAsync();
        await other.PingAsync();
        await LogoutAsync(here, new { });
        Assert.Equal(EndOf(kind, CloseReason.Revoked), await alice.UntilClosedAsync());
        Assert.Equal(EndOf(kind, CloseReason.Revoked), await other.UntilClosedAsync());
        await bob.PingAsync();
    }

    private async Task LogoutAsync(Identity caller, object body)
    {
        using var http = new HttpClient { BaseAddress = server.Http };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Tokens.Sign(caller));
        using var response = await http.PostAsJsonAsync("/v2/session/logout", body);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    /// <summary>How a client learns of an end that is not its own: a plain TCP link has no close codes, so it is told in words.</summary>
    internal static Told[] EndOf(LinkKind kind, CloseReason reason) => kind is LinkKind.TcpJson or LinkKind.TcpProtobuf
        ? [new Told.Error(null, 0, reason.Text), new Told.Closed(null)]
        : [new Told.Closed(reason.Code)];
}
