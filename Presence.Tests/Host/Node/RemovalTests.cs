using Akka.Actor;
using Akka.Cluster;
using Akka.Cluster.Hosting;
using Akka.Hosting;
using Akka.Remote.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Presence.Actors.Connections;
using Presence.Actors.Hosting;
using Presence.Actors.Serialization;
using Presence.Host.Node;
using Presence.Tests.Client.Faults;
using Presence.Tests.Clusters.Kit;
using Presence.Tests.Host.Links;
using Presence.Tests.Semantics.Clients;
using Xunit;

namespace Presence.Tests.Host.Node;

/// <summary>What becomes of a node that its cluster has removed (contract K4).</summary>
[Trait("Clause", "K4")]
public sealed class RemovalTests
{
    [Fact]
    public async Task Its_clients_are_sent_elsewhere_at_once_and_nothing_is_acknowledged_any_more()
    {
        var server = new Server();
        await server.InitializeAsync();
        var life = server.Services.GetRequiredService<NodeLife>();
        await using var web = await RawClient.UpgradeAsync(server.Http, Peers.IdentityOf(Peers.NewUser(), "web"));
        await using var tcp = await server.ConnectAsync(LinkKind.TcpJson, Peers.NewUser(), "tcp");
        await web.SendTextAsync("""{"cid":"1","status_update":{"status":"before"}}""");
        Assert.Equal("""{"cid":"1"}""", (await web.ReadFrameAsync())!.Text);
        await web.ReadJsonFrameAsync();

        var cluster = Cluster.Get(server.Services.GetRequiredService<ActorSystem>());
        cluster.Down(cluster.SelfAddress);
        using (var patience = new CancellationTokenSource(Peer.Patience))
        {
            while (life.Phase != NodePhase.Removed)
                await Task.Delay(1, patience.Token);
        }

        await web.SendTextAsync("""{"cid":"2","status_update":{"status":"after"}}""");
        var next = await web.ReadFrameBesidePingsAsync();
        Assert.Equal((1012, CloseReason.Restart.Text), (next!.CloseCode, next.CloseReason));
        await web.ReadToEndAsync();
        Assert.Equal([new Told.Error(null, 0, CloseReason.Restart.Text), new Told.Closed(null)], await tcp.UntilClosedAsync());
        // The host has been told to stop by the node itself.
        var lifetime = server.Services.GetRequiredService<IHostApplicationLifetime>();
        await Until.TrueAsync(() => lifetime.ApplicationStopping.IsCancellationRequested, "the node's own wish to stop");
        await server.DisposeAsync();
        Assert.Equal(NodePhase.Removed, life.Phase);
    }

    [SkippableFact]
    public async Task Its_process_ends_with_the_code_that_has_it_started_again()
    {
        var port = FreePorts.Next();
        var seed = $"akka.tcp://presence@127.0.0.1:{port}";
        await using var node = NodeProcess.Start($"Cluster:Port={port}", $"Cluster:Seeds:0=127.0.0.1:{port}", "Stop:DrainTime=00:30:00");
        var http = await node.Http;
        using var other = OtherNode(seed);
        await other.StartAsync();
        await other.Services.GetRequiredService<PresenceNode>().Ready.WaitAsync(Peer.Patience);

        await using var client = await RawClient.UpgradeAsync(http, Peers.IdentityOf(Peers.NewUser(), "alice"));
        Cluster.Get(other.Services.GetRequiredService<ActorSystem>()).Down(Address.Parse(seed));
        Assert.Equal(1012, (await client.ReadFrameBesidePingsAsync())!.CloseCode);
        await client.DisposeAsync();
        var (code, error) = await node.EndAsync();
        Assert.Equal(75, code);
        Assert.Equal(NodeRemoval.Line, Assert.Single(error));
        await other.StopAsync();
    }

    /// <summary>Another member of the cluster, in this process and without ports for clients.</summary>
    private static IHost OtherNode(string seed)
    {
        var builder = Microsoft.Extensions.Hosting.Host.CreateEmptyApplicationBuilder(null);
        var node = new PresenceNode();
        builder.Services.AddSingleton(node).AddAkka("presence", akka => akka
            .AddHocon(HoconFiles.Load(Path.Combine(AppContext.BaseDirectory, "hocon", "presence.hocon")), HoconAddMode.Prepend)
            .WithRemoting(new RemoteOptions { HostName = "127.0.0.1", Port = 0 })
            .WithClustering(new ClusterOptions { SeedNodes = [seed] })
            .AddPresenceSerializer()
            .AddPresence(node));
        return builder.Build();
    }

    private sealed class Server : ServerFixture
    {
        // A drain that nobody would outwait: a node that was removed has none.
        protected override IEnumerable<string> Settings => ["--Presence:Stop:DrainTime=00:30:00"];
    }
}
