using System.Collections.Immutable;
using Presence.Bench.Plans;
using Presence.Bench.Reports;

namespace Presence.Bench.Comparing;

/// <summary>One run of a comparison.</summary>
/// <param name="Server">The name of the server.</param>
/// <param name="Round">Which round it belongs to, from 1.</param>
/// <param name="Report">What was measured.</param>
internal sealed record ComparedRun(string Server, int Round, LoadReport Report);

/// <summary>
/// Runs of several servers side by side. Its JSON form is part of the tool's interface (docs/performance.md). Figures of one comparison
/// can be set against each other; those of two cannot, since no machine is the same twice.
/// </summary>
/// <param name="Servers">The servers; ratios are to the first.</param>
/// <param name="Scenarios">Scenario by scenario.</param>
/// <param name="Runs">All runs, in the order in which they were made.</param>
internal sealed record Comparison(
    ImmutableArray<ComparedServer> Servers, ImmutableArray<ScenarioComparison> Scenarios, ImmutableArray<ComparedRun> Runs)
{
    private static readonly ImmutableArray<(string Name, Func<LoadReport, double?> Of)> Figures =
    [
        ("deliveries_per_second", r => r.Run?.DeliveriesPerSecond),
        ("cpu_us_per_delivery", r => r.Run?.CpuUsPerDelivery),
        ("latency_ms_p50", r => r.LatencyMs?.P50),
        ("latency_ms_p99", r => r.LatencyMs?.P99),
        ("latency_ms_max", r => r.LatencyMs?.Max),
        ("server_cores", r => r.Run?.ServerCores),
        ("generator_cores", r => r.Run?.GeneratorCores),
        ("connects_per_second", r => r.Connect.PerSecond),
        ("cpu_us_per_connect", r => r.Connect.CpuUsEach),
        ("cpu_us_per_follow", r => r.Follow?.CpuUsEach),
        ("cpu_us_per_disconnect", r => r.Disconnect.CpuUsEach),
        ("kib_per_connection", r => r.Connect.KibEach),
        ("kib_per_connection_following", r => r.Follow?.KibPerConnection),
        ("memory_mib_before", r => r.MemoryMib.Before),
        ("memory_mib_ran", r => r.MemoryMib.Ran),
        ("memory_mib_gone", r => r.MemoryMib.Gone),
        ("idle_cores", r => r.IdleCores),
    ];

    /// <summary>The version of the form.</summary>
    public int Format { get; init; } = 1;

    /// <summary>Whether a server could not be measured: there are fewer runs than were to be.</summary>
    public bool IsCutShort { get; init; }

    /// <summary>How the tool ends: as the worst run does.</summary>
    public ExitCode Outcome => Runs.Select(r => r.Report.Outcome).Append(IsCutShort ? ExitCode.Unreachable : ExitCode.Clean).Max();

    /// <summary>Sets runs side by side.</summary>
    public static Comparison Of(ImmutableArray<ComparedServer> servers, IEnumerable<ComparedRun> runs)
    {
        ImmutableArray<ComparedRun> all = [.. runs];
        return new Comparison(servers, [.. all.GroupBy(r => r.Report.Scenario).Select(group => OfScenario(servers, [.. group]))], all);
    }

    private static ScenarioComparison OfScenario(ImmutableArray<ComparedServer> servers, ImmutableArray<ComparedRun> runs) => new(
        runs[0].Report.Scenario,
        runs[0].Report.Settings,
        [.. Figures.Select(figure => FigureComparison.Of(figure.Name, servers.Select(server => Values(runs, server, figure.Of)))).Where(f => f.IsThere)],
        [.. servers.Select(server => runs.Count(r => r.Server == server.Name && r.Report.Outcome != ExitCode.Clean))]);

    private static ImmutableArray<double> Values(ImmutableArray<ComparedRun> runs, ComparedServer server, Func<LoadReport, double?> figure) =>
        [.. runs.Where(r => r.Server == server.Name).Select(r => figure(r.Report)).OfType<double>()];
}

/// <summary>A server of a comparison.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Command">How it was started.</param>
internal sealed record ComparedServer(string Name, string Command);

/// <summary>A scenario of a comparison. Lists have an entry per server, in their order.</summary>
/// <param name="Scenario">Its name.</param>
/// <param name="Settings">What was run.</param>
/// <param name="Figures">What was measured.</param>
/// <param name="FaultyRuns">In how many runs something was lost, or somebody cut off.</param>
internal sealed record ScenarioComparison(
    string Scenario, LoadSettings Settings, ImmutableArray<FigureComparison> Figures, ImmutableArray<int> FaultyRuns);

/// <summary>A figure of a comparison. Lists have an entry per server, in their order; null where it was not measured.</summary>
/// <param name="Figure">Its name, with its unit.</param>
/// <param name="Medians">The medians of the rounds.</param>
/// <param name="Least">The least of the rounds.</param>
/// <param name="Most">The most.</param>
/// <param name="Ratios">The medians, divided by that of the first server.</param>
internal sealed record FigureComparison(
    string Figure, ImmutableArray<double?> Medians, ImmutableArray<double?> Least, ImmutableArray<double?> Most, ImmutableArray<double?> Ratios)
{
    /// <summary>Whether it was measured at all.</summary>
    internal bool IsThere => Medians.Any(m => m is not null);

    /// <summary>Sets the values of a figure side by side.</summary>
    public static FigureComparison Of(string figure, IEnumerable<ImmutableArray<double>> byServer)
    {
        ImmutableArray<ImmutableArray<double>> values = [.. byServer];
        ImmutableArray<double?> medians = [.. values.Select(Median)];
        return new FigureComparison(
            figure,
            medians,
            [.. values.Select(v => v.IsEmpty ? (double?)null : v.Min())],
            [.. values.Select(v => v.IsEmpty ? (double?)null : v.Max())],
            [.. medians.Select(m => medians[0] is { } first && first != 0 && m is { } other ? Math.Round(other / first, 3) : (double?)null)]);
    }

    private static double? Median(ImmutableArray<double> values)
    {
        if (values.IsEmpty)
            return null;
        var sorted = values.Sort();
        return Math.Round((sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2, 3);
    }
}
