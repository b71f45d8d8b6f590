using Presence.Tests.Clusters.Kit;
using Xunit;

namespace Presence.Tests.Clusters.Scenarios;

/// <summary>Three nodes, shared by all scenarios: a cluster takes longer to start than most scenarios last.</summary>
public sealed class ClusterFixture : IAsyncLifetime
{
    public TestCluster Cluster { get; } = new(nodes: 3);

    public async Task InitializeAsync()
    {
        if (Signal.Exists)
            await Cluster.StartAsync();
    }

    public async Task DisposeAsync() => await Cluster.DisposeAsync();
}

/// <summary>Whole clusters of processes, and clients whose times are measured; nothing else runs beside them.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class ClusterCollection : ICollectionFixture<ClusterFixture>
{
    public const string Name = "cluster";
}
