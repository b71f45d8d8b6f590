using Presence.Actors.Connections;
using Presence.Tests.Host;
using Presence.Tests.Semantics.Clients;
using Xunit;

namespace Presence.Tests.Semantics;

/// <summary>What the server promises of events (contract E), on every kind of link.</summary>
public abstract class EventSemantics(ServerFixture server)
{
    [Theory]
    [ClassData(typeof(EveryKind))]
    [Trait("Clause", "E1")]
    [Trait("Clause", "E6")]
    public async Task A_session_comes_changes_and_goes_in_one_join_updates_and_one_leave(LinkKind kind)
    {
        await using var bob = await server.ConnectAsync(kind, Peers.NewUser(), "bob");
        var user = Peers.NewUser();
        await bob.FollowAsync(user);
        var alice = await server.ConnectAsync(kind, user, "alice", appearsOnline: true);
        var empty = Assert.Single((await alice.NextAsync<Told.Event>()).Joins);
        Assert.Equal(Told.Event.Join(empty), await bob.NextAsync());
        var one = await alice.ShowAsync("one");
        Assert.Equal(Told.Event.Update(empty, one), await bob.NextAsync());
        var none = await alice.ShowAsync("");
        Assert.Equal(Told.Event.Update(one, none), await bob.NextAsync());
        await alice.CloseAsync();
        Assert.Equal(Told.Event.Leave(none), await bob.NextAsync());
        Assert.Empty(await bob.UntilPongAsync());
    }

    [Theory]
    [ClassData(typeof(EveryKind))]
    [Trait("Clause", "E2")]
    [Trait("Clause", "E3")]
    [Trait("Clause", "E4")]
    public async Task Changes_that_are_sent_without_waiting_arrive_all_and_in_order(LinkKind kind)
    {
        const int changes = 300;
        await using var alice = await server.ConnectAsync(kind, Peers.NewUser(), "alice");
        await using var bob = await server.ConnectAsync(kind, Peers.NewUser(), "bob");
        await bob.FollowAsync(alice.User);
        for (var i = 0; i < changes; i++)
            await alice.SendAsync(new ClientRequest.UpdateStatus(alice.NewCid(), i % 7 == 6 ? null : $"{i}"));
        await alice.SetAsync("last");
        var view = new View(bob);
        var seen = new List<int>();
        while (view.Of(alice.User).SingleOrDefault()?.Status != "last")
        {
            var told = await bob.NextAsync<Told.Event>();
            view.Apply(told);
            if (told.Joins is [{ Status: not "last" } join])
                seen.Add(int.Parse(join.Status!, System.Globalization.CultureInfo.InvariantCulture));
        }

        // Merging is allowed only when a follower is behind, and going backwards never.
        Assert.Equal(seen.Order(), seen);
        Assert.Equal(seen.Distinct(), seen);
        Assert.Empty(view.Faults);
    }

    [Theory]
    [ClassData(typeof(EveryKind))]
    [Trait("Clause", "E5")]
    public async Task Nobody_is_told_of_a_user_whom_it_does_not_follow(LinkKind kind)
    {
        await using var alice = await server.ConnectAsync(kind, Peers.NewUser(), "alice");
        await using var stranger = await server.ConnectAsync(kind, Peers.NewUser(), "stranger", appearsOnline: true);
        await using var bob = await server.ConnectAsync(kind, Peers.NewUser(), "bob", appearsOnline: true);
        await using var witness = await server.ConnectAsync(kind, Peers.NewUser(), "witness");
        await bob.FollowAsync(alice.User);
        await witness.FollowAsync(stranger.User, alice.User, bob.User);
        for (var i = 0; i < 20; i++)
        {
            await stranger.ShowAsync($"s{i}");
            await alice.ShowAsync($"a{i}");
        }

        for (var i = 0; i < 40; i++)
            await witness.NextAsync<Told.Event>();
        await bob.PingAsync();
        var users = bob.Transcript.OfType<Told.Event>().SelectMany(e => e.Joins.Concat(e.Leaves)).Select(s => s.User).ToHashSet();
        Assert.Equal([alice.User, bob.User], users.OrderBy(u => u != alice.User));
        Assert.DoesNotContain(alice.Transcript.OfType<Told.Event>().SelectMany(e => e.Joins), s => s.User != alice.User);
    }

    [Theory]
    [ClassData(typeof(EveryKind))]
    [Trait("Clause", "E6")]
    public async Task Every_visible_session_of_a_user_ends_in_exactly_one_leave(LinkKind kind)
    {
        var user = Peers.NewUser();
        await using var bob = await server.ConnectAsync(kind, Peers.NewUser(), "bob");
        await bob.FollowAsync(user);
        var devices = await Task.WhenAll(Enumerable.Range(0, 12).Select(_ => server.ConnectAsync(kind, user, "alice", appearsOnline: true)));
        await Task.WhenAll(devices.Select((d, i) => i % 2 == 0 ? d.CloseAsync() : d.AbortAsync()));
        var view = new View(bob);
        for (var leaves = 0; leaves < devices.Length;)
        {
            var told = await bob.NextAsync<Told.Event>();
            view.Apply(told);
            leaves += told.Leaves.Count(l => told.Joins.All(j => j.Session != l.Session));
        }

        Assert.Empty(view.Faults);
        Assert.Empty(view.Of(user));
        Assert.Empty(await bob.UntilPongAsync());
    }

    [Fact]
    [Trait("Clause", "C1")]
    public async Task Every_kind_of_link_sees_every_other_kind_alike()
    {
        var kinds = LinkKinds.All;
        var followers = await Task.WhenAll(kinds.Select(k => server.ConnectAsync(k, Peers.NewUser(), $"follower {k}")));
        foreach (var kind in kinds)
        {
            var alice = await server.ConnectAsync(kind, Peers.NewUser(), "alice");
            foreach (var follower in followers)
                Assert.Empty(await follower.FollowAsync(alice.User));
            var one = await alice.ShowAsync("eins");
            var two = await alice.ShowAsync("zwei");
            await alice.AbortAsync();
            foreach (var follower in followers)
            {
                Assert.Equal(Told.Event.Join(one), await follower.NextAsync());
                Assert.Equal(Told.Event.Update(one, two), await follower.NextAsync());
                Assert.Equal(Told.Event.Leave(two), await follower.NextAsync());
            }
        }

        foreach (var follower in followers)
            await follower.DisposeAsync();
    }
}
