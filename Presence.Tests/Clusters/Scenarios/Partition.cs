using System.Diagnostics;
using Presence.Tests.Clusters.Kit;
using Presence.Tests.Clusters.Load;
using Presence.Tests.Clusters.Oracle;

namespace Presence.Tests.Clusters.Scenarios;

/// <summary>
/// One node is cut off from the others for a while (contract K4): the smaller side stops serving, does not begin again however
/// often it is started anew, and afterwards there is one truth. Nothing is lost on the way: what was sent arrives once the network
/// is whole, as if it had been sent again.
/// </summary>
/// <param name="length">For how long.</param>
public sealed class Partition(TimeSpan length) : Scenario
{
    /// <summary>How long the node may take to end by itself once the network is whole again.</summary>
    private static readonly TimeSpan EndPatience = TimeSpan.FromSeconds(20);

    /// <summary>How long the node may take to be a member again: its patience with joining, a new start, and joining.</summary>
    private static readonly TimeSpan ReturnPatience = TimeSpan.FromSeconds(60);

    private static readonly TimeSpan Glance = TimeSpan.FromMilliseconds(250);

    public override string Name => "partition";

    public override async Task RoundAsync(Crowd crowd, Random random)
    {
        var index = random.Next(crowd.Cluster.Nodes.Count);
        var node = crowd.Cluster[index];
        var isWhole = crowd.Disturb(DisturbanceKind.CutOff, index);
        var since = Stopwatch.GetTimestamp();
        crowd.Cluster.Network.Partition(index);
        var exit = await node.ExitAsync(length);
        while (Stopwatch.GetElapsedTime(since) < length)
        {
            Supervisor.Keep(node);
            if (await node.IsServingAsync())
                throw node.Failure("serves a cluster of its own beside the one that there is (K4)");
            await Task.Delay(Glance);
        }

        crowd.Cluster.Network.Heal();
        exit ??= await node.ExitAsync(EndPatience);
        if (exit?.Code != NodeExit.Removed)
            throw node.Failure(exit is null ? "goes on although its cluster has given it up (K4)" : $"ended with exit code {exit.Code} when it was cut off (K4)");
        since = Stopwatch.GetTimestamp();
        while (!node.IsRunning || !await node.IsServingAsync())
        {
            if (Stopwatch.GetElapsedTime(since) > ReturnPatience)
                throw node.Failure($"is no member again {ReturnPatience.TotalSeconds:F0} s after the partition (K4)");
            Supervisor.Keep(node);
            await Task.Delay(Glance);
        }

        await node.ServingAsync();
        isWhole();
    }
}
