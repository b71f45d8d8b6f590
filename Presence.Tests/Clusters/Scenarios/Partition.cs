using Presence.Tests.Clusters.Load;
using Presence.Tests.Clusters.Oracle;

namespace Presence.Tests.Clusters.Scenarios;

/// <summary>
/// One node is cut off from the others for a while (contract K4): the smaller side stops serving, and afterwards there is one truth.
/// Nothing is lost on the way: what was sent arrives once the network is whole, as if it had been sent again.
/// </summary>
/// <param name="length">For how long, at most: the network is whole again when the node has ended.</param>
public sealed class Partition(TimeSpan length) : Scenario
{
    /// <summary>How long the node that was cut off may take to end by itself once the network is whole again.</summary>
    private static readonly TimeSpan EndPatience = TimeSpan.FromSeconds(20);

    public override string Name => "partition";

    public override async Task RoundAsync(Crowd crowd, Random random)
    {
        var index = random.Next(crowd.Cluster.Nodes.Count);
        var node = crowd.Cluster[index];
        var isWhole = crowd.Disturb(DisturbanceKind.CutOff, index);
        crowd.Cluster.Network.Partition(index);
        // A node that has ended has nothing more to lose by waiting.
        await node.ExitAsync(length);
        crowd.Cluster.Network.Heal();
        await Supervisor.RestartEndedAsync(node, EndPatience);
        isWhole();
    }
}
