using System.Diagnostics.Metrics;
using Microsoft.Extensions.Time.Testing;
using Presence.Actors.Limits;
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
        Of(limit: 1, new Refusals(meter)).CountRefusal(Limit.ConnectionsPerUser);
        Assert.Equal(1, counts["connections_per_user"]);
    }

    [Fact]
    public void A_refusal_says_which_limit_it_is_and_when_to_try_again()
    {
        var clock = new FakeTimeProvider();
        var replaced = new ReplacedLogins(TimeSpan.FromSeconds(15), capacity: 100, clock);
        var users = Of(limit: 1, new Refusals(), replaced);
        var alice = Peers.IdentityOf(Peers.NewUser(), "alice");
        Assert.Null(users.RefusalOf(alice));

        for (var i = 0; i < 3; i++)
            replaced.Note(alice);
        clock.Advance(TimeSpan.FromMilliseconds(1));
        Assert.Equal(new UserRefusal(Limit.ReplacedLogins, RetryAfter: 2), users.RefusalOf(alice));
        Assert.Equal("Replaced too often by newer connections; try again in 2 s.", users.RefusalOf(alice)!.Sentence);
        Assert.Null(users.RefusalOf(Peers.IdentityOf(alice.User, "alice")));

        users.TryEnter(alice.User);
        Assert.Equal(new UserRefusal(Limit.ConnectionsPerUser, RetryAfter: 5), users.RefusalOf(alice));
        Assert.Equal("Too many connections of this user.", users.RefusalOf(alice)!.Sentence);
    }

    private static UserLinks Of(int limit, Refusals refusals, ReplacedLogins? replaced = null)
    {
        var options = TestOptions.With();
        options.Value.Limits.ConnectionsPerUser = limit;
        return new UserLinks(options, refusals, replaced ?? new ReplacedLogins(TimeSpan.Zero, capacity: 100, TimeProvider.System));
    }
}
