using System.Net;
using System.Text.Json;
using Presence.Actors.Model;
using Presence.Tests.Semantics.Clients;
using Xunit;

namespace Presence.Tests.Host.Links;

/// <summary>The limits of connections (contract L4, L5), set low enough to reach.</summary>
public sealed class AdmissionTests
{
    private static readonly IPAddress Here = IPAddress.Loopback;

    // Any address of the loopback's network will do on Linux; elsewhere there is only one unless somebody adds more.
    private static readonly IPAddress Elsewhere = IPAddress.Parse("127.0.0.2");

    [Fact]
    [Trait("Clause", "L4")]
    [Trait("Clause", "L5")]
    public Task Links_beyond_the_limit_are_refused_and_those_that_are_there_stay() =>
        RefusesTheThirdAsync(new Server("Connections", 2), canComeFromElsewhere: false);

    [SkippableFact]
    [Trait("Clause", "L4")]
    [Trait("Clause", "L5")]
    public Task Links_of_one_address_beyond_the_limit_are_refused_and_those_of_others_are_not()
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "needs a second address of the loopback");
        return RefusesTheThirdAsync(new Server("ConnectionsPerAddress", 2), canComeFromElsewhere: true);
    }

    [Fact]
    [Trait("Clause", "L4")]
    public async Task The_newest_link_of_a_user_beyond_the_limit_is_refused_and_another_user_is_not()
    {
        await using var server = new Server("ConnectionsPerUser", 2);
        await server.InitializeAsync();
        var user = Peers.NewUser();
        await using var first = await server.ConnectAsync(LinkKind.WebSocketJson, user, "first");
        await using (var second = await server.ConnectAsync(LinkKind.TcpJson, user, "second"))
        {
            Assert.Equal(429, await UpgradeAsync(server, user));
            await using var closed = await RawClient.UpgradeAsync(server.Http, Peers.IdentityOf(user, "third"), "&errors=close");
            var close = await closed.ReadFrameAsync();
            Assert.Equal((4429, "Too many connections of this user; try again in 5 s"), (close!.CloseCode, close.CloseReason));
            await using var plain = await RawClient.ConnectAsync(server.Tcp);
            await plain.SendAsync($$$"""{"hello":{"token":"{{{Tokens.Sign(Peers.IdentityOf(user, "third"))}}}"}}""" + "\n");
            Assert.Equal("Too many connections of this user.", (await plain.ReadJsonLineAsync())!.Value.GetProperty("error").GetProperty("message").GetString());
            Assert.Equal(101, await UpgradeAsync(server, Peers.NewUser()));
            await first.PingAsync();
            await second.PingAsync();
        }

        using var patience = new CancellationTokenSource(Peer.Patience);
        while (await UpgradeAsync(server, user) != 101)
            patience.Token.ThrowIfCancellationRequested();
    }

    private static async Task<int> UpgradeAsync(Server server, UserId user)
    {
        await using var client = await RawClient.ConnectAsync(server.Http);
        await client.SendAsync(RawClient.UpgradeRequest($"/ws?token={Tokens.Sign(Peers.IdentityOf(user, "third"))}"));
        return (await client.ReadHeadAsync()).Status;
    }

    private static async Task RefusesTheThirdAsync(Server server, bool canComeFromElsewhere)
    {
        await server.InitializeAsync();
        await using (var first = await server.ConnectAsync(LinkKind.WebSocketJson, Peers.NewUser(), "first"))
        await using (var second = await server.ConnectAsync(LinkKind.TcpJson, Peers.NewUser(), "second"))
        {
            for (var i = 0; i < 5; i++)
            {
                await ExpectRefusalAsync(server, Here);
                await ExpectTcpRefusalAsync(server, Here);
            }

            await first.PingAsync();
            await second.PingAsync();
            if (canComeFromElsewhere)
                await ExpectAdmissionAsync(server, Elsewhere);
            else
                await ExpectRefusalAsync(server, Elsewhere);

            // Every socket counts, whatever its client wants.
            await using var other = await RawClient.ConnectAsync(server.Http);
            await other.SendAsync("GET /healthcheck HTTP/1.1\r\nHost: localhost\r\n\r\n");
            Assert.Equal(503, (await other.ReadHeadAsync()).Status);
        }

        // A place is free again once the link has ended, which the server notices a moment after its client.
        await using var next = await AdmittedAsync(server);
        await next.SendTextAsync("""{"cid":"1","ping":{}}""");
        Assert.Equal("""{"cid":"1","pong":{}}""", (await next.ReadFrameAsync())!.Text);
        await server.DisposeAsync();
    }

    private static async Task<RawClient> AdmittedAsync(Server server)
    {
        using var patience = new CancellationTokenSource(Peer.Patience);
        while (true)
        {
            var (client, answer) = await TryAsync(server, Here);
            if (answer.Status == 101)
                return client;
            await client.DisposeAsync();
            patience.Token.ThrowIfCancellationRequested();
        }
    }

    private static async Task ExpectAdmissionAsync(Server server, IPAddress from)
    {
        var (client, answer) = await TryAsync(server, from);
        await client.DisposeAsync();
        Assert.Equal(101, answer.Status);
    }

    private static async Task ExpectRefusalAsync(Server server, IPAddress from)
    {
        var (client, answer) = await TryAsync(server, from);
        await client.DisposeAsync();
        Assert.Equal(503, answer.Status);
        Assert.NotEqual("", answer.Body);
        Assert.True(answer.Headers.ContainsKey("Retry-After"));
    }

    private static async Task ExpectTcpRefusalAsync(Server server, IPAddress from)
    {
        // It need not even say who it is.
        await using var client = await RawClient.ConnectAsync(server.Tcp, from);
        var error = (await client.ReadJsonLineAsync())!.Value.GetProperty("error");
        Assert.Equal(JsonValueKind.String, error.GetProperty("message").ValueKind);
        client.HalfClose();
        await client.ExpectEndAsync();
    }

    private static async Task<(RawClient Client, HttpAnswer Answer)> TryAsync(Server server, IPAddress from)
    {
        var client = await RawClient.ConnectAsync(new IPEndPoint(IPAddress.Loopback, server.Http.Port), from);
        await client.SendAsync(RawClient.UpgradeRequest($"/ws?token={Tokens.Sign(Peers.IdentityOf(Peers.NewUser(), "third"))}"));
        return (client, await client.ReadHeadAsync());
    }

    private sealed class Server(string limit, int value) : ServerFixture
    {
        protected override IEnumerable<string> Settings => [$"--Presence:Limits:{limit}={value}"];
    }
}
