using Presence.Actors.Connections;
using Presence.Tests.Host;
using Presence.Tests.Semantics.Clients;
using Xunit;

namespace Presence.Tests.Semantics;

/// <summary>What the server promises of statuses (contract S), on every kind of link.</summary>
public abstract class StatusSemantics(ServerFixture server)
{
    [Theory]
    [ClassData(typeof(EveryKind))]
    [Trait("Clause", "S1")]
    public async Task A_connection_opens_invisible(LinkKind kind)
    {
        await using var alice = await server.ConnectAsync(kind, Peers.NewUser(), "alice");
        await using var bob = await server.ConnectAsync(kind, Peers.NewUser(), "bob");
        await alice.PingAsync();
        Assert.Empty(await bob.FollowAsync(alice.User));
        // The first that is ever told of alice is what she shows later.
        var shown = await alice.ShowAsync("here");
        Assert.Equal(Told.Event.Join(shown), await bob.NextAsync());
    }

    [Theory]
    [ClassData(typeof(EveryKind))]
    [Trait("Clause", "S1")]
    public async Task A_connection_that_asks_to_appear_online_shows_the_empty_status(LinkKind kind)
    {
        await using var bob = await server.ConnectAsync(kind, Peers.NewUser(), "bob");
        var user = Peers.NewUser();
        Assert.Empty(await bob.FollowAsync(user));
        await using var alice = await server.ConnectAsync(kind, user, "alice", appearsOnline: true);
        var own = await alice.NextAsync<Told.Event>();
        Assert.Equal(Told.Event.Join(new Shown(user, alice.Session!, "alice", "")), own);
        Assert.Equal(own, await bob.NextAsync());
        Assert.Equal(own.Joins, await bob.FollowAsync(user));
    }

    [Theory]
    [ClassData(typeof(EveryKind))]
    [Trait("Clause", "S2")]
    public async Task A_status_is_any_text_and_comes_back_as_it_was(LinkKind kind)
    {
        string[] texts =
        [
            "in the lobby", """{"map":"<dust> & 'sand'","n":[1,2,3]}""", "", " ", "\"\\\b\f\n\r\t\0\u001f\u007f\u2028", "Grüße 你好 😀", "null",
        ];
        await using var alice = await server.ConnectAsync(kind, Peers.NewUser(), "alice");
        await using var bob = await server.ConnectAsync(kind, Peers.NewUser(), "bob");
        await bob.FollowAsync(alice.User);
        foreach (var text in texts)
        {
            var shown = await alice.ShowAsync(text);
            Assert.Equal(text, shown.Status);
            Assert.Equal(text, Assert.Single((await bob.NextAsync<Told.Event>()).Joins).Status);
            Assert.Equal(shown, Assert.Single(await bob.FollowAsync(alice.User)));
        }
    }

    [Theory]
    [ClassData(typeof(EveryKind))]
    [Trait("Clause", "S2")]
    public async Task A_status_may_have_2048_bytes_however_many_characters_they_are(LinkKind kind)
    {
        await using var alice = await server.ConnectAsync(kind, Peers.NewUser(), "alice");
        foreach (var text in new[] { new string('x', 2048), new string('é', 1024), string.Concat(Enumerable.Repeat("😀", 512)), new string('\u0001', 2048) })
            Assert.Equal(text, (await alice.ShowAsync(text)).Status);
    }

