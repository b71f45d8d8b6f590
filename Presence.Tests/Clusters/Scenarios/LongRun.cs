using System.Collections.Immutable;
using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using Presence.Tests.Clusters.Kit;
using Presence.Tests.Clusters.Load;
using Presence.Tests.Clusters.Oracle;

namespace Presence.Tests.Clusters.Scenarios;

/// <summary>
/// The scenarios at length: many clients, many rounds, one scenario or each in turn. Its exit code is 0 when nothing was wrong, 1 when
/// something was, and 2 when it could not be tried.
/// </summary>
internal sealed class LongRun
{
    /// <summary>How many rounds the same clients see. A chronicle is kept in memory until it has been judged.</summary>
    private const int RoundsOfCrowd = 3;

    private static readonly int[] FollowersPerNode = [1, 10, 1000];

    private static readonly ImmutableArray<(string Name, Func<Scenario> Make)> Scenarios =
    [
        ("rolling", () => new RollingRestart()),
        ("crash", () => new Crash { Away = TimeSpan.FromSeconds(15) }),
        ("pause", () => new Freeze(TimeSpan.FromSeconds(3))),
        ("freeze", () => new Freeze(TimeSpan.FromSeconds(60)) { IsFatal = true }),
        ("partition", () => new Partition(TimeSpan.FromSeconds(30))),
        ("two", () => new TwoAtOnce()),
        ("join", () => new Join()),
        ("lossy", () => new Lossy { Length = TimeSpan.FromSeconds(30) }),
        ("latency", () => new Undisturbed(TimeSpan.FromSeconds(20))),
    ];

    private readonly List<Verdict> _verdicts = [];

    public required TimeSpan Length { get; init; }

    /// <summary>The scenario; null for each in turn.</summary>
    public required string? Scenario { get; init; }

    /// <summary>How many rounds; null for as many as there is time for.</summary>
    public required int? Rounds { get; init; }

    public required int Clients { get; init; }

    public required int Nodes { get; init; }

    public required int Seed { get; init; }

    /// <summary>Where the server is; null for the one that was built with these tests.</summary>
    public required string? Server { get; init; }

    public static Command Command()
    {
        var minutes = new Option<double>("--minutes") { Description = "For how long, about.", DefaultValueFactory = _ => 10 };
        var scenario = new Option<string?>("--scenario") { Description = "Which scenario; each in turn if there is none." };
        scenario.AcceptOnlyFromAmong([.. Scenarios.Select(s => s.Name), "flat"]);
        var rounds = new Option<int?>("--rounds") { Description = "How many rounds; as many as there is time for if there is none." };
        var clients = new Option<int>("--clients") { Description = "How many clients.", DefaultValueFactory = _ => 300 };
        var nodes = new Option<int>("--nodes") { Description = "How many nodes.", DefaultValueFactory = _ => 3 };
        var seed = new Option<int>("--seed") { Description = "What all that is random comes from.", DefaultValueFactory = _ => 1 };
        var server = new Option<string?>("--server") { Description = "The folder of another build of Presence.Host." };
        var command = new Command("cluster", "Clients against a cluster of server processes to which things happen.")
        {
            minutes, scenario, rounds, clients, nodes, seed, server,
        };
        command.SetAction((given, _) => new LongRun
        {
            Length = TimeSpan.FromMinutes(given.GetValue(minutes)),
            Scenario = given.GetValue(scenario),
            Rounds = given.GetValue(rounds),
            Clients = given.GetValue(clients),
            Nodes = given.GetValue(nodes),
            Seed = given.GetValue(seed),
            Server = given.GetValue(server),
        }.RunAsync());
        return command;
    }

    private async Task<int> RunAsync()
    {
        try
        {
            await using var cluster = new TestCluster(Nodes, Server, Seed);
            await cluster.StartAsync();
            Tell($"{Nodes} nodes serve");
            if (Scenario == "flat")
                return await MeasureCostAsync(cluster);
            await TryAsync(cluster);
        }
        catch (Exception e) when (e is NodeException or InvalidOperationException or TimeoutException or IOException)
        {
            Console.Error.WriteLine(e);
            return 2;
        }

        var whole = Verdict.Of(_verdicts);
        Console.WriteLine($"\n{_verdicts.Count} crowds of clients\n{whole}");
        return whole.IsClean ? 0 : 1;
    }

    private async Task TryAsync(TestCluster cluster)
    {
        var scenarios = Scenarios.Where(s => Scenario is null || s.Name == Scenario).ToArray();
        var since = Stopwatch.GetTimestamp();
        var left = Rounds ?? int.MaxValue;
        for (var crowd = 0; left > 0 && Stopwatch.GetElapsedTime(since) < Length; crowd++)
        {
            var scenario = scenarios[crowd % scenarios.Length].Make();
            var rounds = Math.Min(left, RoundsOfCrowd);
            left -= rounds;
            var verdict = await new Trial
            {
                Cluster = cluster,
                Habits = new Habits { Clients = Clients, Seed = Seed + crowd },
                Rounds = rounds,
                Tell = Tell,
            }.RunAsync(scenario);
            _verdicts.Add(verdict);
            Tell($"{scenario.Name}, seed {Seed + crowd}: {verdict}");
        }
    }

    private static async Task<int> MeasureCostAsync(TestCluster cluster)
    {
        foreach (var cost in await Flat.MeasureAsync(cluster, FollowersPerNode))
            Tell($"{cost}");
        return 0;
    }

    private static void Tell(string line) => Console.WriteLine($"{DateTime.Now.ToString("HH:mm:ss", CultureInfo.InvariantCulture)} {line}");
}
