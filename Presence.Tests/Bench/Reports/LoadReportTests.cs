using System.Text.Json;
using Presence.Bench;
using Presence.Bench.Reports;
using Presence.Bench.Tallies;
using Spectre.Console;
using Xunit;

namespace Presence.Tests.Bench.Reports;

public sealed class LoadReportTests
{
    private static readonly LoadReport Clean = SampleReports.Clean;

    // What docs/performance.md promises to those who read it with a program.
    private static readonly string[] Fields =
    [
        "connect.connected", "connect.cpu_us_each", "connect.kib_each", "connect.per_second", "connect.seconds",
        "disconnect.connections", "disconnect.cpu_us_each",
        "faults.cut_off", "faults.errors", "faults.examples", "faults.refused", "faults.unanswered",
        "follow.cpu_us_each", "follow.follows", "follow.kib_per_connection", "follow.presences", "follow.seconds",
        "format", "idle_cores",
        "latency_ms.count", "latency_ms.max", "latency_ms.mean", "latency_ms.p50", "latency_ms.p90", "latency_ms.p99", "latency_ms.p999",
        "memory_mib.before", "memory_mib.connected", "memory_mib.following", "memory_mib.gone", "memory_mib.ran",
        "outcome",
        "run.acknowledged", "run.cpu_us_per_delivery", "run.deliveries.duplicated", "run.deliveries.expected", "run.deliveries.lost",
        "run.deliveries.merged", "run.deliveries.received", "run.deliveries_per_second", "run.generator_cores", "run.seconds",
        "run.server_cores", "run.updates", "run.updates_per_second",
        "scenario",
        "send_lag_ms.count", "send_lag_ms.max", "send_lag_ms.mean", "send_lag_ms.p50", "send_lag_ms.p90", "send_lag_ms.p99", "send_lag_ms.p999",
        "servers",
        "settings.connections", "settings.follows", "settings.hubs", "settings.in_flight", "settings.rate", "settings.rest",
        "settings.seconds", "settings.status_bytes", "settings.storm_rounds", "settings.warm_up", "settings.window",
        "started_at", "storm",
        "warm_up.duplicated", "warm_up.expected", "warm_up.lost", "warm_up.merged", "warm_up.received",
    ];

    [Fact]
    public void The_fields_of_the_JSON_are_the_documented_ones() => Assert.Equal(
        Fields, Leaves("", JsonDocument.Parse(ReportJson.Write(Clean)).RootElement).Order(StringComparer.Ordinal));

    [Fact]
    public void Numbers_keep_their_values_in_the_JSON()
    {
        var json = JsonDocument.Parse(ReportJson.Write(Clean)).RootElement;
        Assert.Equal(51_000, json.GetProperty("run").GetProperty("deliveries").GetProperty("expected").GetInt64());
        Assert.Equal(3, json.GetProperty("latency_ms").GetProperty("p99").GetDouble());
        Assert.Equal("clean", json.GetProperty("outcome").GetString());
    }

    [Fact]
    public void The_exit_code_tells_whether_everything_arrived_and_nobody_was_cut_off()
    {
        Assert.Equal(ExitCode.Clean, Clean.Outcome);
        Assert.Equal(ExitCode.Clean, With(new Deliveries(10, 8, Merged: 2, 0, 0)).Outcome);
        Assert.Equal(ExitCode.Faulty, With(new Deliveries(10, 9, 0, Lost: 1, 0)).Outcome);
        Assert.Equal(ExitCode.Faulty, With(new Deliveries(10, 11, 0, 0, Duplicated: 1)).Outcome);
        Assert.Equal(ExitCode.Faulty, (Clean with { Run = Clean.Run! with { Updates = 0 } }).Outcome);
        Assert.Equal(ExitCode.Faulty, (Clean with { Faults = new FaultFigures(1, 0, 0, 0, []) }).Outcome);
        Assert.Equal(ExitCode.Faulty, (Clean with { Faults = new FaultFigures(0, 1, 0, 0, []) }).Outcome);
        Assert.Equal(ExitCode.Faulty, (Clean with { Faults = new FaultFigures(0, 0, 1, 0, []) }).Outcome);
        Assert.Equal(ExitCode.Faulty, (Clean with { Faults = new FaultFigures(0, 0, 0, 1, []) }).Outcome);
        Assert.Equal(ExitCode.Faulty, (Clean with { WarmUp = new Deliveries(10, 9, 0, Lost: 1, 0) }).Outcome);
        Assert.Equal(ExitCode.Clean, (Clean with { WarmUp = null }).Outcome);
    }

    [Fact]
    public void The_exit_codes_are_what_they_were() =>
        Assert.Equal((0, 1, 2, 3, 4), ((int)ExitCode.Clean, (int)ExitCode.Faulty, (int)ExitCode.Usage, (int)ExitCode.Unreachable, (int)ExitCode.Failed));

    [Fact]
    public void A_person_reads_the_same_in_a_table()
    {
        var text = Table(Clean with { Faults = new FaultFigures(0, 1, 0, 0, ["cut off: [why]"]) });

        Assert.Contains("51,000 of 51,000, 0 merged, 0 lost", text, StringComparison.Ordinal);
        Assert.Contains("p50 1, p90 2, p99 3", text, StringComparison.Ordinal);
        Assert.Contains("3 us CPU per delivery", text, StringComparison.Ordinal);
        Assert.Contains("cut off: [why]", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Without_a_process_the_table_is_silent_about_what_it_would_have_used()
    {
        var text = Table(Clean with
        {
            Connect = Clean.Connect with { CpuUsEach = null, KibEach = null },
            Follow = Clean.Follow! with { CpuUsEach = null, KibPerConnection = null },
            IdleCores = null,
            Run = Clean.Run! with { CpuUsPerDelivery = null, ServerCores = null },
            Disconnect = new DisconnectFigures(2000, null),
            MemoryMib = new MemoryFigures(null, null, null, null, null),
        });

        Assert.DoesNotContain("CPU", text, StringComparison.Ordinal);
        Assert.DoesNotContain("MiB", text, StringComparison.Ordinal);
    }

    private static LoadReport With(Deliveries deliveries) => Clean with { Run = Clean.Run! with { Deliveries = deliveries } };

    private static string Table(LoadReport report)
    {
        using var text = new StringWriter();
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(text), Ansi = AnsiSupport.No });
        console.Profile.Width = 160;
        ReportTable.Write(console, report);
        return text.ToString();
    }

    private static IEnumerable<string> Leaves(string path, JsonElement element) => element.ValueKind == JsonValueKind.Object
        ? element.EnumerateObject().SelectMany(p => Leaves(path.Length == 0 ? p.Name : $"{path}.{p.Name}", p.Value))
        : [path];
}
