using Presence.Tests.Clusters.Load;
using Presence.Tests.Clusters.Oracle;

namespace Presence.Tests.Clusters.Scenarios;

/// <summary>
/// Every node in turn is asked to end and started again, as a release is rolled out (contract K2, C5): whoever is on another
/// node hears of nobody but those whose links really ended.
/// </summary>
public sealed class RollingRestart : Scenario
{
    public override string Name => "rolling";

    /// <summary>How long the last stops took.</summary>
    public Spread Stops { get; } = new();

    public override async Task RoundAsync(Crowd crowd, Random random)
    {
        for (var i = 0; i < crowd.Cluster.Nodes.Count; i++)
        {
            var node = crowd.Cluster[i];
            var isWhole = crowd.Disturb(DisturbanceKind.Stopped, i);
            var exit = await node.TerminateAsync();
            Stops.Add(exit.Took);
            if (exit.Code != 0)
                throw node.Failure($"ended with exit code {exit.Code} when it was asked to end (C5)");
            await node.RestartAsync();
            isWhole();
        }
    }
}
