using Presence.Actors.Connections;
using Presence.Tests.Host;
using Presence.Tests.Semantics.Clients;
using Xunit;

namespace Presence.Tests.Semantics;

/// <summary>A server that tells a connection two seconds before its token expires (contract C4).</summary>
public sealed class ExpiryNotice(ExpiryNotice.Server server) : IClassFixture<ExpiryNotice.Server>
{
    [Theory]
    [ClassData(typeof(EveryRawKind))]
    [Trait("Clause", "C4")]
    public async Task A_client_is_told_before_its_token_expires_and_goes_on_until_then(LinkKind kind)
    {
        var identity = Peers.IdentityOf(Peers.NewUser(), "alice", TimeSpan.FromSeconds(4));
        await using var alice = await server.ConnectAsync(kind, identity);
        Assert.Equal(new Told.Notice("session_expiring", -4001), await alice.NextAsync());
        Assert.True(DateTimeOffset.UtcNow < identity.ExpiresAt, "C4: it was told too late");
        await alice.PingAsync();
        Assert.Equal(ConnectionEnds.EndOf(kind, CloseReason.Expired), await alice.UntilClosedAsync());
    }

    public sealed class Server : ServerFixture
    {
        protected override IEnumerable<string> Settings => ["--Presence:Session:ExpiryNotice=00:00:02"];
    }
}
