using System.Globalization;
using System.Text;
using Presence.Bench.Reports;
using Presence.Bench.Runs;
using Presence.Bench.Tallies;
using Presence.Bench.Wire;
using Spectre.Console;

namespace Presence.Bench.Abuse;

/// <summary>Reports of abuses for people.</summary>
internal static class AbuseTable
{
    /// <summary>Writes one report.</summary>
    public static void Write(IAnsiConsole console, AbuseReport report)
    {
        var table = new Table { Border = console.Profile.Out.IsTerminal ? TableBorder.Rounded : TableBorder.Ascii };
        table.AddColumn("");
        table.AddColumn(Markup.Escape(Title(report)));
        foreach (var (name, value) in Rows(report))
            table.AddRow(Markup.Escape(name), Markup.Escape(value));
        console.Write(table);
    }

    /// <summary>All reports as one Markdown table, a row per pair.</summary>
    public static string Markdown(IEnumerable<AbuseReport> reports)
    {
        var text = new StringBuilder();
        text.AppendLine("| scenario | server | clients | pair | before p50 / p99 ms | during p50 / p99 / max ms | after p50 / p99 / max ms | acknowledged, during p99 / max ms | sent late, during p99 / max ms | lost, repeated, broken | cut | new links ok, failed, max ms | resident MiB before, peak, end, after | files before, peak, after | threads before, peak, after | cores server, tool, others | answers |");
        text.AppendLine("|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|");
        foreach (var report in reports)
        {
            foreach (var (pair, isFirst) in report.Pairs.Select((p, i) => (p, i == 0)))
            {
                string[] cells =
                [
                    report.Scenario,
                    report.Server ?? "",
                    Number(report.Clients),
                    PairName(pair),
                    Short(pair.Delivery.Before, withMax: false),
                    Short(pair.Delivery.During),
                    Short(pair.Delivery.After),
                    pair.Acknowledgement.During is { } a ? $"{Number(a.P99)} / {Number(a.Max)}" : "none",
                    pair.SendLag.During is { } l ? $"{Number(l.P99)} / {Number(l.Max)}" : "none",
                    $"{Number(pair.Lost)}, {Number(pair.Duplicated)}, {Number(pair.ChainBreaks)}",
                    pair.Cut ?? pair.Refused ?? "no",
                    isFirst ? $"{report.Probe.Opened}, {report.Probe.Failed}, {Number(report.Probe.Milliseconds?.Max)}" : "",
                    isFirst && report.Process is { } m ? $"{Number(m.Before.ResidentMib)}, {Number(m.Peak.ResidentMib)}, {Number(m.End.ResidentMib)}, {After(m, m.After.ResidentMib)}" : "",
                    isFirst && report.Process is { } f ? $"{Number(f.Before.OpenFiles)}, {Number(f.Peak.OpenFiles)}, {After(f, f.After.OpenFiles)}" : "",
                    isFirst && report.Process is { } t ? $"{Number(t.Before.Threads)}, {Number(t.Peak.Threads)}, {After(t, t.After.Threads)}" : "",
                    isFirst && report.Process is { } c ? $"{Number(c.CoresDuring)}, {Number(c.ToolCoresDuring)}, {Number(c.OtherCoresDuring)}" : "",
                    isFirst ? Counts(report.Answers) + (report.AbuserFaults.IsEmpty ? "" : $"; wrong: {string.Join("; ", report.AbuserFaults.Take(3))}") : "",
                ];
                text.AppendLine($"| {string.Join(" | ", cells.Select(c => c.Replace("|", "\\|", StringComparison.Ordinal).ReplaceLineEndings(" ")))} |");
            }
        }

        return text.ToString();
    }

    private static string Title(AbuseReport report) => string.Create(
        CultureInfo.InvariantCulture, $"{report.Scenario}{(report.Server is null ? "" : $" ({report.Server})")}: {report.Clients:N0} clients, {report.Seconds:0.#} s");

    private static IEnumerable<(string Name, string Value)> Rows(AbuseReport report)
    {
        foreach (var pair in report.Pairs)
        {
            var name = PairName(pair);
            yield return ($"{name} pair, before ms", Long(pair.Delivery.Before));
            yield return ($"{name} pair, during ms", Long(pair.Delivery.During));
            yield return ($"{name} pair, after ms", Long(pair.Delivery.After));
            yield return ($"{name} acknowledged, during ms", Long(pair.Acknowledgement.During));
            yield return ($"{name} sent late, during ms", Long(pair.SendLag.During));
            yield return ($"{name} pair", $"{Number(pair.Updates)} updates, {Number(pair.Acknowledged)} acknowledged, {Number(pair.Received)} received, {Number(pair.Merged)} merged, "
                + $"{Number(pair.Lost)} lost, {Number(pair.Duplicated)} repeated, {Number(pair.ChainBreaks)} broken chains{(pair.Cut is null ? "" : $"; CUT: {pair.Cut}")}{(pair.Refused is null ? "" : $"; REFUSED: {pair.Refused}")}");
            foreach (var example in pair.Examples)
                yield return ("", example);
        }

        yield return ("new links", $"{report.Probe.Opened} opened, {report.Probe.Failed} failed; ms {Long(report.Probe.Milliseconds)}");
        foreach (var failure in report.Probe.Failures)
            yield return ("", failure);
        yield return ("clients did", Counts(report.Done));
        yield return ("clients were told", Counts(report.Answers));
        foreach (var fault in report.AbuserFaults.Take(5))
            yield return ("wrong for a client", fault);
        if (report.Process is not { } process)
            yield break;
        yield return ("server before", Line(process.Before));
        yield return ("server peak", Line(process.Peak));
        yield return ("server at the end", Line(process.End));
        yield return ("server after", process.EndedAt is null ? Line(process.After) : string.Create(CultureInfo.InvariantCulture, $"THE PROCESS HAS ENDED (at {process.EndedAt} s)"));
        yield return ("cores during", $"server {Number(process.CoresDuring)}, this tool {Number(process.ToolCoresDuring)}, all others {Number(process.OtherCoresDuring)}");
    }

    private static string After(ProcessFigures process, double figure) => process.EndedAt is null ? Number(figure) : "ended";

    private static string Line(ProcessSample s) => string.Create(CultureInfo.InvariantCulture, $"{s.ResidentMib:0.#} MiB, {s.OpenFiles:N0} files, {s.Threads} threads (at {s.Seconds:0.#} s)");

    private static string LinkName(LinkKind kind) => kind == LinkKind.Tcp ? "TCP" : "WebSocket";

    private static string PairName(PairReport pair) => pair.Pairs == 1 ? LinkName(pair.Link) : string.Create(CultureInfo.InvariantCulture, $"{LinkName(pair.Link)} x {pair.Pairs}");

    private static string Counts(IEnumerable<AnswerCount> counts) => string.Join("; ", counts.Take(8).Select(c => $"{Number(c.Count)} {c.Kind}")) is { Length: > 0 } text ? text : "nothing";

    private static string Number(double? figure) => ReportTable.Number(figure);

    private static string Short(Spread? s, bool withMax = true) => s is null ? "none" : $"{Number(s.P50)} / {Number(s.P99)}{(withMax ? $" / {Number(s.Max)}" : "")}";

    private static string Long(Spread? s) => s is null ? "none" : $"p50 {Number(s.P50)}, p99 {Number(s.P99)}, max {Number(s.Max)} ({Number(s.Count)})";
}
