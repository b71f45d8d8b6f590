using Akka.Actor;
using Akka.Cluster;
using Akka.Cluster.Hosting;
using Akka.Hosting;
using Akka.Remote.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Presence.Actors.Connections;
using Presence.Actors.Hosting;
using Presence.Actors.Model;
using Presence.Actors.Relays;
using Presence.Actors.Serialization;
using Presence.Actors.Users;
using Xunit;

namespace Presence.Tests.Node;

/// <summary>One node with everything but sockets: a cluster of one, with real sharding and real serialization.</summary>
public sealed class NodeFixture : IAsyncLifetime
{
    private readonly IHost _host;

    public NodeFixture()
    {
        var builder = Microsoft.Extensions.Hosting.Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Services.AddAkka("presence", akka => akka
            .AddHocon(HoconFiles.Load(Path.Combine(AppContext.BaseDirectory, "hocon", "test.hocon")), HoconAddMode.Prepend)
            .WithRemoting("127.0.0.1", 0)
            .WithClustering()
            .AddPresenceSerializer()
            .AddPresence(Node)
            .AddStartup((system, _) => Cluster.Get(system).Join(Cluster.Get(system).SelfAddress)));
        _host = builder.Build();
    }

    public PresenceNode Node { get; } = new() { Relays = RelaySettings.Default with { Count = 4 } };

    public ActorSystem System => _host.Services.GetRequiredService<ActorSystem>();

    public IActorRef Homes => _host.Services.GetRequiredService<ActorRegistry>().Get<UserPresence>();

    public async Task InitializeAsync()
    {
        await _host.StartAsync();
        await Node.Ready.WaitAsync(TimeSpan.FromSeconds(30));
    }

    public async Task DisposeAsync()
    {
        await _host.StopAsync();
        _host.Dispose();
    }

    /// <summary>A client of this node, on a link without bytes.</summary>
    public TestClient Connect(UserId user, string username, bool appearsOnline = false)
    {
        var link = new TestLink();
        var session = SessionId.New();
        Node.Open(new Connection.Opening(
            link, session, new Identity(user, username, null, DateTimeOffset.UtcNow, DateTimeOffset.MaxValue), appearsOnline));
        return new TestClient(link, user, username, session);
    }
}
