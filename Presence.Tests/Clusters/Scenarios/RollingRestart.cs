using System.Globalization;
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

    /// <summary>Takes a line on each node.</summary>
    public Action<string> Tell { get; init; } = _ => { };

    public override async Task RoundAsync(Crowd crowd, Random random)
    {
        for (var i = 0; i < crowd.Cluster.Nodes.Count; i++)
        {
            var node = crowd.Cluster[i];
            var isWhole = crowd.Disturb(DisturbanceKind.Stopped, i);
            var exit = await node.TerminateAsync();
            if (exit.Code != 0)
                throw node.Failure($"ended with exit code {exit.Code} when it was asked to end (C5)");
            var since = crowd.Now;
            await node.RestartAsync();
            isWhole();
            Tell(string.Create(CultureInfo.InvariantCulture, $"{node.Name} ended in {exit.Took.TotalSeconds:F1} s and served again {(crowd.Now - since).TotalSeconds:F1} s later"));
        }
    }
}