    [Theory]
    [ClassData(typeof(EveryKind))]
    [Trait("Clause", "S2")]
    public async Task A_longer_status_is_refused_and_the_old_one_stays(LinkKind kind)
    {
        await using var alice = await server.ConnectAsync(kind, Peers.NewUser(), "alice");
        await using var bob = await server.ConnectAsync(kind, Peers.NewUser(), "bob");
        await bob.FollowAsync(alice.User);
        var old = await alice.ShowAsync("old");
        Assert.Equal(Told.Event.Join(old), await bob.NextAsync());
        foreach (var text in new[] { new string('x', 2049), new string('é', 1024) + "x", string.Concat(Enumerable.Repeat("😀", 512)) + "x", new string('x', 20_000) })
        {
            var error = await alice.ExpectAsync<Told.Error>(cid => new ClientRequest.UpdateStatus(cid, text));
            Assert.Equal(3, error.Code);
            Assert.NotEmpty(error.Message);
        }

        Assert.Equal(old, Assert.Single(await bob.FollowAsync(alice.User)));
        Assert.Equal(Told.Event.Update(old, await alice.ShowAsync("new")), await bob.NextAsync());
    }

    [Theory]
    [ClassData(typeof(EveryKind))]
    [Trait("Clause", "S3")]
    public async Task Every_device_of_a_user_has_a_status_of_its_own(LinkKind kind)
    {
        var user = Peers.NewUser();
        await using var phone = await server.ConnectAsync(kind, user, "alice");
        await using var laptop = await server.ConnectAsync(kind, user, "alice");
        await using var tablet = await server.ConnectAsync(kind, user, "alice");
        await using var bob = await server.ConnectAsync(kind, Peers.NewUser(), "bob");
        var onPhone = await phone.ShowAsync("on the phone");
        var onLaptop = await laptop.ShowAsync("on the laptop");
        Assert.NotEqual(onPhone.Session, onLaptop.Session);
        Assert.Equivalent(new[] { onPhone, onLaptop }, await bob.FollowAsync(user), strict: true);

        await phone.EraseAsync();
        Assert.Equal(Told.Event.Leave(onPhone), await bob.NextAsync());
        Assert.Equal(onLaptop, Assert.Single(await bob.FollowAsync(user)));

        var onTablet = await tablet.ShowAsync("on the tablet");
        Assert.Equal(Told.Event.Join(onTablet), await bob.NextAsync());
        await laptop.CloseAsync();
        Assert.Equal(Told.Event.Leave(onLaptop), await bob.NextAsync());
        Assert.Equal(onTablet, Assert.Single(await bob.FollowAsync(user)));
    }

    [Theory]
    [ClassData(typeof(EveryKind))]
    [Trait("Clause", "S4")]
    public async Task Erasing_makes_invisible_and_a_later_status_is_a_first_one(LinkKind kind)
    {
        await using var alice = await server.ConnectAsync(kind, Peers.NewUser(), "alice");
        await using var bob = await server.ConnectAsync(kind, Peers.NewUser(), "bob");
        await bob.FollowAsync(alice.User);
        var first = await alice.ShowAsync("first");
        Assert.Equal(Told.Event.Join(first), await bob.NextAsync());
        await alice.EraseAsync();
        Assert.Equal(Told.Event.Leave(first), await bob.NextAsync());
        Assert.Empty(await bob.FollowAsync(alice.User));
        var second = await alice.ShowAsync("second");
        Assert.Equal(first.Session, second.Session);
        Assert.Equal(Told.Event.Join(second), await bob.NextAsync());
    }

    [Theory]
    [ClassData(typeof(EveryKind))]
    [Trait("Clause", "S4")]
    public async Task Erasing_nothing_is_acknowledged_and_tells_nobody(LinkKind kind)
    {
        await using var alice = await server.ConnectAsync(kind, Peers.NewUser(), "alice");
        await using var bob = await server.ConnectAsync(kind, Peers.NewUser(), "bob");
        await bob.FollowAsync(alice.User);
        await alice.EraseAsync();
        await alice.EraseAsync();
        var shown = await alice.ShowAsync("here");
        Assert.Equal(Told.Event.Join(shown), await bob.NextAsync());
        await alice.EraseAsync();
        await alice.EraseAsync();
        Assert.Equal(Told.Event.Leave(shown), await bob.NextAsync());
        Assert.Equal(Told.Event.Join(await alice.ShowAsync("again")), await bob.NextAsync());
    }

