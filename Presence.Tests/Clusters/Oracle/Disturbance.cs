namespace Presence.Tests.Clusters.Oracle;

/// <summary>Something that was done to a cluster.</summary>
/// <param name="Kind">What.</param>
/// <param name="Node">To which node; <see cref="EveryNode"/> for all.</param>
/// <param name="From">When it began. From then on the node may end its links.</param>
/// <param name="To">When the node served again, or the cluster was whole again; null if it has not been since.</param>
public sealed record Disturbance(DisturbanceKind Kind, int Node, TimeSpan From, TimeSpan? To)
{
    public const int EveryNode = -1;

    public bool Concerns(int node) => Node == node || Node == EveryNode;
}

public enum DisturbanceKind
{
    Killed,
    Stopped,
    Frozen,
    CutOff,
    Joined,
    Lossy,
}
