using Presence.Tests.Clusters.Load;

namespace Presence.Tests.Clusters.Scenarios;

/// <summary>Something that happens to a cluster while clients use it.</summary>
public abstract class Scenario
{
    /// <summary>What the command line calls it.</summary>
    public abstract string Name { get; }

    /// <summary>What happens, once; the cluster is whole again when it is done.</summary>
    public abstract Task RoundAsync(Crowd crowd, Random random);
}
