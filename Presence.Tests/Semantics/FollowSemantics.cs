using Presence.Actors.Connections;
using Presence.Tests.Host;
using Presence.Tests.Semantics.Clients;
using Xunit;

namespace Presence.Tests.Semantics;

/// <summary>What the server promises of follows (contract F), on every kind of link.</summary>
public abstract class FollowSemantics(ServerFixture server)
{
    /// <summary>Names are the server's to share, so a test has some of its own.</summary>
    private static string NewName(string name) => $"{name}-{Guid.NewGuid():N}";

    [Theory]
    [ClassData(typeof(EveryKind))]
    [Trait("Clause", "F1")]
    public async Task A_follow_answers_with_every_visible_presence_and_leaves_out_who_has_none(LinkKind kind)
    {
        await using var alice = await server.ConnectAsync(kind, Peers.NewUser(), NewName("alice"));
        await using var carol = await server.ConnectAsync(kind, Peers.NewUser(), NewName("carol"));
        await using var hidden = await server.ConnectAsync(kind, Peers.NewUser(), NewName("hidden"));
        await using var second = await server.ConnectAsync(kind, carol.User, carol.Username);
        await using var bob = await server.ConnectAsync(kind, Peers.NewUser(), "bob");
        Shown[] shown = [await alice.ShowAsync("a"), await carol.ShowAsync("c1"), await second.ShowAsync("c2")];
        Assert.Equivalent(
            shown, await bob.FollowAsync([alice.User, hidden.User, Peers.NewUser()], [carol.Username, NewName("nobody")]), strict: true);
    }

    [Theory]
    [ClassData(typeof(EveryKind))]
    [Trait("Clause", "F1")]
    public async Task A_follow_of_nobody_answers_with_nobody(LinkKind kind)
    {
        await using var bob = await server.ConnectAsync(kind, Peers.NewUser(), "bob");
        Assert.Empty(await bob.FollowAsync());
        Assert.Empty(await bob.FollowAsync(Peers.NewUser()));
    }

    [Theory]
    [ClassData(typeof(EveryKind))]
    [Trait("Clause", "F1")]
    public async Task A_follow_of_many_users_answers_for_all_of_them_in_one_reply(LinkKind kind)
    {
        var users = Enumerable.Range(0, 60).Select(_ => Peers.NewUser()).ToArray();
        var peers = await Task.WhenAll(users.Take(40).Select(u => server.ConnectAsync(kind, u, "many")));
        var shown = await Task.WhenAll(peers.Select((p, i) => p.ShowAsync($"status {i}")));
        await using var bob = await server.ConnectAsync(kind, Peers.NewUser(), "bob");
        Assert.Equal(shown.OrderBy(s => s.Session), (await bob.FollowAsync(users)).OrderBy(s => s.Session));
        foreach (var peer in peers)
            await peer.DisposeAsync();
    }

    [Theory]
    [ClassData(typeof(EveryKind))]
    [Trait("Clause", "F2")]
    public async Task Every_change_after_the_answer_arrives_once_and_in_order(LinkKind kind)
    {
        await using var alice = await server.ConnectAsync(kind, Peers.NewUser(), "alice");
        await using var bob = await server.ConnectAsync(kind, Peers.NewUser(), "bob");
        var shown = await alice.ShowAsync("0");
        var last = Assert.Single(await bob.FollowAsync(alice.User));
        Assert.Equal(shown, last);
        for (var i = 1; i <= 100; i++)
            await alice.SetAsync($"{i}");
        for (var i = 1; i <= 100; i++)
        {
            var next = last with { Status = $"{i}" };
            Assert.Equal(Told.Event.Update(last, next), await bob.NextAsync());
            last = next;
        }

        Assert.Empty(await bob.UntilPongAsync());
    }

    [Theory]
    [ClassData(typeof(EveryRawKind))]
    [Trait("Clause", "F3")]
    public async Task An_id_is_taken_in_any_of_the_usual_spellings(LinkKind kind)
    {
        await using var alice = await server.ConnectAsync(kind, Peers.NewUser(), "alice");
        var shown = await alice.ShowAsync("here");
        var id = alice.User.Value;
        foreach (var spelling in new[] { $"{id:D}", $"{id:D}".ToUpperInvariant(), $"{id:N}", $"{id:N}".ToUpperInvariant(), $"{id:B}", $"urn:uuid:{id:D}", $"URN:UUID:{id:D}".ToUpperInvariant() })
        {
            await using var bob = await server.ConnectAsync(kind, Peers.NewUser(), "bob");
            Assert.Equal(shown, Assert.Single(await bob.FollowTextsAsync([spelling], [])));
            await bob.ExpectAsync<Told.Ack>(cid => new ClientRequest.Unfollow(cid, [spelling]));
        }
    }

