using System.Diagnostics;
using Presence.Tests.Semantics.Clients;
using Xunit;

namespace Presence.Tests.Host.Links;

/// <summary>That a client which reads slowly, and is always behind, is never cut off (contract L1), on short times.</summary>
public abstract class SlowReaderTests(ServerFixture server)
{
    private static readonly TimeSpan IdleWrite = TimeSpan.FromSeconds(3);

    // The client acknowledges in steps of its receive buffer, 128 KiB: about once a second. By itself a system would report room in a
    // send buffer of megabytes, and that three times as rarely as the client may acknowledge nothing.
    private const int BytesPerSecond = 150_000;

    private static readonly string[] Times =
    [
        "--Presence:Limits:PingPeriod=00:00:00.5",
        "--Presence:Limits:PongWait=00:00:02",
        $"--Presence:Limits:IdleWrite={IdleWrite}",
    ];

    [Theory]
    [InlineData("WebSocket")]
    [InlineData("TCP")]
    [InlineData("TCP with pings")]
    [Trait("Clause", "L1")]
    public async Task Who_reads_slowly_is_late_and_told_the_last_state_at_last(string kind)
    {
        await using var noisy = await server.ConnectAsync(LinkKind.Memory, Peers.NewUser(), "noisy");
        await using var slow = await ConnectAsync(kind);
        var follow = $$$"""{"cid":"1","status_follow":{"user_ids":["{{{noisy.User}}}"]}}""";
        await (kind == "WebSocket" ? slow.SendTextAsync(follow) : slow.SendAsync(follow + "\n"));
        Assert.Contains("\"cid\":\"1\"", await ReadBesidePingsAsync(), StringComparison.Ordinal);
        using var stop = new CancellationTokenSource();
        var updates = UpdateAsync(noisy, stop.Token);
        var clock = Stopwatch.StartNew();
        var bytes = 0L;
        // Its pings are behind much else, and are answered by nobody.
        while (clock.Elapsed < 4 * IdleWrite)
        {
            bytes += await ReadAsync() is { } text ? text.Length : throw new InvalidOperationException($"The link ended after {bytes} bytes.");
            var ahead = TimeSpan.FromSeconds((double)bytes / BytesPerSecond) - clock.Elapsed;
            if (ahead > TimeSpan.Zero)
                await Task.Delay(ahead);
        }

        await stop.CancelAsync();
        var last = await updates;
        // So much was said that the client was behind all the time.
        Assert.True(last > 2 * bytes / 12_000, $"{last} updates, {bytes} bytes read");
        while (!(await ReadBesidePingsAsync()).Contains($"last {last} ", StringComparison.Ordinal))
        {
        }

        // Null when the link has ended.
        async Task<string?> ReadAsync() => kind == "WebSocket" ? (await slow.ReadFrameAsync())?.Text : await slow.ReadLineAsync();

        async Task<string> ReadBesidePingsAsync()
        {
            if (kind == "WebSocket")
                return (await slow.ReadFrameBesidePingsAsync())!.Text;
            string line;
            do
            {
                line = (await slow.ReadLineAsync())!;
            }
            while (line == """{"ping":{}}""");
            return line;
        }
    }

    private async Task<RawClient> ConnectAsync(string kind)
    {
        var identity = Peers.IdentityOf(Peers.NewUser(), "slow");
        if (kind == "WebSocket")
            return await RawClient.UpgradeAsync(server.Http, identity);
        var client = await RawClient.ConnectAsync(server.Tcp);
        var ping = kind == "TCP with pings" ? ",\"ping\":true" : "";
        await client.SendAsync($$$"""{"hello":{"token":"{{{Tokens.Sign(identity)}}}"{{{ping}}}}}""" + "\n");
        Assert.Contains("session_id", await client.ReadLineAsync(), StringComparison.Ordinal);
        return client;
    }

    /// <summary>Sets one long status after the other, and says how many.</summary>
    private static async Task<long> UpdateAsync(Peer noisy, CancellationToken stop)
    {
        var padding = new string('\u0001', 2000);
        var count = 0L;
        while (!stop.IsCancellationRequested)
            await noisy.SetAsync($"{++count} {padding}");
        await noisy.SetAsync($"last {count} ");
        return count;
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
