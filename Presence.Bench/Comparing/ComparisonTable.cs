using Presence.Bench.Reports;
using Spectre.Console;

namespace Presence.Bench.Comparing;

/// <summary>A comparison for people.</summary>
internal static class ComparisonTable
{
    /// <summary>Writes a table per scenario.</summary>
    public static void Write(IAnsiConsole console, Comparison comparison)
    {
        foreach (var scenario in comparison.Scenarios)
        {
            var table = new Table { Border = console.Profile.Out.IsTerminal ? TableBorder.Rounded : TableBorder.Ascii };
            table.AddColumn(Markup.Escape(scenario.Scenario));
            foreach (var server in comparison.Servers)
                table.AddColumn(Markup.Escape(server.Name));
            foreach (var server in comparison.Servers.Skip(1))
                table.AddColumn(Markup.Escape($"{server.Name} / {comparison.Servers[0].Name}"));
            foreach (var figure in scenario.Figures)
                table.AddRow([figure.Figure, .. Range(comparison, figure), .. figure.Ratios.Skip(1).Select(ReportTable.Number)]);
            table.AddRow(["faulty_runs", .. scenario.FaultyRuns.Select(n => ReportTable.Number(n)), .. comparison.Servers.Skip(1).Select(_ => "")]);
            console.Write(table);
        }
    }

    private static IEnumerable<string> Range(Comparison comparison, FigureComparison figure) => comparison.Servers.Select((_, i) =>
        figure.Medians[i] is null ? "" : $"{ReportTable.Number(figure.Medians[i])} ({ReportTable.Number(figure.Least[i])} to {ReportTable.Number(figure.Most[i])})");
}
