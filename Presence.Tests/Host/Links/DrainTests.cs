using System.Diagnostics;
using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Presence.Actors.Connections;
using Presence.Host.Links;
using Presence.Tests.Client.Faults;
using Presence.Tests.Semantics.Clients;
using Xunit;

namespace Presence.Tests.Host.Links;

/// <summary>What clients see while a server drains (contract C5).</summary>
[Trait("Clause", "C5")]
public sealed class DrainTests
{
    // What a link may take beyond its time: the server's step, and this machine's moods.
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(5);

    private static readonly LinkKind[] Kinds = [.. LinkKinds.Sockets];

    [Fact]
    public async Task Links_are_sent_elsewhere_evenly_over_the_drain_time_while_nobody_is_let_in()
    {
        const int count = 40;
        var time = TimeSpan.FromSeconds(4);
        var server = await StartAsync(time);
        var peers = new List<Peer>();
        for (var i = 0; i < count; i++)
        {
            peers.Add(await server.ConnectAsync(Kinds[i % Kinds.Length], Peers.NewUser(), $"user{i}", appearsOnline: true));
            await peers[i].PingAsync();
        }

        var since = Stopwatch.GetTimestamp();
        var stopping = server.DisposeAsync();
        var ends = Task.WhenAll(peers.Select(async peer =>
        {
            var told = await peer.UntilClosedAsync();
            return (Told: told, At: Stopwatch.GetElapsedTime(since));
        }));

        // Long before the last one goes.
        await ExpectNobodyIsLetInAsync(server);
        Assert.False(peers[^1].IsClosed, "C5: the youngest link was closed at once");

        var all = await ends;
        for (var i = 0; i < count; i++)
        {
            Told[] end = Kinds[i % Kinds.Length] is LinkKind.TcpJson or LinkKind.TcpProtobuf
                ? [new Told.Error(null, 0, CloseReason.Restart.Text), new Told.Closed(null)]
                : [new Told.Closed(1012)];
            Assert.Equal(end, all[i].Told.Where(told => told is not Told.Event));
            Assert.InRange(all[i].At, TimeSpan.Zero, time + Bound);
            await peers[i].DisposeAsync();
        }

        // Oldest first, and none of the quarters has much more than its quarter.
        Assert.InRange(all[^1].At, time - TimeSpan.FromMilliseconds(100), TimeSpan.MaxValue);
        for (var i = 0; i < count; i++)
            Assert.InRange(all[i].At, (time * i / count) - TimeSpan.FromMilliseconds(100), TimeSpan.MaxValue);
        await stopping;
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_drain_ends_when_there_is_no_link_left(bool hasLink)
    {
        var server = await StartAsync(TimeSpan.FromMinutes(5));
        if (hasLink)
        {
            await using var client = await server.ConnectAsync(LinkKind.WebSocketJson, Peers.NewUser(), "alice");
            await client.PingAsync();
        }

        var since = Stopwatch.GetTimestamp();
        await server.DisposeAsync();
        Assert.InRange(Stopwatch.GetElapsedTime(since), TimeSpan.Zero, TimeSpan.FromSeconds(30));
    }

    [Fact]
    public async Task Who_says_hello_when_the_stop_has_begun_is_sent_elsewhere()
    {
        // Longer than anything here takes: it ends when the last link has.
        var server = await StartAsync(TimeSpan.FromMinutes(5));
        await using var other = await server.ConnectAsync(LinkKind.TcpJson, Peers.NewUser(), "other");
        await using var late = await RawClient.ConnectAsync(server.Tcp);
        // Accepted in the order in which they came: by now the server awaits the hello of the other.
        await using var third = await server.ConnectAsync(LinkKind.TcpJson, Peers.NewUser(), "third");
        var stopping = server.DisposeAsync();
        await ExpectNobodyIsLetInAsync(server);
        await late.SendAsync($$$"""{"hello":{"token":"{{{Tokens.Sign(Peers.IdentityOf(Peers.NewUser(), "late"))}}}"}}""" + "\n");
        Assert.Equal(CloseReason.Restart.Text, (await late.ReadJsonLineAsync())!.Value.GetProperty("error").GetProperty("message").GetString());
        late.HalfClose();
        await late.ExpectEndAsync();
        await other.DisposeAsync();
        await third.DisposeAsync();
        await stopping;
    }

    private static async Task ExpectNobodyIsLetInAsync(ServerFixture server)
    {
        using var http = new HttpClient { BaseAddress = server.Http };
        using var patience = new CancellationTokenSource(Peer.Patience);
        HttpStatusCode ready;
        while ((ready = (await http.GetAsync("/health/ready", patience.Token)).StatusCode) == HttpStatusCode.OK)
            await Task.Yield();
        Assert.Equal(HttpStatusCode.ServiceUnavailable, ready);
        // It says so first, and shuts the door then.
        var admission = server.Services.GetRequiredService<LinkAdmission>();
        await Until.TrueAsync(() => admission.IsClosed, "the end of admission");
        Assert.Equal(HttpStatusCode.OK, (await http.GetAsync("/health/live", patience.Token)).StatusCode);
        Assert.Equal("{}", await http.GetStringAsync("/healthcheck", patience.Token));

        await using var web = await RawClient.ConnectAsync(server.Http);
        await web.SendAsync(RawClient.UpgradeRequest($"/ws?token={Tokens.Sign(Peers.IdentityOf(Peers.NewUser(), "late"))}"));
        var answer = await web.ReadHeadAsync();
        Assert.Equal((503, "Service restart\n"), (answer.Status, answer.Body));
        Assert.True(answer.Headers.ContainsKey("Retry-After"));

        await using var tcp = await RawClient.ConnectAsync(server.Tcp);
        Assert.Equal("""{"error":{"message":"service restart"}}""", await tcp.ReadLineAsync());
        tcp.HalfClose();
        await tcp.ExpectEndAsync();
    }

    private static async Task<ServerFixture> StartAsync(TimeSpan drainTime)
    {
        var server = new Server(drainTime);
        await server.InitializeAsync();
        return server;
    }

    private sealed class Server(TimeSpan drainTime) : ServerFixture
    {
        protected override IEnumerable<string> Settings => [$"--Presence:Stop:DrainTime={drainTime:c}"];
    }
}
