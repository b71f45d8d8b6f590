using Presence.Tests.Client.Faults;
using Presence.Tests.Clusters.Load;
using Presence.Tests.Clusters.Oracle;

namespace Presence.Tests.Clusters.Scenarios;

/// <summary>
/// A node joins under load, with the rehearsal that a node has by default, and is given homes, serves for a while, and leaves again:
/// nobody notices (contract K2).
/// </summary>
public sealed class Join : Scenario
{
    /// <summary>How long it stays: the cluster gives it homes a few shards at a time.</summary>
    public TimeSpan Stay { get; init; } = TimeSpan.FromSeconds(12);

    public override string Name => "join";

    public override async Task RoundAsync(Crowd crowd, Random random)
    {
        var isJoined = crowd.Disturb(DisturbanceKind.Joined, crowd.Cluster.Nodes.Count);
        var node = await crowd.Cluster.AddAsync(rehearses: true);
        // Before it let anybody in; the log may be a moment behind.
        await Until.TrueAsync(() => crowd.Cluster[node].HasWritten("Rehearsed with "), "the word that the node has rehearsed", describe: () => crowd.Cluster[node].Tail);
        isJoined();
        await Task.Delay(Stay);
        var isWhole = crowd.Disturb(DisturbanceKind.Stopped, node);
        await crowd.Cluster.RemoveLastAsync();
        isWhole();
    }
}
