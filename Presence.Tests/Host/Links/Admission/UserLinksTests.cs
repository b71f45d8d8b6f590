using System.Diagnostics.Metrics;
using Presence.Actors.Telemetry;
using Presence.Host.Links.Admission;
using Presence.Tests.Host.Auth;
using Presence.Tests.Semantics.Clients;
using Presence.Tests.Telemetry;
using Xunit;

namespace Presence.Tests.Host.Links.Admission;

[Trait("Clause", "L4")]
public sealed class UserLinksTests
{
    [Fact]
    public void A_user_has_room_for_so_many_links_and_another_user_for_its_own()
    {
        var (alice, bob) = (Peers.NewUser(), Peers.NewUser());
        var users = Of(limit: 2, new Refusals());

        Assert.True(users.TryEnter(alice));
        Assert.True(users.HasRoom(alice));
        Assert.True(users.TryEnter(alice));
        Assert.False(users.HasRoom(alice));
        Assert.True(users.HasRoom(bob));

        users.Leave(alice);
        Assert.True(users.HasRoom(alice));
    }

    [Fact]
    public void A_link_too_many_counts_until_it_leaves()
    {
        var alice = Peers.NewUser();
        var users = Of(limit: 1, new Refusals());
        Assert.True(users.TryEnter(alice));
        Assert.False(users.TryEnter(alice));

        users.Leave(alice);
        Assert.False(users.HasRoom(alice));
        users.Leave(alice);
        Assert.True(users.HasRoom(alice));
    }

    [Fact]
    public void A_refusal_is_counted()
    {
        using var meter = new Meter(Refusals.MeterName);
        using var counts = RefusalCounts.Of(meter);
        Of(limit: 1, new Refusals(meter)).CountRefusal();
        Assert.Equal(1, counts["connections_per_user"]);
    }

    private static UserLinks Of(int limit, Refusals refusals)
    {
        var options = TestOptions.With();
        options.Value.Limits.ConnectionsPerUser = limit;
        return new UserLinks(options, refusals);
    }
}