    [Theory]
    [ClassData(typeof(EveryKind))]
    [Trait("Clause", "S5")]
    [Trait("Clause", "C2")]
    public async Task However_a_connection_ends_its_status_ends_with_it(LinkKind kind)
    {
        await using var bob = await server.ConnectAsync(kind, Peers.NewUser(), "bob");
        foreach (var end in new Func<Peer, Task>[] { p => p.CloseAsync(), p => p.AbortAsync() })
        {
            var alice = await server.ConnectAsync(kind, Peers.NewUser(), "alice");
            var shown = await alice.ShowAsync("here");
            Assert.Equal(shown, Assert.Single(await bob.FollowAsync(alice.User)));
            await end(alice);
            Assert.Equal(Told.Event.Leave(shown), await bob.NextAsync());
            Assert.Empty(await bob.FollowAsync(alice.User));
        }
    }

    [Theory]
    [ClassData(typeof(EveryRawKind))]
    [Trait("Clause", "S6")]
    public async Task Erasing_and_disconnecting_look_the_same_byte_for_byte(LinkKind kind)
    {
        await using var bob = await server.ConnectAsync(kind, Peers.NewUser(), "bob");
        foreach (var end in new Func<Peer, Task>[] { p => p.CloseAsync(), p => p.AbortAsync() })
        {
            var alice = await server.ConnectAsync(kind, Peers.NewUser(), "alice");
            await bob.FollowAsync(alice.User);
            await alice.ShowAsync("there \"and\" gone");
            await bob.NextAsync<Told.Event>();
            await alice.EraseAsync();
            var erased = await bob.NextAsync<Told.Event>();
            var bytesOfErase = bob.Bytes[^1];
            await alice.ShowAsync("there \"and\" gone");
            await bob.NextAsync<Told.Event>();
            await end(alice);
            Assert.Equal(erased, await bob.NextAsync());
            Assert.Equal(bytesOfErase, bob.Bytes[^1]);

            // Nor does anything afterwards tell them apart: a user who is gone and one who is hidden answer alike.
            await using var carol = await server.ConnectAsync(kind, Peers.NewUser(), "carol");
            await carol.ShowAsync("x");
            await carol.EraseAsync();
            Assert.Equal(await bob.FollowAsync(carol.User), await bob.FollowAsync(alice.User));
            Assert.Empty(await bob.UntilPongAsync());
        }
    }

    [Theory]
    [ClassData(typeof(EveryKind))]
    [Trait("Clause", "S7")]
    public async Task An_acknowledged_status_is_in_force(LinkKind kind)
    {
        await using var alice = await server.ConnectAsync(kind, Peers.NewUser(), "alice");
        for (var i = 0; i < 50; i++)
        {
            // A follower of its own each time, so that nothing can be known from before.
            await alice.SetAsync($"status {i}");
            await using var bob = await server.ConnectAsync(kind, Peers.NewUser(), "bob");
            Assert.Equal($"status {i}", Assert.Single(await bob.FollowAsync(alice.User)).Status);
        }

        await alice.EraseAsync();
        await using var late = await server.ConnectAsync(kind, Peers.NewUser(), "late");
        Assert.Empty(await late.FollowAsync(alice.User));
    }

    [Theory]
    [ClassData(typeof(EveryKind))]
    [Trait("Clause", "S8")]
    public async Task Setting_the_same_status_again_is_an_update_like_any_other(LinkKind kind)
    {
        await using var alice = await server.ConnectAsync(kind, Peers.NewUser(), "alice");
        await using var bob = await server.ConnectAsync(kind, Peers.NewUser(), "bob");
        await bob.FollowAsync(alice.User);
        var shown = await alice.ShowAsync("same");
        Assert.Equal(Told.Event.Join(shown), await bob.NextAsync());
        for (var i = 0; i < 5; i++)
        {
            await alice.ShowAsync("same");
            Assert.Equal(Told.Event.Update(shown, shown), await bob.NextAsync());
        }
    }
}
