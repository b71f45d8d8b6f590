using System.Net;
using Presence.Client;
using Presence.Tests.Client.Faults;
using Presence.Tests.Host;
using Presence.Tests.Semantics.Clients;
using Xunit;

namespace Presence.Tests.Client;

/// <summary>A name that nobody has when it is followed, whose user is unfollowed by id and then comes while the link is broken.</summary>
public sealed class AwaitedNameTests(ServerFixture server) : IClassFixture<ServerFixture>
{
    [Theory]
    [ClassData(typeof(EveryClientKind))]
    [Trait("Clause", "F7")]
    public async Task Who_was_unfollowed_by_id_is_not_followed_by_name_when_the_link_is_back(ClientKind kind)
    {
        var alice = Peers.IdentityOf(Peers.NewUser(), $"alice-{Guid.NewGuid():N}");
        var bob = Peers.IdentityOf(Peers.NewUser(), "bob");
        var usual = Clients.OptionsOf(server, kind, bob.User, bob.Username);
        await using var wire = new FaultyWire(
            kind is ClientKind.TcpJson or ClientKind.TcpProtobuf ? server.Tcp : IPEndPoint.Parse(server.Http.Authority), _ => Fault.None);
        var door = new SemaphoreSlim(1);
        await using var client = await PresenceClient.ConnectAsync(new PresenceClientOptions
        {
            Server = new UriBuilder(usual.Server) { Host = wire.Address.Address.ToString(), Port = wire.Address.Port }.Uri,
            Format = usual.Format,
            TokenProvider = async (context, cancel) =>
            {
                await door.WaitAsync(cancel);
                door.Release();
                return await usual.TokenProvider(context, cancel);
            },
            Reconnect = new ReconnectPolicy { FirstDelay = TimeSpan.FromMilliseconds(1) },
        }).WaitAsync(Clients.Patience);
        Assert.Empty(await client.FollowAsync(usernames: [alice.Username]));
        await client.UnfollowAsync([alice.User.Value]);
        await using var changes = client.Subscribe();

        await door.WaitAsync();
        wire.CutAll();
        await client.UntilAsync(state => state.Phase == ConnectionPhase.Reconnecting);
        await using var device = await server.ConnectAsync(LinkKind.WebSocketJson, alice);
        await device.SetAsync("here");
        door.Release();
        await client.UntilAsync(state => state.IsConnected);
        Assert.Empty(client.Roster);

        // What is asked next is answered behind all that the server would tell of alice.
        await device.SetAsync("there");
        await client.SetStatusAsync("bob").WaitAsync(Clients.Patience);
        Assert.Empty(client.Roster);
        Assert.False(changes.TryTake(out var told), $"{told}");

        // It is the name that counts no more; the user can be followed.
        Assert.Equal("there", Assert.Single(await client.FollowAsync(usernames: [alice.Username]).WaitAsync(Clients.Patience)).Status);
    }
}
