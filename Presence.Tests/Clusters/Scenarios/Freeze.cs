using Presence.Tests.Clusters.Load;
using Presence.Tests.Clusters.Oracle;

namespace Presence.Tests.Clusters.Scenarios;

/// <summary>
/// A node stands still, as in a long pause of its machine. After a short one nobody has heard of anything; a long one is a crash
/// to the others, and the node must not go on as if nothing had been.
/// </summary>
public sealed class Freeze(TimeSpan length) : Scenario
{
    /// <summary>How long a node that the others have given up may take to end by itself once it goes on.</summary>
    private static readonly TimeSpan EndPatience = TimeSpan.FromSeconds(30);

    public override string Name => $"freeze {length.TotalSeconds:F0} s";

    /// <summary>Whether the others are to have given the node up.</summary>
    public bool IsFatal { get; init; }

    public override async Task RoundAsync(Crowd crowd, Random random)
    {
        var index = random.Next(crowd.Cluster.Nodes.Count);
        var node = crowd.Cluster[index];
        var isWhole = crowd.Disturb(DisturbanceKind.Frozen, index);
        node.Freeze();
        await Task.Delay(length);
        node.Thaw();
        // Whoever was given up ends its process, and whatever supervises it starts it again.
        if (IsFatal)
            await Supervisor.RestartEndedAsync(node, EndPatience);
        isWhole();
    }
}
