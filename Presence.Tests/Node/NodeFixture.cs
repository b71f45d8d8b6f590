using Akka.Actor;
using Presence.Actors.Hosting;
using Presence.Actors.Model;
using Presence.Actors.Relays;
using Xunit;

namespace Presence.Tests.Node;

/// <summary>Nodes that clients can connect to, without caring how many there are (contract K1).</summary>
public interface INodes
{
    /// <summary>Whether changes may be merged on their way from one client to another.</summary>
    bool MayMerge { get; }

    /// <summary>A client of one of the nodes.</summary>
    TestClient Connect(UserId user, string username, bool appearsOnline = false);
}

/// <summary>A cluster of one, whose actors run on loops as those of a server do.</summary>
public sealed class NodeFixture : INodes, IAsyncLifetime
{
    private readonly InMemoryNode _node = new(new PresenceNode { Relays = RelaySettings.Default with { Count = 4 }, Loops = SpecLoops.All });

    public bool MayMerge => false;

    public PresenceNode Node => _node.Node;

    public ActorSystem System => _node.System;

    public IActorRef Homes => _node.Homes;

    public Task InitializeAsync() => _node.StartAsync();

    public Task DisposeAsync() => _node.DisposeAsync().AsTask();

    public TestClient Connect(UserId user, string username, bool appearsOnline = false) => _node.Connect(user, username, appearsOnline);
}
