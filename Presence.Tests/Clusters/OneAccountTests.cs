using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using Presence.Actors.Connections;
using Presence.Actors.Model;
using Presence.Tests.Clusters.Kit;
using Presence.Tests.Host;
using Presence.Tests.Semantics;
using Presence.Tests.Semantics.Clients;
using Xunit;

namespace Presence.Tests.Clusters;

/// <summary>
/// Three server processes where a user may have one connection: whatever ends a user's connections reaches them on every node
/// (contract A1, C3, K1).
/// </summary>
[Collection(AloneCollection.Name)]
[Trait("Clause", "K1")]
public sealed class OneAccountTests(OneAccountTests.Fixture fixture) : IClassFixture<OneAccountTests.Fixture>
{
    private static readonly HttpClient Http = new(new SocketsHttpHandler { UseProxy = false });

    private readonly TestCluster _cluster = fixture.Cluster;

    [SkippableTheory]
    [InlineData(true)]
    [InlineData(false)]
    [Trait("Clause", "A1")]
    [Trait("Clause", "0.11")]
    public async Task A_logout_on_one_node_reaches_the_others_and_one_that_joins_afterwards(bool ofOneLogin)
    {
        Skip.IfNot(Signal.Exists, "This system has no signals.");
        var identity = Peers.IdentityOf(Peers.NewUser(), "alice");
        var token = Tokens.Sign(identity);
        await using var alice = await ConnectAsync(1, LinkKind.WebSocketJson, identity);
        await using var bob = await ConnectAsync(1, LinkKind.WebSocketJson, Peers.IdentityOf(Peers.NewUser(), "bob"));
        await alice.PingAsync();
        Assert.Equal(HttpStatusCode.OK, await AccountAsync(2, token));

        using (var logout = new HttpRequestMessage(HttpMethod.Post, new Uri(_cluster[0].Address.Http, "/v2/session/logout")))
        {
            logout.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
            logout.Content = JsonContent.Create<object>(ofOneLogin ? new { token } : new { });
            using var answer = await Http.SendAsync(logout);
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        }

        Assert.Equal(ConnectionEnds.EndOf(LinkKind.WebSocketJson, CloseReason.Revoked), await alice.UntilClosedAsync());
        using (var patience = new CancellationTokenSource(Peer.Patience))
        {
            while (await AccountAsync(2, token) != HttpStatusCode.Unauthorized)
            {
                Assert.False(patience.IsCancellationRequested, "A1: another node goes on to take the token.");
                await Task.Delay(20);
            }
        }

        await Assert.ThrowsAnyAsync<Exception>(() => ConnectAsync(2, LinkKind.WebSocketJson, identity));
        var joined = await _cluster.AddAsync();
        Assert.Equal(HttpStatusCode.Unauthorized, await AccountAsync(joined, token));
        await Assert.ThrowsAnyAsync<Exception>(() => ConnectAsync(joined, LinkKind.TcpJson, identity));
        await _cluster.RemoveLastAsync();
        await bob.PingAsync();
    }

    [SkippableFact]
    [Trait("Clause", "C3")]
    public async Task A_new_connection_replaces_the_old_one_on_another_node()
    {
        Skip.IfNot(Signal.Exists, "This system has no signals.");
        var user = Peers.NewUser();
        await using var bob = await ConnectAsync(2, LinkKind.TcpProtobuf, Peers.IdentityOf(Peers.NewUser(), "bob"));
        await bob.FollowAsync(user);
        await using var first = await ConnectAsync(0, LinkKind.WebSocketJson, user);
        var shown = await first.ShowAsync("first");
        Assert.Equal(Told.Event.Join(shown), await bob.NextAsync());

        await using var second = await ConnectAsync(1, LinkKind.WebSocketProtobuf, user);
        Assert.Equal(ReplacedOn(LinkKind.WebSocketJson), await first.UntilClosedAsync());
        Assert.Equal(Told.Event.Leave(shown), await bob.NextAsync());
        await second.PingAsync();

        await using var third = await ConnectAsync(2, LinkKind.TcpJson, user);
        // It may have been told of the first one's leave, which it is not to be asked about here.
        Assert.Equal(ReplacedOn(LinkKind.WebSocketProtobuf), (await second.UntilClosedAsync()).Where(t => t is not Told.Event));
        await third.PingAsync();
        Assert.False(third.IsClosed, "C3: the newest connection was ended too.");
    }

    private static Told[] ReplacedOn(LinkKind kind) =>
        [new Told.Notice("single_socket", -7), .. ConnectionEnds.EndOf(kind, CloseReason.Replaced)];

    private Task<Peer> ConnectAsync(int node, LinkKind kind, UserId user) => ConnectAsync(node, kind, Peers.IdentityOf(user, "alice"));

    private Task<Peer> ConnectAsync(int node, LinkKind kind, Identity identity) =>
        Peers.ConnectAsync(_cluster[node].Address.Http, _cluster[node].Address.Tcp, kind, identity);

    private async Task<HttpStatusCode> AccountAsync(int node, string token)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(_cluster[node].Address.Http, "/v2/account"));
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        using var answer = await Http.SendAsync(request);
        return answer.StatusCode;
    }

    public sealed class Fixture : IAsyncLifetime
    {
        public TestCluster Cluster { get; } = new(nodes: 3, settings: ["--Presence:Session:SingleSocket=true"]);

        public async Task InitializeAsync()
        {
            if (Signal.Exists)
                await Cluster.StartAsync();
        }

        public async Task DisposeAsync() => await Cluster.DisposeAsync();
    }
}
