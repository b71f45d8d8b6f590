using System.Diagnostics;
using Presence.Tests.Host.Links.Framing;
using Presence.Tests.Semantics.Clients;
using Xunit;

namespace Presence.Tests.Host.Links;

/// <summary>How the server notices that a client is gone, or is not (contract C2, protocol difference 0.8), on short times.</summary>
public abstract class LivenessTests(ServerFixture server)
{
    internal static readonly TimeSpan PongWait = TimeSpan.FromSeconds(2);

    private static readonly string[] Times =
    [
        "--Presence:Limits:PingPeriod=00:00:00.5",
        $"--Presence:Limits:PongWait={PongWait}",
        "--Presence:Limits:IdleWrite=00:00:02",
    ];

    [Fact]
    [Trait("Clause", "C2")]
    [Trait("Clause", "0.8")]
    public async Task Who_is_silent_is_pinged_and_who_stays_silent_is_gone_within_the_pong_wait()
    {
        var identity = Peers.IdentityOf(Peers.NewUser(), "alice");
        await using var bob = await server.ConnectAsync(LinkKind.Memory, Peers.NewUser(), "bob");
        await bob.FollowAsync(identity.User);
        // By the clock that the server goes by, before it can have heard anything.
        var since = Environment.TickCount64;
        await using var client = await RawClient.UpgradeAsync(server.Http, identity, "&status=true");
        await bob.NextAsync<Told.Event>();
        Assert.Equal(ClientFrame.Text, (await client.ReadFrameBesidePingsAsync())!.Opcode);
        var pings = 0;
        while (await client.ReadFrameAsync() is { Opcode: ClientFrame.Ping } ping)
        {
            // Its number.
            Assert.Single(ping.Payload);
            pings++;
        }

        // One is outstanding at a time, and nobody has answered it.
        Assert.Equal(1, pings);
        Assert.Equal("", Assert.Single((await bob.NextAsync<Told.Event>()).Leaves).Status);
        Assert.InRange(TimeSpan.FromMilliseconds(Environment.TickCount64 - since), PongWait, PongWait + TimeSpan.FromSeconds(5));
    }

    public static TheoryData<string> SignsOfLife => ["pongs", "pings", "requests", "pongs that nobody asked for"];

    [Theory]
    [MemberData(nameof(SignsOfLife))]
    [Trait("Clause", "C2")]
    [Trait("Clause", "0.8")]
    public async Task Any_frame_counts_as_life(string sign)
    {
        await using var client = await RawClient.UpgradeAsync(server.Http, Peers.IdentityOf(Peers.NewUser(), "alice"));
        var since = Stopwatch.GetTimestamp();
        using var pace = new PeriodicTimer(TimeSpan.FromMilliseconds(250));
        while (Stopwatch.GetElapsedTime(since) < 2 * PongWait && await pace.WaitForNextTickAsync())
        {
            switch (sign)
            {
                case "pongs":
                    // Only when it is asked, which is not every time.
                    Assert.Equal(ClientFrame.Ping, (await client.ReadFrameAsync())!.Opcode);
                    await client.SendAsync(new ClientFrame(ClientFrame.Pong, []));
                    break;
                case "pings":
                    await client.SendAsync(new ClientFrame(ClientFrame.Ping, "p"u8.ToArray()));
                    Assert.Equal(ClientFrame.Pong, (await client.ReadFrameBesidePingsAsync())!.Opcode);
                    break;
                case "requests":
                    await client.SendTextAsync("""{"ping":{}}""");
                    Assert.Equal("""{"pong":{}}""", (await client.ReadFrameBesidePingsAsync())!.Text);
                    break;
                default:
                    await client.SendAsync(new ClientFrame(ClientFrame.Pong, "p"u8.ToArray()));
                    break;
            }
        }

        await client.SendTextAsync("""{"cid":"still there","ping":{}}""");
        Assert.Equal("""{"cid":"still there","pong":{}}""", (await client.ReadFrameBesidePingsAsync())!.Text);
    }

