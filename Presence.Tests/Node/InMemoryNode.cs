using Akka.Actor;
using Akka.Cluster;
using Akka.Cluster.Hosting;
using Akka.Configuration;
using Akka.Hosting;
using Akka.Remote.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Presence.Actors.Announcements;
using Presence.Actors.Connections;
using Presence.Actors.Hosting;
using Presence.Actors.Messages;
using Presence.Actors.Model;
using Presence.Actors.Serialization;
using Presence.Actors.Users;

namespace Presence.Tests.Node;

/// <summary>One node with everything but sockets for clients: real sharding, real serialization, and remoting on the loopback.</summary>
public sealed class InMemoryNode : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly IHost _host;
    private uint _next;

    /// <param name="node">How its actors are to behave.</param>
    /// <param name="settings">Hocon that goes before that of specs.</param>
    public InMemoryNode(PresenceNode node, string settings = "")
    {
        Node = node;
        var builder = Microsoft.Extensions.Hosting.Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Services.AddAkka("presence", akka => akka
            .AddHocon(
                ConfigurationFactory.ParseString(settings)
                    .WithFallback(HoconFiles.Load(Path.Combine(AppContext.BaseDirectory, "hocon", "test.hocon"))),
                HoconAddMode.Prepend)
            .WithRemoting("127.0.0.1", 0)
            .WithClustering()
            .AddPresenceSerializer()
            .AddPresence(node));
        _host = builder.Build();
    }

    public PresenceNode Node { get; }

    public ActorSystem System => _host.Services.GetRequiredService<ActorSystem>();

    public IActorRef Announcer => _host.Services.GetRequiredService<ActorRegistry>().Get<Announcer>();

    public IActorRef Homes => _host.Services.GetRequiredService<ActorRegistry>().Get<UserPresence>();

    public Address Address => Cluster.Get(System).SelfAddress;

    /// <summary>
    /// Starts the node and waits until it is a member; the first of a cluster also until a home answers: then somebody decides where homes
    /// are, and no client of a spec has to wait for that.
    /// </summary>
    /// <param name="seed">Through whom it joins; null: it is a cluster of its own.</param>
    public async Task StartAsync(Address? seed = null)
    {
        await _host.StartAsync();
        Cluster.Get(System).Join(seed ?? Address);
        await Node.Ready.WaitAsync(Patience);
        if (seed is null)
            await HomesAnswerAsync();
    }

    /// <summary>A client of this node, on a link without bytes.</summary>
    public TestClient Connect(UserId user, string username, bool appearsOnline = false) =>
        Connect(user, username, SessionId.New(), appearsOnline);

    /// <summary>A client of this node, with a name of the connection that another clock may have made.</summary>
    public TestClient Connect(UserId user, string username, SessionId session, bool appearsOnline = false)
    {
        var link = new TestLink();
        var loops = Node.Loops;
        Node.Open(
            new Connection.Opening(
                link, session, new Identity(user, username, null, DateTimeOffset.UtcNow, DateTimeOffset.MaxValue), appearsOnline),
            loops.IsEmpty ? null : loops[(int)(Interlocked.Increment(ref _next) % (uint)loops.Length)]);
        return new TestClient(link, user, username, session, this);
    }

    public async ValueTask DisposeAsync()
    {
        await _host.StopAsync();
        _host.Dispose();
    }

    private async Task HomesAnswerAsync()
    {
        using var patience = new CancellationTokenSource(Patience);
        while (true)
        {
            try
            {
                await Homes.Ask<BookAnswer>(new BookQuery(Subject.OfUser(new UserId(Guid.NewGuid()))), TimeSpan.FromSeconds(1));
                return;
            }
            catch (AskTimeoutException) when (!patience.IsCancellationRequested)
            {
                // A node of specs may lose a question.
            }
        }
    }
}
