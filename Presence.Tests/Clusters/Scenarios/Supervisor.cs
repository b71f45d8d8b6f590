using Presence.Tests.Clusters.Kit;

namespace Presence.Tests.Clusters.Scenarios;

/// <summary>What starts a node again that has ended.</summary>
internal static class Supervisor
{
    /// <summary>Starts a node that does not run.</summary>
    public static void Keep(NodeProcess node)
    {
        if (!node.IsRunning)
            node.Start();
    }

    /// <summary>
    /// Waits for a node that its cluster has given up to end by itself (contract K4), and starts it again. One that goes on
    /// is killed, so that the cluster is whole again before the fault is told.
    /// </summary>
    public static async Task RestartEndedAsync(NodeProcess node, TimeSpan patience)
    {
        var exit = await node.ExitAsync(patience);
        if (exit is null)
            await node.KillAsync();
        await node.RestartAsync();
        if (exit is null)
            throw node.Failure($"went on for {patience.TotalSeconds:F0} s after its cluster had given it up (K4)");
    }
}
