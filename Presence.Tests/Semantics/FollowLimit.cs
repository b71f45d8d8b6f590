using Presence.Actors.Connections;
using Presence.Actors.Model;
using Presence.Tests.Host;
using Presence.Tests.Semantics.Clients;
using Xunit;

namespace Presence.Tests.Semantics;

/// <summary>The limit of follows (contract F10), set low enough to reach.</summary>
public sealed class FollowLimit(FollowLimit.Server server) : IClassFixture<FollowLimit.Server>
{
    private const int Limit = 5;

    [Theory]
    [ClassData(typeof(EveryKind))]
    [Trait("Clause", "F10")]
    public async Task A_request_that_would_pass_the_limit_is_refused_and_applies_nothing(LinkKind kind)
    {
        await using var alice = await server.ConnectAsync(kind, Peers.NewUser(), "alice");
        await using var carol = await server.ConnectAsync(kind, Peers.NewUser(), "carol");
        await using var bob = await server.ConnectAsync(kind, Peers.NewUser(), "bob");
        var rest = Enumerable.Range(0, Limit - 2).Select(_ => Peers.NewUser()).ToArray();
        await bob.FollowAsync(rest);
        var error = await RefusedAsync(bob, alice.User, carol.User, Peers.NewUser());
        Assert.Equal(3, error.Code);

        // None of the three is followed, and the two that have room may be.
        await alice.ShowAsync("unseen");
        await bob.PingAsync();
        Assert.DoesNotContain(bob.Transcript, t => t is Told.Event);
        var shown = Assert.Single(await bob.FollowAsync(alice.User, carol.User));
        Assert.Equal("unseen", shown.Status);
        Assert.Equal(3, (await RefusedAsync(bob, Peers.NewUser())).Code);

        // What is followed already takes no room, nor do repeats and oneself.
        Assert.Single(await bob.FollowAsync([alice.User, alice.User, carol.User, bob.User, .. rest]));
        await bob.UnfollowAsync(rest[0]);
        await bob.FollowAsync(Peers.NewUser());
        Assert.Equal(3, (await RefusedAsync(bob, rest[0])).Code);
        Assert.Equal(Told.Event.Join(await carol.ShowAsync("seen")), await bob.NextAsync());
    }

    [Theory]
    [ClassData(typeof(EveryKind))]
    [Trait("Clause", "F10")]
    public async Task Names_that_nobody_has_yet_count_as_well(LinkKind kind)
    {
        await using var bob = await server.ConnectAsync(kind, Peers.NewUser(), "bob");
        var names = Enumerable.Range(0, Limit).Select(_ => Guid.NewGuid().ToString()).ToArray();
        await bob.FollowNamesAsync(names);
        Assert.Equal(3, (await RefusedAsync(bob, Peers.NewUser())).Code);
        await bob.FollowNamesAsync(names);
    }

    private static Task<Told.Error> RefusedAsync(Peer peer, params UserId[] users) =>
        peer.ExpectAsync<Told.Error>(cid => new ClientRequest.Follow(cid, [.. users.Select(u => u.ToString())], []));

    public sealed class Server : ServerFixture
    {
        protected override IEnumerable<string> Settings => [$"--Presence:Limits:Follows={Limit}"];
    }
}
