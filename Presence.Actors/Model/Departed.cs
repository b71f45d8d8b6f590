using System.Collections.Immutable;

namespace Presence.Actors.Model;

/// <summary>
/// The nodes that have been removed from the cluster while this one was a member. A removed node never returns: a process
/// that starts at the same address is another node.
/// </summary>
/// <param name="Nodes">The unique ids of the nodes.</param>
public sealed record Departed(ImmutableHashSet<int> Nodes)
{
    /// <summary>No node has been removed.</summary>
    public static readonly Departed Nobody = new([]);

    /// <summary>Whether a relay is gone with its node.</summary>
    public bool Includes(RelayId relay) => Nodes.Contains(relay.Node);

    /// <summary>These and one more.</summary>
    public Departed With(int node) => new(Nodes.Add(node));
}
