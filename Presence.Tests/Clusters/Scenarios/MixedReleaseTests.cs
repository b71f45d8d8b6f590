using Presence.Tests.Clusters.Kit;
using Presence.Tests.Clusters.Load;
using Xunit;
using Xunit.Abstractions;

namespace Presence.Tests.Clusters.Scenarios;

/// <summary>Nodes of this release and of the next in one cluster, while each of them is restarted: homes move both ways.</summary>
[Collection(ClusterCollection.Name)]
public sealed class MixedReleaseTests(ITestOutputHelper output)
{
    [SkippableFact]
    [Trait("Clause", "K6")]
    public async Task Nodes_of_this_release_and_of_the_next_keep_the_contract_together()
    {
        Skip.IfNot(Signal.Exists, "This system has no signals.");
        using var next = await NextRelease.BuildAsync();
        await using var cluster = new TestCluster(nodes: 2);
        await cluster.StartAsync();
        await cluster.AddAsync(next.Folder);

        var verdict = await new Trial
        {
            Cluster = cluster,
            Habits = new Habits { Seed = 7 },
            Quiet = TimeSpan.FromSeconds(2),
            Tell = output.WriteLine,
        }.RunAsync(new RollingRestart());

        output.WriteLine(verdict.ToString());
        Assert.True(verdict.IsClean, verdict.ToString());
        Assert.True(verdict.OtherNode.Count > 100, verdict.ToString());
    }
}
