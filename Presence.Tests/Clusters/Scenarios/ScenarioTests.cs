using Presence.Tests.Clusters.Kit;
using Presence.Tests.Clusters.Load;
using Presence.Tests.Clusters.Oracle;
using Xunit;
using Xunit.Abstractions;

namespace Presence.Tests.Clusters.Scenarios;

/// <summary>
/// Real nodes against each other: clients of a cluster of three processes hold everything that they are told against what
/// everybody did, while things happen to the cluster. <c>dotnet run --project Presence.Tests -- cluster</c> does it at length.
/// </summary>
[Collection(ClusterCollection.Name)]
[Trait("Clause", "E2")]
[Trait("Clause", "E3")]
[Trait("Clause", "E4")]
[Trait("Clause", "E5")]
[Trait("Clause", "E6")]
[Trait("Clause", "F2")]
[Trait("Clause", "F7")]
[Trait("Clause", "S7")]
[Trait("Clause", "K1")]
[Trait("Clause", "K2")]
public sealed class ScenarioTests(ClusterFixture fixture, ITestOutputHelper output)
{
    [SkippableFact]
    [Trait("Clause", "K3")]
    public async Task A_node_that_crashes_takes_its_own_sessions_along_and_nothing_else()
    {
        var verdict = await TryAsync(new Crash { Away = TimeSpan.FromSeconds(11) });

        Assert.NotEqual(0, verdict.CrashLeaves.Count);
    }

    [SkippableFact]
    [Trait("Clause", "C5")]
    public Task A_rolling_restart_is_heard_only_of_those_whose_links_ended() =>
        TryAsync(new RollingRestart { Tell = output.WriteLine }, new Habits { Seed = 7, Nodes = client => [client % fixture.Cluster.Nodes.Count] });

    [SkippableFact]
    public Task A_node_that_stands_still_for_a_moment_is_not_heard_of() => TryAsync(new Freeze(TimeSpan.FromSeconds(2)));

    [SkippableFact]
    [Trait("Clause", "K3")]
    [Trait("Clause", "K4")]
    public Task A_node_that_stands_still_for_long_is_given_up_and_ends() => TryAsync(new Freeze(TimeSpan.FromSeconds(13)) { IsFatal = true });

    [SkippableFact]
    [Trait("Clause", "K4")]
    public Task A_node_that_is_cut_off_stops_serving_and_there_is_one_truth_afterwards() => TryAsync(new Partition(TimeSpan.FromSeconds(14)));

    [SkippableFact]
    [Trait("Clause", "C5")]
    public Task All_nodes_but_one_may_stop_at_once() => TryAsync(new TwoAtOnce());

    [SkippableFact]
    public Task A_node_that_joins_and_leaves_is_not_heard_of() => TryAsync(new Join { Stay = TimeSpan.FromSeconds(2) });

    [SkippableFact]
    public Task Messages_that_are_lost_between_nodes_are_repaired() => TryAsync(new Lossy { Length = TimeSpan.FromSeconds(6) });

    [SkippableFact]
    [Trait("Clause", "K5")]
    public async Task What_a_change_costs_between_nodes_does_not_grow_with_its_followers()
    {
        Skip.IfNot(Signal.Exists, "This system has no signals.");
        await fixture.Cluster.RecoverAsync();
        var costs = await Flat.MeasureAsync(fixture.Cluster, 1, 30);
        output.WriteLine(string.Join('\n', costs));

        // Each node but the home's is told once. What else there is, now and then, is not by the change.
        const double stray = 0.2;
        var nodes = fixture.Cluster.Nodes.Count;
        Assert.All(costs, cost => Assert.InRange(cost.Carrying, 1, nodes - 1 + stray));
        Assert.InRange(costs[1].Messages, 1, costs[0].Messages + stray);
        Assert.InRange(costs[1].Bytes, 1, 1.2 * costs[0].Bytes);
    }

    private async Task<Verdict> TryAsync(Scenario scenario, Habits? habits = null)
    {
        Skip.IfNot(Signal.Exists, "This system has no signals.");
        var verdict = await new Trial
        {
            Cluster = fixture.Cluster,
            Habits = habits ?? new Habits { Seed = 7 },
            Quiet = TimeSpan.FromSeconds(0.5),
            IsEnough = IsEnough,
            Tell = output.WriteLine,
        }.RunAsync(scenario);
        output.WriteLine(verdict.ToString());
        Assert.True(verdict.IsClean, verdict.ToString());
        Assert.True(IsEnough(verdict), verdict.ToString());
        return verdict;
    }

    /// <summary>Whoever is told nothing is told nothing wrong.</summary>
    private static bool IsEnough(Verdict verdict) => verdict is { Updates: > 100, Follows: >= 40, Events: > 500, OtherNode.Count: > 30 };
}
