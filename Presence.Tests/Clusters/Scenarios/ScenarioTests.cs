using Presence.Tests.Clusters.Kit;
using Presence.Tests.Clusters.Load;
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
    public Task A_node_that_crashes_takes_its_own_sessions_along_and_nothing_else() => TryAsync(new Crash());

    [SkippableFact]
    [Trait("Clause", "C5")]
    public Task A_rolling_restart_is_heard_only_of_those_whose_links_ended() => TryAsync(new RollingRestart());

    [SkippableFact]
    public Task A_node_that_stands_still_for_a_moment_is_not_heard_of() => TryAsync(new Freeze(TimeSpan.FromSeconds(2)));

    [SkippableFact]
    [Trait("Clause", "K3")]
    [Trait("Clause", "K4")]
    public Task A_node_that_stands_still_for_long_is_given_up_and_ends() => TryAsync(new Freeze(TimeSpan.FromSeconds(14)) { IsFatal = true });

    [SkippableFact]
    [Trait("Clause", "K4")]
    public Task A_node_that_is_cut_off_stops_serving_and_there_is_one_truth_afterwards() => TryAsync(new Partition(TimeSpan.FromSeconds(14)));

    [SkippableFact]
    [Trait("Clause", "C5")]
    public Task All_nodes_but_one_may_stop_at_once() => TryAsync(new TwoAtOnce());

    [SkippableFact]
    public Task A_node_that_joins_and_leaves_is_not_heard_of() => TryAsync(new Join { Stay = TimeSpan.FromSeconds(6) });

    [SkippableFact]
    public Task Messages_that_are_lost_between_nodes_are_repaired() => TryAsync(new Lossy());

    [SkippableFact]
    public Task Without_a_disturbance_everybody_is_told_everything() => TryAsync(new Undisturbed(TimeSpan.FromSeconds(4)));

    [SkippableFact]
    [Trait("Clause", "K5")]
    public async Task What_a_change_costs_between_nodes_does_not_grow_with_its_followers()
    {
        Skip.IfNot(Signal.Exists, "This system has no signals.");
        await fixture.Cluster.RecoverAsync();
        var one = await Flat.MeasureAsync(fixture.Cluster, 1);
        var many = await Flat.MeasureAsync(fixture.Cluster, 30);
        output.WriteLine($"{one}\n{many}");

        foreach (var cost in (Cost[])[one, many])
        {
            // A change reaches each other node once. Where the home is on one of these, that one message is the report, and its
            // acceptance comes back.
            var nodes = fixture.Cluster.Nodes.Count;
            Assert.InRange(cost.Messages, nodes - 1, nodes + 0.5);
        }

        Assert.InRange(many.Bytes / many.Messages, 0, 1.2 * one.Bytes / one.Messages);
    }

    private async Task TryAsync(Scenario scenario)
    {
        Skip.IfNot(Signal.Exists, "This system has no signals.");
        var verdict = await new Trial { Cluster = fixture.Cluster, Habits = new Habits { Seed = 7 }, Tell = output.WriteLine }.RunAsync(scenario);
        output.WriteLine(verdict.ToString());
        Assert.True(verdict.IsClean, verdict.ToString());
    }
}