    [Theory]
    [ClassData(typeof(EveryRawKind))]
    [Trait("Clause", "F3")]
    public async Task A_malformed_id_is_refused_and_nothing_of_the_request_is_applied(LinkKind kind)
    {
        await using var alice = await server.ConnectAsync(kind, Peers.NewUser(), NewName("alice"));
        await using var bob = await server.ConnectAsync(kind, Peers.NewUser(), "bob");
        await using var witness = await server.ConnectAsync(kind, Peers.NewUser(), "witness");
        var id = alice.User.ToString();
        foreach (var bad in new[] { "", "nonsense", id[..^1], id + "0", $"{{{id}", $"({id})", id.Replace('-', '_'), $" {id}", "urn:" + id })
        {
            var error = await bob.ExpectAsync<Told.Error>(cid => new ClientRequest.Follow(cid, [id, bad], [alice.Username]));
            Assert.Equal(3, error.Code);
        }

        Assert.Equal(3, (await bob.ExpectAsync<Told.Error>(cid => new ClientRequest.Follow(cid, [id], [""]))).Code);
        await witness.FollowAsync(alice.User);
        await alice.SetAsync("does bob see this?");
        await witness.NextAsync<Told.Event>();
        Assert.Empty(await bob.UntilPongAsync());
    }

    [Theory]
    [ClassData(typeof(EveryRawKind))]
    [Trait("Clause", "F3")]
    public async Task A_malformed_id_among_those_to_unfollow_leaves_all_follows_as_they_are(LinkKind kind)
    {
        await using var alice = await server.ConnectAsync(kind, Peers.NewUser(), "alice");
        await using var bob = await server.ConnectAsync(kind, Peers.NewUser(), "bob");
        await bob.FollowAsync(alice.User);
        Assert.Equal(3, (await bob.ExpectAsync<Told.Error>(cid => new ClientRequest.Unfollow(cid, [alice.User.ToString(), "nonsense"]))).Code);
        Assert.Equal(Told.Event.Join(await alice.ShowAsync("here")), await bob.NextAsync());
    }

    [Theory]
    [ClassData(typeof(EveryKind))]
    [Trait("Clause", "F3")]
    public async Task Repeats_count_once_and_so_do_the_id_and_the_name_of_one_user(LinkKind kind)
    {
        await using var alice = await server.ConnectAsync(kind, Peers.NewUser(), NewName("alice"));
        await using var bob = await server.ConnectAsync(kind, Peers.NewUser(), "bob");
        var shown = await alice.ShowAsync("here");
        var id = alice.User.Value;
        Assert.Equal(shown, Assert.Single(await bob.FollowTextsAsync([$"{id:D}", $"{id:N}", $"{id:B}", $"{id:D}"], [alice.Username, alice.Username])));
        Assert.Equal(Told.Event.Update(shown, await alice.ShowAsync("once")), await bob.NextAsync());
        Assert.Empty(await bob.UntilPongAsync());
    }

    [Theory]
    [ClassData(typeof(EveryKind))]
    [Trait("Clause", "F4")]
    public async Task Following_again_answers_with_the_present_and_changes_nothing_else(LinkKind kind)
    {
        await using var alice = await server.ConnectAsync(kind, Peers.NewUser(), NewName("alice"));
        await using var bob = await server.ConnectAsync(kind, Peers.NewUser(), "bob");
        Assert.Empty(await bob.FollowAsync(alice.User));
        var one = await alice.ShowAsync("one");
        Assert.Equal(one, Assert.Single(await bob.FollowAsync(alice.User)));
        Assert.Equal(one, Assert.Single(await bob.FollowNamesAsync(alice.Username)));
        Assert.Equal(Told.Event.Join(one), await bob.NextAsync());
        Assert.Equal(Told.Event.Update(one, await alice.ShowAsync("two")), await bob.NextAsync());
        Assert.Empty(await bob.UntilPongAsync());
        // One unfollow undoes them all.
        await bob.UnfollowAsync(alice.User);
        await alice.ShowAsync("three");
        Assert.Empty(await bob.UntilPongAsync());
    }

    [Theory]
    [ClassData(typeof(EveryKind))]
    [Trait("Clause", "F5")]
    public async Task Two_connections_of_a_user_follow_independently(LinkKind kind)
    {
        await using var alice = await server.ConnectAsync(kind, Peers.NewUser(), "alice");
        var user = Peers.NewUser();
        await using var phone = await server.ConnectAsync(kind, user, "bob");
        await using var laptop = await server.ConnectAsync(kind, user, "bob");
        await phone.FollowAsync(alice.User);
        var one = await alice.ShowAsync("one");
        Assert.Equal(Told.Event.Join(one), await phone.NextAsync());
        Assert.Empty(await laptop.UntilPongAsync());
        Assert.Equal(one, Assert.Single(await laptop.FollowAsync(alice.User)));
        await phone.UnfollowAsync(alice.User);
        Assert.Equal(Told.Event.Update(one, await alice.ShowAsync("two")), await laptop.NextAsync());
        Assert.Empty(await phone.UntilPongAsync());
    }

