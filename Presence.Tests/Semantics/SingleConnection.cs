using Presence.Actors.Connections;
using Presence.Tests.Host;
using Presence.Tests.Semantics.Clients;
using Xunit;

namespace Presence.Tests.Semantics;

/// <summary>A server where a new connection of a user replaces the old one (contract C3).</summary>
public sealed class SingleConnection(SingleConnection.Server server) : IClassFixture<SingleConnection.Server>
{
    [Theory]
    [ClassData(typeof(EveryRawKind))]
    [Trait("Clause", "C3")]
    public async Task A_new_connection_replaces_the_old_one_which_is_told_why(LinkKind kind)
    {
        var user = Peers.NewUser();
        await using var bob = await server.ConnectAsync(kind, Peers.NewUser(), "bob");
        await bob.FollowAsync(user);
        await using var old = await server.ConnectAsync(kind, user, "alice");
        var shown = await old.ShowAsync("old");
        Assert.Equal(Told.Event.Join(shown), await bob.NextAsync());

        await using var young = await server.ConnectAsync(kind, user, "alice");
        Assert.Equal([new Told.Notice("single_socket", -7), .. ConnectionEnds.EndOf(kind, CloseReason.Replaced)], await old.UntilClosedAsync());
        Assert.Equal(Told.Event.Leave(shown), await bob.NextAsync());
        Assert.Equal(Told.Event.Join(await young.ShowAsync("young")), await bob.NextAsync());
    }

    [Theory]
    [ClassData(typeof(EveryRawKind))]
    [Trait("Clause", "C3")]
    public async Task Connections_of_other_users_stay(LinkKind kind)
    {
        await using var bob = await server.ConnectAsync(kind, Peers.NewUser(), "same name");
        await using var carol = await server.ConnectAsync(kind, Peers.NewUser(), "same name");
        await bob.PingAsync();
        await carol.PingAsync();
    }

    public sealed class Server : ServerFixture
    {
        protected override IEnumerable<string> Settings => ["--Presence:Session:SingleSocket=true"];
    }
}
