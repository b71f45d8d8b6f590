using Presence.Tests.Clusters.Load;
using Presence.Tests.Clusters.Oracle;

namespace Presence.Tests.Clusters.Scenarios;

/// <summary>
/// A node dies without a word and comes back (contract K3): its own sessions leave in time, and nobody else's is heard of.
/// </summary>
public sealed class Crash : Scenario
{
    /// <summary>How long the node stays away: for the cluster to find out by itself, not from its return.</summary>
    public TimeSpan Away { get; init; } = TimeSpan.FromSeconds(12);

    public override string Name => "crash";

    public override async Task RoundAsync(Crowd crowd, Random random)
    {
        var index = random.Next(crowd.Cluster.Nodes.Count);
        var node = crowd.Cluster[index];
        var isWhole = crowd.Disturb(DisturbanceKind.Killed, index);
        await node.KillAsync();
        await Task.Delay(Away);
        await node.RestartAsync();
        isWhole();
    }
}