    [Theory]
    [ClassData(typeof(EveryKind))]
    [Trait("Clause", "F1")]
    [Trait("Clause", "F6")]
    public async Task A_follow_by_the_name_of_somebody_who_is_connected_is_a_follow_of_that_user(LinkKind kind)
    {
        await using var alice = await server.ConnectAsync(kind, Peers.NewUser(), NewName("Älice 😀"));
        await using var bob = await server.ConnectAsync(kind, Peers.NewUser(), "bob");
        // Connected, and invisible.
        Assert.Empty(await bob.FollowNamesAsync(alice.Username));
        var shown = await alice.ShowAsync("here");
        Assert.Equal(Told.Event.Join(shown), await bob.NextAsync());
        Assert.Equal(shown, Assert.Single(await bob.FollowNamesAsync(alice.Username)));
        // A name is compared exactly.
        Assert.Empty(await bob.FollowNamesAsync(alice.Username.ToUpperInvariant(), alice.Username + " "));
        // And the follow is undone by the id, since it is the user who is followed.
        await bob.UnfollowAsync(alice.User);
        await alice.ShowAsync("unseen");
        Assert.Empty(await bob.UntilPongAsync());
    }

    [Theory]
    [ClassData(typeof(EveryKind))]
    [Trait("Clause", "F6")]
    public async Task A_follow_by_a_name_that_nobody_has_takes_effect_when_somebody_of_that_name_connects(LinkKind kind)
    {
        var name = NewName("alice");
        await using var bob = await server.ConnectAsync(kind, Peers.NewUser(), "bob");
        Assert.Empty(await bob.FollowNamesAsync(name));
        await using var alice = await server.ConnectAsync(kind, Peers.NewUser(), name);
        await alice.PingAsync();
        Assert.Empty(await bob.UntilPongAsync());
        var shown = await alice.ShowAsync("here");
        Assert.Equal(Told.Event.Join(shown), await bob.NextAsync());
        await alice.CloseAsync();
        Assert.Equal(Told.Event.Leave(shown), await bob.NextAsync());
        // From then on it is the user who is followed.
        await using var again = await server.ConnectAsync(kind, alice.User, name, appearsOnline: true);
        Assert.Equal("", Assert.Single((await bob.NextAsync<Told.Event>()).Joins).Status);
    }

    [Theory]
    [ClassData(typeof(EveryKind))]
    [Trait("Clause", "F6")]
    public async Task Somebody_of_an_awaited_name_who_appears_at_once_is_told_once(LinkKind kind)
    {
        var name = NewName("alice");
        await using var bob = await server.ConnectAsync(kind, Peers.NewUser(), "bob");
        await bob.FollowNamesAsync(name);
        await using var alice = await server.ConnectAsync(kind, Peers.NewUser(), name, appearsOnline: true);
        var own = await alice.NextAsync<Told.Event>();
        Assert.Equal(own, await bob.NextAsync());
        var shown = await alice.ShowAsync("here");
        Assert.Equal(Told.Event.Update(own.Joins[0], shown), await bob.NextAsync());
        Assert.Empty(await bob.UntilPongAsync());
    }

    [Theory]
    [ClassData(typeof(EveryKind))]
    [Trait("Clause", "F7")]
    public async Task After_the_reply_to_an_unfollow_no_event_of_that_user_comes(LinkKind kind)
    {
        await using var alice = await server.ConnectAsync(kind, Peers.NewUser(), "alice");
        await using var bob = await server.ConnectAsync(kind, Peers.NewUser(), "bob");
        await using var carol = await server.ConnectAsync(kind, Peers.NewUser(), "carol");
        await carol.FollowAsync(alice.User);
        for (var round = 0; round < 10; round++)
        {
            await bob.FollowAsync(alice.User);
            // Changes are under way while the unfollow is.
            for (var i = 0; i < 10; i++)
                await alice.SendAsync(new ClientRequest.UpdateStatus(alice.NewCid(), $"{round}.{i}"));
            await bob.UnfollowAsync(alice.User);
            var toldUpToTheReply = bob.Transcript.ToList().FindLastIndex(t => t is Told.Ack);
            for (var i = 0; i < 10; i++)
                await carol.NextAsync<Told.Event>();
            await bob.PingAsync();
            Assert.DoesNotContain(bob.Transcript.Skip(toldUpToTheReply), t => t is Told.Event);
        }
    }