    [Theory]
    [InlineData("json")]
    [InlineData("protobuf")]
    [Trait("Clause", "C2")]
    public async Task A_TCP_client_with_pings_ends_within_the_pong_wait_when_it_does_not_answer(string format)
    {
        var identity = Peers.IdentityOf(Peers.NewUser(), "alice");
        await using var bob = await server.ConnectAsync(LinkKind.Memory, Peers.NewUser(), "bob");
        await bob.FollowAsync(identity.User);
        await using var client = await RawClient.ConnectAsync(server.Tcp);
        await client.SendAsync($$$"""{"hello":{"token":"{{{Tokens.Sign(identity)}}}","status":true,"format":"{{{format}}}","ping":true}}""" + "\n");
        Assert.Contains("session_id", await client.ReadLineAsync(), StringComparison.Ordinal);
        await bob.NextAsync<Told.Event>();
        // Its own join.
        await ReadAsync();
        var begun = Environment.TickCount64;
        // It stays for longer than the pong wait although it sends nothing but answers.
        while (Environment.TickCount64 - begun < PongWait.TotalMilliseconds + 1000)
        {
            Assert.Equal(format == "json" ? """{"ping":{}}""" : "820200", await ReadAsync());
            await client.SendAsync(format == "json" ? "{\"pong\":{}}\n"u8.ToArray() : new byte[] { 3, 0x8a, 2, 0 });
        }

        var since = Environment.TickCount64;
        var pings = 0;
        while (await ReadAsync() is not null)
            pings++;
        Assert.Equal(1, pings);
        Assert.Equal("", Assert.Single((await bob.NextAsync<Told.Event>()).Leaves).Status);
        Assert.InRange(TimeSpan.FromMilliseconds(Environment.TickCount64 - since), PongWait, PongWait + TimeSpan.FromSeconds(5));

        async Task<string?> ReadAsync() => format == "json" ? await client.ReadLineAsync() : await client.ReadDelimitedAsync() is { } m ? Convert.ToHexString(m) : null;
    }

    [Theory]
    [InlineData(LinkKind.LibraryTcpJson)]
    [InlineData(LinkKind.LibraryTcpProtobuf)]
    [Trait("Clause", "C2")]
    public async Task The_client_library_answers_pings(LinkKind kind)
    {
        await using var bob = await server.ConnectAsync(LinkKind.Memory, Peers.NewUser(), "bob");
        await using var client = await server.ConnectAsync(kind, Peers.NewUser(), "alice");
        await bob.FollowAsync(client.User);
        var first = await client.ShowAsync("first");
        Assert.Equal(Told.Event.Join(first), await bob.NextAsync());
        // Twice as long as it takes until a client that answers nothing is cut.
        for (var i = 0; i < 2; i++)
        {
            await using var other = await RawClient.ConnectAsync(server.Tcp);
            await other.SendAsync($$$"""{"hello":{"token":"{{{Tokens.Sign(Peers.IdentityOf(Peers.NewUser(), "carol"))}}}","ping":true}}""" + "\n");
            await other.ReadToEndAsync();
        }

        // If its link had ended, bob would have got a leave first.
        await client.ShowAsync("second");
        Assert.Equal(first, Assert.Single((await bob.NextAsync<Told.Event>()).Leaves));
    }

    [Theory]
    [InlineData(LinkKind.TcpJson)]
    [InlineData(LinkKind.TcpProtobuf)]
    [Trait("Clause", "C2")]
    public async Task A_plain_link_may_be_silent_since_the_network_asks_in_its_stead(LinkKind kind)
    {
        await using var client = await server.ConnectAsync(kind, Peers.NewUser(), "alice");
        await using var other = await RawClient.UpgradeAsync(server.Http, Peers.IdentityOf(Peers.NewUser(), "bob"));
        // As long as it takes for a silent WebSocket to be given up.
        while (await other.ReadFrameAsync() is not null)
        {
        }

        await client.PingAsync();
    }

    [Theory]
    [InlineData(LinkKind.WebSocketJson)]
    [InlineData(LinkKind.WebSocketProtobuf)]
    [InlineData(LinkKind.TcpJson)]
    [InlineData(LinkKind.TcpProtobuf)]
    [Trait("Clause", "L1")]
    [Trait("Clause", "C2")]
    public async Task Who_takes_nothing_for_too_long_is_gone(LinkKind kind)
    {
        await using var bob = await server.ConnectAsync(LinkKind.Memory, Peers.NewUser(), "bob");
        await using var noisy = await server.ConnectAsync(LinkKind.Memory, Peers.NewUser(), "noisy");
        await using var stalled = await server.ConnectAsync(kind, Peers.NewUser(), "stalled", receiveBuffer: 8 * 1024);
        var shown = await stalled.ShowAsync("here");
        await stalled.FollowAsync(noisy.User);
        await bob.FollowAsync(stalled.User);
        stalled.StopReading();
        // However much there is room for between the two, at some time it is full.
        var padding = new string('\u0001', 2000);
        var leave = bob.NextAsync();
        for (var i = 0; !leave.IsCompleted; i++)
            await noisy.SetAsync($"{i}{padding}");
        Assert.Equal(Told.Event.Leave(shown), await leave);
    }

    /// <summary>A server that loses its patience soon.</summary>
    public sealed class Server : ServerFixture
    {
        protected override IEnumerable<string> Settings => Times;
    }

    /// <summary>The same, with the loops of every system.</summary>
    public sealed class ServerOverPortableLoops : PortableServer
    {
        protected override IEnumerable<string> Settings => [.. base.Settings, .. Times];
    }

    /// <summary>The same, with links that Kestrel carries.</summary>
    public sealed class ServerOverTls : TlsServer
    {
        protected override IEnumerable<string> Settings => [.. base.Settings, .. Times];
    }
}
