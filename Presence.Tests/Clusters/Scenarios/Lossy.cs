using Presence.Tests.Clusters.Kit;
using Presence.Tests.Clusters.Load;
using Presence.Tests.Clusters.Oracle;

namespace Presence.Tests.Clusters.Scenarios;

/// <summary>Of Presence's own messages between nodes some are lost: each loss is repaired (contract K2).</summary>
public sealed class Lossy : Scenario
{
    /// <summary>Of how many messages one is lost.</summary>
    public int OneIn { get; init; } = 20;

    public TimeSpan Length { get; init; } = TimeSpan.FromSeconds(8);

    public override string Name => "lossy";

    public override async Task RoundAsync(Crowd crowd, Random random)
    {
        var network = crowd.Cluster.Network;
        var before = network.Total;
        var isWhole = crowd.Disturb(DisturbanceKind.Lossy, Disturbance.EveryNode);
        network.Lose(OneIn);
        await Task.Delay(Length);
        network.Lose(0);
        isWhole();
        if ((network.Total - before) is not { Lost: > 0 } lost)
            throw new InvalidOperationException($"Nothing was lost: {network.Total - before}.");
        Lost += lost;
    }

    /// <summary>What went between nodes while it lasted, and how much of it was lost.</summary>
    public Traffic Lost { get; private set; }
}
