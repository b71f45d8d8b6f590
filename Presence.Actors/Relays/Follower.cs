using Akka.Actor;
using Presence.Actors.Collections;
using Presence.Actors.Model;

namespace Presence.Actors.Relays;

/// <summary>A connection of this node, as one relay knows it: what is to be undone when it ends (contract F8, S5).</summary>
/// <remarks>
/// Its entries are those of the relay, for as long as it is here: an entry that is followed, or has something of a connection
/// to show, is not forgotten.
/// </remarks>
internal sealed class Follower(IActorRef connection)
{
    /// <summary>What it follows, or waits to follow, by way of this relay.</summary>
    public CompactSet<RelayEntry> Follows;

    /// <summary>Where it has published by way of this relay.</summary>
    public CompactSet<RelayEntry> Publishes;

    /// <summary>The connection's actor.</summary>
    public IActorRef Connection { get; } = connection;

    /// <summary>The connection's name; meaningless until it has published.</summary>
    public SessionId Session { get; set; }

    /// <summary>The connection's user, who pays for its follows; meaningless until it has followed.</summary>
    public UserId User { get; set; }

    /// <summary>Whether the connection has ended: it begins no more follows.</summary>
    public bool IsEnded { get; set; }
}
