using System.Diagnostics;
using System.Net;
using Presence.Tests.Host.Links;
using Presence.Tests.Host.Links.Framing;
using Presence.Tests.Semantics.Clients;
using Xunit;

namespace Presence.Tests.Host.Node;

/// <summary>A planned stop of the real process (contract C5).</summary>
[Trait("Clause", "C5")]
public sealed class SignalTests
{
    [SkippableFact]
    public async Task SIGTERM_ends_the_process_with_0_within_the_drain_time_and_a_few_seconds()
    {
        await using var node = NodeProcess.Start("Stop:DrainTime=00:00:02");
        await using var client = await RawClient.UpgradeAsync(await node.Http, Peers.IdentityOf(Peers.NewUser(), "alice"));
        var since = Stopwatch.GetTimestamp();
        node.Terminate();
        Assert.Equal(1012, (await client.ReadFrameBesidePingsAsync())!.CloseCode);
        await client.SendAsync(new ClientFrame(ClientFrame.Close, [0x03, 0xf4]));
        Assert.InRange(Stopwatch.GetElapsedTime(since), TimeSpan.FromSeconds(1.9), TimeSpan.FromSeconds(7));
        var (code, error) = await node.EndAsync();
        Assert.Equal(0, code);
        Assert.Empty(error);
        Assert.InRange(Stopwatch.GetElapsedTime(since), TimeSpan.Zero, TimeSpan.FromSeconds(2 + 15));
    }

    [SkippableTheory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_second_signal_hastens_the_stop(bool isInterrupt)
    {
        await using var node = NodeProcess.Start("Stop:DrainTime=00:30:00");
        var http = await node.Http;
        await using var client = await RawClient.UpgradeAsync(http, Peers.IdentityOf(Peers.NewUser(), "alice"));
        Signal();
        using var api = new HttpClient { BaseAddress = http };
        using (var patience = new CancellationTokenSource(NodeProcess.Patience))
        {
            while ((await api.GetAsync("/health/ready", patience.Token)).StatusCode != HttpStatusCode.ServiceUnavailable)
                await Task.Delay(20, patience.Token);
        }

        await client.SendTextAsync("""{"cid":"1","ping":{}}""");
        Assert.Equal("""{"cid":"1","pong":{}}""", (await client.ReadFrameBesidePingsAsync())!.Text);
        var since = Stopwatch.GetTimestamp();
        Signal();
        Assert.Equal(1012, (await client.ReadFrameBesidePingsAsync())!.CloseCode);
        await client.SendAsync(new ClientFrame(ClientFrame.Close, [0x03, 0xf4]));
        Assert.Equal(0, (await node.EndAsync()).Code);
        Assert.InRange(Stopwatch.GetElapsedTime(since), TimeSpan.Zero, TimeSpan.FromSeconds(15));

        void Signal()
        {
            if (isInterrupt)
                node.Interrupt();
            else
                node.Terminate();
        }
    }
}
