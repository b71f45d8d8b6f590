using Presence.Tests.Clusters.Load;
using Presence.Tests.Clusters.Oracle;

namespace Presence.Tests.Clusters.Scenarios;

/// <summary>All nodes but one are asked to end at the same time, and started again: the one goes on serving meanwhile.</summary>
public sealed class TwoAtOnce : Scenario
{
    public override string Name => "two";

    public override async Task RoundAsync(Crowd crowd, Random random)
    {
        var nodes = crowd.Cluster.Nodes;
        var stays = random.Next(nodes.Count);
        await Task.WhenAll(Enumerable.Range(0, nodes.Count).Where(i => i != stays).Select(async i =>
        {
            var isWhole = crowd.Disturb(DisturbanceKind.Stopped, i);
            var exit = await nodes[i].TerminateAsync();
            if (exit.Code != 0)
                throw nodes[i].Failure($"ended with exit code {exit.Code} when it was asked to end (C5)");
            await nodes[i].RestartAsync();
            isWhole();
        }));
    }
}