    [Theory]
    [ClassData(typeof(EveryKind))]
    [Trait("Clause", "F7")]
    public async Task Unfollowing_who_is_not_followed_is_acknowledged_and_changes_nothing(LinkKind kind)
    {
        await using var alice = await server.ConnectAsync(kind, Peers.NewUser(), "alice");
        await using var bob = await server.ConnectAsync(kind, Peers.NewUser(), "bob");
        await bob.UnfollowAsync();
        await bob.UnfollowAsync(Peers.NewUser(), Peers.NewUser());
        await bob.FollowAsync(alice.User);
        await bob.UnfollowAsync(Peers.NewUser());
        Assert.Equal(Told.Event.Join(await alice.ShowAsync("here")), await bob.NextAsync());
    }

    [Theory]
    [ClassData(typeof(EveryKind))]
    [Trait("Clause", "F7")]
    [Trait("Clause", "E2")]
    public async Task Who_follows_again_after_an_unfollow_starts_from_the_new_answer(LinkKind kind)
    {
        await using var alice = await server.ConnectAsync(kind, Peers.NewUser(), "alice");
        await using var bob = await server.ConnectAsync(kind, Peers.NewUser(), "bob");
        await alice.ShowAsync("one");
        await bob.FollowAsync(alice.User);
        await bob.UnfollowAsync(alice.User);
        var two = await alice.ShowAsync("two");
        Assert.Equal(two, Assert.Single(await bob.FollowAsync(alice.User)));
        Assert.Equal(Told.Event.Update(two, await alice.ShowAsync("three")), await bob.NextAsync());
    }

    [Theory]
    [ClassData(typeof(EveryKind))]
    [Trait("Clause", "F8")]
    public async Task A_connection_that_follows_comes_and_goes_without_disturbing_the_others(LinkKind kind)
    {
        await using var alice = await server.ConnectAsync(kind, Peers.NewUser(), "alice");
        await using var bob = await server.ConnectAsync(kind, Peers.NewUser(), "bob");
        await bob.FollowAsync(alice.User);
        for (var i = 0; i < 20; i++)
        {
            var passing = await server.ConnectAsync(kind, Peers.NewUser(), "passing");
            await passing.FollowAsync([alice.User], [NewName("nobody")]);
            await (i % 2 == 0 ? passing.CloseAsync() : passing.AbortAsync());
        }

        Assert.Equal(Told.Event.Join(await alice.ShowAsync("here")), await bob.NextAsync());
        Assert.Empty(await bob.UntilPongAsync());
    }

    [Theory]
    [ClassData(typeof(EveryKind))]
    [Trait("Clause", "F9")]
    public async Task Every_device_is_told_of_all_changes_of_its_own_user(LinkKind kind)
    {
        var user = Peers.NewUser();
        await using var phone = await server.ConnectAsync(kind, user, "alice");
        var laptop = await server.ConnectAsync(kind, user, "alice");
        await phone.PingAsync();
        var one = await laptop.ShowAsync("one");
        Assert.Equal(Told.Event.Join(one), await phone.NextAsync());
        var two = await laptop.ShowAsync("two");
        Assert.Equal(Told.Event.Update(one, two), await phone.NextAsync());
        var own = await phone.ShowAsync("mine");
        Assert.Equal(Told.Event.Join(own), await laptop.NextAsync());
        await phone.EraseAsync();
        Assert.Equal(Told.Event.Leave(own), await phone.NextAsync());
        Assert.Equal(Told.Event.Leave(own), await laptop.NextAsync());
        await laptop.CloseAsync();
        Assert.Equal(Told.Event.Leave(two), await phone.NextAsync());
    }

    [Theory]
    [ClassData(typeof(EveryKind))]
    [Trait("Clause", "F9")]
    public async Task Following_or_unfollowing_oneself_changes_nothing(LinkKind kind)
    {
        await using var alice = await server.ConnectAsync(kind, Peers.NewUser(), NewName("alice"));
        await using var second = await server.ConnectAsync(kind, alice.User, alice.Username);
        await second.PingAsync();
        var one = await alice.ShowAsync("one");
        Assert.Equal(Told.Event.Join(one), await second.NextAsync());
        // The answer lists the other connections of the user, and never the one that asks.
        // (The client library keeps its own user out of what it shows.)
        IReadOnlyList<Shown> others = kind >= LinkKind.LibraryWebSocketJson ? [] : [one];
        Assert.Equal(others, await second.FollowAsync([alice.User], [alice.Username]));
        Assert.Equal(others, await second.FollowAsync([], [alice.Username]));
        Assert.Empty(await alice.FollowAsync([alice.User]));
        var two = await alice.ShowAsync("two");
        Assert.Equal(Told.Event.Update(one, two), await second.NextAsync());
        await second.UnfollowAsync(alice.User);
        Assert.Equal(Told.Event.Update(two, await alice.ShowAsync("three")), await second.NextAsync());
        Assert.Empty(await second.UntilPongAsync());
    }
}
