using Akka.Actor;
using Presence.Actors.Model;

namespace Presence.Actors.Relays;

/// <summary>A connection of this node, as one relay knows it: what is to be undone when it ends (contract F8, S5).</summary>
internal sealed class Follower(IActorRef connection)
{
    /// <summary>The connection's actor.</summary>
    public IActorRef Connection { get; } = connection;

    /// <summary>What it follows, or waits to follow, by way of this relay.</summary>
    public HashSet<Subject> Follows { get; } = [];

    /// <summary>Where it has published by way of this relay.</summary>
    public Dictionary<Subject, SessionId> Publishes { get; } = [];
}
