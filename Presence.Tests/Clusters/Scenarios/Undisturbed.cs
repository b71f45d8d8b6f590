using Presence.Tests.Clusters.Load;

namespace Presence.Tests.Clusters.Scenarios;

/// <summary>Nothing happens: what an update costs in time on the same node and across nodes, side by side.</summary>
public sealed class Undisturbed(TimeSpan length) : Scenario
{
    public override string Name => "latency";

    public override Task RoundAsync(Crowd crowd, Random random) => Task.Delay(length);
}
