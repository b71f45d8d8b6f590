using System.Globalization;
using Presence.Bench.Plans;
using Presence.Bench.Tallies;
using Spectre.Console;

namespace Presence.Bench.Reports;

/// <summary>Reports for people.</summary>
internal static class ReportTable
{
    /// <summary>Writes what one run has measured.</summary>
    public static void Write(IAnsiConsole console, LoadReport report)
    {
        var table = new Table { Border = console.Profile.Out.IsTerminal ? TableBorder.Rounded : TableBorder.Ascii };
        table.AddColumn("");
        table.AddColumn(Markup.Escape($"{report.Scenario}: {Summary(report.Settings)}"));
        foreach (var (name, value) in Rows(report))
            table.AddRow(Markup.Escape(name), Markup.Escape(value));
        console.Write(table);
        foreach (var example in report.Faults.Examples)
            console.WriteLine(example);
        console.WriteLine(Verdict(report));
        if (report.Run is { GeneratorCores: > 0.9 })
            console.WriteLine("The generator was busy all the time: these are its limits, not the server's.");
    }

    /// <summary>A number as it is written everywhere here.</summary>
    public static string Number(double? figure) => figure switch
    {
        null => "",
        var f when Math.Abs(f.Value) >= 1000 => f.Value.ToString("N0", CultureInfo.InvariantCulture),
        var f when Math.Abs(f.Value) >= 100 => f.Value.ToString("0.#", CultureInfo.InvariantCulture),
        var f => f.Value.ToString("0.###", CultureInfo.InvariantCulture),
    };

    private static string Summary(LoadSettings s) => string.Create(CultureInfo.InvariantCulture, $"{s.Connections:N0} connections, ")
        + (s.IsStorm ? string.Create(CultureInfo.InvariantCulture, $"{s.StormRounds} rounds, {s.InFlight} handshakes in flight") : Audience(s) + Pace(s));

    private static string Audience(LoadSettings s) => s.Hubs > 0
        ? string.Create(CultureInfo.InvariantCulture, $"{s.Hubs} hubs, ")
        : string.Create(CultureInfo.InvariantCulture, $"{s.Follows} follows each, ");

    private static string Pace(LoadSettings s) => s.Rate is { } rate
        ? string.Create(CultureInfo.InvariantCulture, $"{rate} updates/s")
        : string.Create(CultureInfo.InvariantCulture, $"{s.Window} updates in flight");

    private static IEnumerable<(string Name, string Value)> Rows(LoadReport r)
    {
        yield return ("connect", Line($"{Number(r.Connect.Connected)} in {Number(r.Connect.Seconds)} s, {Number(r.Connect.PerSecond)}/s", (r.Connect.CpuUsEach, "us CPU each"), (r.Connect.KibEach, "KiB each")));
        if (r.Follow is { } follow)
            yield return ("follow", Line($"{Number(follow.Follows)} in {Number(follow.Seconds)} s", (follow.CpuUsEach, "us CPU each"), (follow.KibPerConnection, "KiB per connection")));
        if (r.IdleCores is { } idle)
            yield return ("idle", $"{Number(idle)} cores");
        if (r.Run is { } run)
        {
            yield return ("updates", $"{Number(run.Updates)} in {Number(run.Seconds)} s, {Number(run.UpdatesPerSecond)}/s, {Number(run.Acknowledged)} acknowledged");
            yield return ("deliveries", $"{Number(run.Deliveries.Received)} of {Number(run.Deliveries.Expected)}, {Number(run.Deliveries.Merged)} merged, {Number(run.Deliveries.Lost)} lost, {Number(run.Deliveries.Duplicated)} told twice");
            yield return ("throughput", Line($"{Number(run.DeliveriesPerSecond)} deliveries/s", (run.CpuUsPerDelivery, "us CPU per delivery")));
            yield return ("latency ms", Latency(r.LatencyMs));
            if (r.Settings.Rate is not null)
                yield return ("sent late ms", Latency(r.SendLagMs));
            yield return ("cores", Line($"generator {Number(run.GeneratorCores)}", (run.ServerCores, "server")));
        }

        foreach (var (round, i) in (r.Storm ?? []).Select((round, i) => (round, i + 1)))
        {
            yield return ($"round {i}", Line(
                $"{Number(round.Connected)} in {Number(round.Seconds)} s, {Number(round.PerSecond)}/s",
                (round.ConnectCpuUsEach, "us CPU each"), (round.DisconnectCpuUsEach, "us to leave"), (round.ConnectedMib, "MiB"), (round.GoneMib, "MiB after")));
        }

        yield return ("disconnect", Line($"{Number(r.Disconnect.Connections)}", (r.Disconnect.CpuUsEach, "us CPU each")));
        if (r.MemoryMib.Before is not null)
            yield return ("memory MiB", $"before {Number(r.MemoryMib.Before)}, connected {Number(r.MemoryMib.Connected)}{(r.Run is null ? "" : $", following {Number(r.MemoryMib.Following)}, ran {Number(r.MemoryMib.Ran)}")}, gone {Number(r.MemoryMib.Gone)}");
        yield return ("faults", $"{Number(r.Faults.Refused)} refused, {Number(r.Faults.CutOff)} cut off, {Number(r.Faults.Errors)} errors, {Number(r.Faults.Unanswered)} unanswered");
        if (r.WarmUp is { IsExact: false } warmUp)
            yield return ("in the warm-up", $"{Number(warmUp.Lost)} lost, {Number(warmUp.Duplicated)} duplicated");
    }

    private static string Line(string first, params ReadOnlySpan<(double? Figure, string Unit)> more)
    {
        foreach (var (figure, unit) in more)
        {
            if (figure is not null)
                first += $", {Number(figure)} {unit}";
        }

        return first;
    }

    private static string Latency(Spread? s) => s is null
        ? "none"
        : $"p50 {Number(s.P50)}, p90 {Number(s.P90)}, p99 {Number(s.P99)}, p99.9 {Number(s.P999)}, max {Number(s.Max)}";

    private static string Verdict(LoadReport report) => report.Outcome switch
    {
        ExitCode.Clean when report.Run is null => "Everybody was let in.",
        ExitCode.Clean => "Everything arrived, and nobody was cut off.",
        _ => "Not everything went as it should: see deliveries and faults.",
    };
}
