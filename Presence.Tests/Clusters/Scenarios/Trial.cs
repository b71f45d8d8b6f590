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

    /// <summary>How much longer the clients may go on if not enough has happened: how much does in some seconds is the machine's to say.</summary>
    public TimeSpan Extension { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Whether enough has happened for a verdict to mean something. The clients go on until it has, but for an end.</summary>
    public Func<Verdict, bool> IsEnough { get; init; } = _ => true;

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
            await TryAsync(scenario, crowd, random, faults);
            Tell($"{scenario.Name}: round {round} of {Rounds} at {crowd.Now.TotalSeconds:F0} s");
            await Task.Delay(Quiet);
        }

        var since = crowd.Now;
        while (!IsEnough(Judge.Of(crowd.Chronicle, Bounds, isAtRest: false)) && crowd.Now - since < Extension)
        {
            Tell($"{scenario.Name}: not enough has happened by {crowd.Now.TotalSeconds:F0} s; the clients go on");
            await Task.Delay(1000);
        }

        await crowd.StopAsync();
        return await SettleAsync(crowd) with { NodeFaults = [.. faults] };
    }

    /// <summary>One round. What nodes do wrong is written down, and what clients are told meanwhile counts all the same.</summary>
    private async Task TryAsync(Scenario scenario, Crowd crowd, Random random, List<string> faults)
    {
        try
        {
            await scenario.RoundAsync(crowd, random);
        }
        catch (NodeException fault)
        {
            faults.Add(fault.Message);
            Cluster.Network.Heal();
        }

        foreach (var (node, index) in Cluster.Nodes.Select((n, i) => (n, i)).Where(n => !n.Item1.IsRunning))
        {
            faults.Add(node.Failure("has ended by itself").Message);
            crowd.Disturb(DisturbanceKind.Killed, index);
        }

        if (faults.Count > 0)
            await Cluster.RecoverAsync();
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
