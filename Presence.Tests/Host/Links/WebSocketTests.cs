using System.Diagnostics;
using Presence.Tests.Host.Links.Framing;
using Presence.Tests.Semantics.Clients;
using Xunit;

namespace Presence.Tests.Host.Links;

/// <summary>The WebSocket itself: its pings, its closes, and its first frame (protocol sections A3, A4 and A7).</summary>
public abstract class WebSocketTests(ServerFixture server)
{
    [Theory]
    [InlineData("")]
    [InlineData("x")]
    [InlineData("eight by")]
    [Trait("Clause", "C2")]
    public async Task A_ping_is_answered_by_a_pong_with_the_same_payload(string payload)
    {
        await using var client = await OpenAsync();
        await client.SendAsync(new ClientFrame(ClientFrame.Ping, System.Text.Encoding.UTF8.GetBytes(payload)));
        var pong = (await client.ReadFrameAsync())!;
        Assert.Equal((ClientFrame.Pong, payload), (pong.Opcode, pong.Text));
        // A pong that nobody asked for is taken in silence.
        await client.SendAsync(new ClientFrame(ClientFrame.Pong, new byte[125]));
        await client.SendTextAsync("""{"cid":"1","ping":{}}""");
        Assert.Equal("""{"cid":"1","pong":{}}""", (await client.ReadFrameAsync())!.Text);
    }

    [Theory]
    [InlineData(1000)]
    [InlineData(1001)]
    [InlineData(1011)]
    [InlineData(3000)]
    [InlineData(4999)]
    [Trait("Clause", "C2")]
    public async Task A_close_is_echoed_with_its_code_behind_the_replies_and_the_connection_ends(int code)
    {
        await using var client = await OpenAsync();
        await client.SendTextAsync("""{"cid":"1","ping":{}}""");
        Assert.Equal("""{"cid":"1","pong":{}}""", (await client.ReadFrameAsync())!.Text);
        await client.SendAsync(ClientFrame.CloseWith(code, "a reason of the client's"u8));
        var close = (await client.ReadFrameAsync())!;
        Assert.Equal((ClientFrame.Close, (int?)code, ""), (close.Opcode, close.CloseCode, close.CloseReason));
        await client.ExpectEndAsync();
    }

    [Fact]
    [Trait("Clause", "C2")]
    public async Task A_close_without_a_code_is_echoed_without_one()
    {
        await using var client = await OpenAsync();
        await client.SendAsync(new ClientFrame(ClientFrame.Close, []));
        var close = (await client.ReadFrameAsync())!;
        Assert.Equal((ClientFrame.Close, null), (close.Opcode, close.CloseCode));
        await client.ExpectEndAsync();
    }

    [Fact]
    [Trait("Clause", "C2")]
    public async Task What_comes_behind_a_close_is_not_carried_out()
    {
        var identity = Peers.IdentityOf(Peers.NewUser(), "alice");
        await using var bob = await server.ConnectAsync(LinkKind.Memory, Peers.NewUser(), "bob");
        await bob.FollowAsync(identity.User);
        await using var client = await RawClient.UpgradeAsync(server.Http, identity, "&status=true");
        await bob.NextAsync<Told.Event>();
        await client.SendAsync(
            (byte[])[.. ClientFrame.CloseWith(1000).ToBytes(), .. new ClientFrame(ClientFrame.Text, """{"status_update":{"status":"late"}}"""u8.ToArray()).ToBytes()]);
        Assert.Equal("", Assert.Single((await bob.NextAsync<Told.Event>()).Leaves).Status);
        Assert.Empty(await bob.UntilPongAsync());
    }

    [Fact]
    [Trait("Clause", "0.3")]
    public async Task The_first_event_does_not_come_on_the_heels_of_the_handshake()
    {
        // Any of several may be late by chance, none may be early: the time begins before the server's can.
        var times = new List<TimeSpan>();
        for (var i = 0; i < 9; i++)
        {
            var since = Stopwatch.GetTimestamp();
            await using var client = await RawClient.UpgradeAsync(server.Http, Peers.IdentityOf(Peers.NewUser(), "alice"), "&status=true");
            Assert.StartsWith("""{"status_presence_event":{"joins":[""", (await client.ReadFrameAsync())!.Text, StringComparison.Ordinal);
            times.Add(Stopwatch.GetElapsedTime(since));
        }

        Assert.InRange(times.Min(), TimeSpan.FromMilliseconds(45), TimeSpan.FromSeconds(1));
    }

    private Task<RawClient> OpenAsync() => RawClient.UpgradeAsync(server.Http, Peers.IdentityOf(Peers.NewUser(), "alice"));
}
