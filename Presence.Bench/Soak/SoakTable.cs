using System.Globalization;
using Presence.Bench.Reports;
using Spectre.Console;

namespace Presence.Bench.Soak;

/// <summary>Reports of soaks for people.</summary>
internal static class SoakTable
{
    // So many rows of a series can be read at a glance.
    private const int MostRows = 25;

    /// <summary>Writes a report.</summary>
    public static void Write(IAnsiConsole console, SoakReport report)
    {
        var border = console.Profile.Out.IsTerminal ? TableBorder.Rounded : TableBorder.Ascii;
        if (!report.Series.IsEmpty)
        {
            var series = new Table { Border = border };
            series.AddColumns("seconds", "at", "resident MiB", "files", "threads");
            var step = Math.Max(1, report.Series.Length / MostRows);
            foreach (var sample in report.Series.Where((_, i) => i % step == 0 || i == report.Series.Length - 1))
                series.AddRow(Number(sample.Seconds), sample.At, Number(sample.ResidentMib), Number(sample.OpenFiles), Number(sample.Threads));
            console.Write(series);
        }

        if (!report.Growth.IsEmpty)
        {
            var growth = new Table { Border = border };
            growth.AddColumns("after the first minutes", "samples", "first quarter", "last quarter", "least", "most", "per minute", "verdict");
            foreach (var g in report.Growth)
                growth.AddRow(Markup.Escape(g.Name), Number(g.Samples), Number(g.First), Number(g.Last), Number(g.Least), Number(g.Most), Number(g.PerMinute), g.Grows ? "GROWS" : "does not grow");
            console.Write(growth);
        }

        foreach (var example in report.Examples)
            console.WriteLine(example);
        console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{report.Rounds} rounds, {string.Join(", ", report.Actions.Select(a => $"{a.Count:N0} {a.Kind}"))}; {report.Events:N0} events checked, {report.Comparisons:N0} pictures compared, {report.Faults:N0} faults."));
    }

    private static string Number(double figure) => ReportTable.Number(figure);
}
