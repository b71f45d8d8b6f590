using Presence.Tests.Clusters.Kit;
using Presence.Tests.Clusters.Load;
using Presence.Tests.Clusters.Oracle;

namespace Presence.Tests.Clusters.Scenarios;

/// <summary>Clients, a scenario, and the verdict on what they were told.</summary>
public sealed record Trial
{
    public required TestCluster Cluster { get; init; }

    public Habits Habits { get; init; } = new();

    public Bounds Bounds { get; init; } = Bounds.Default;

    /// <summary>How often the scenario happens to the same clients.</summary>
    public int Rounds { get; init; } = 1;

    /// <summary>How long the clients have the cluster to themselves, before the first round and after each.</summary>
    public TimeSpan Quiet { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>How long everybody may take to know the truth after all has come to rest.</summary>
    public TimeSpan Rest { get; init; } = TimeSpan.FromSeconds(40);

    /// <summary>Takes a line on how far it has come.</summary>
    public Action<string> Tell { get; init; } = _ => { };

    public async Task<Verdict> RunAsync(Scenario scenario)
    {
        await Cluster.RecoverAsync();
        await using var crowd = new Crowd(Cluster, Habits);
        await crowd.StartAsync();
        await Task.Delay(Quiet);
        var faults = new List<string>();
        var random = new Random(Habits.Seed);
        for (var round = 1; round <= Rounds; round++)
        {
            try
            {
                await scenario.RoundAsync(crowd, random);
            }
            catch (ScenarioException fault)
            {
                // What clients were told meanwhile counts all the same.
                faults.Add(fault.Message);
                await Cluster.RecoverAsync();
            }

            Tell($"{scenario.Name}: round {round} of {Rounds} at {crowd.Now.TotalSeconds:F0} s");
            await Task.Delay(Quiet);
        }

        await crowd.StopAsync();
        return await SettleAsync(crowd) with { NodeFaults = [.. faults] };
    }

    private async Task<Verdict> SettleAsync(Crowd crowd)
    {
        var since = crowd.Now;
        while (true)
        {
            await Task.Delay(500);
            var verdict = Judge.Of(crowd.Chronicle, Bounds, isAtRest: true);
            if (!verdict.MayStillSettle || crowd.Now - since > Rest)
                return verdict;
        }
    }
}
