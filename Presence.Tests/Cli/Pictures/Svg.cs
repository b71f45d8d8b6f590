using System.Globalization;
using System.Net;
using System.Text;
using Presence.Tests.Cli.Kit;

namespace Presence.Tests.Cli.Pictures;

/// <summary>What a terminal shows as a picture.</summary>
internal static class Svg
{
    private const double Width = 8.4;
    private const int Height = 17;
    private const int Margin = 16;

    private static readonly string[] Palette =
    [
        "#484f58", "#ff7b72", "#3fb950", "#d29922", "#58a6ff", "#bc8cff", "#39c5cf", "#b1bac4",
        "#6e7681", "#ffa198", "#56d364", "#e3b341", "#79c0ff", "#d2a8ff", "#56d4dd", "#f0f6fc",
    ];

    /// <summary>Draws it.</summary>
    /// <param name="title">What it shows, for those who cannot see it.</param>
    /// <param name="command">What was typed.</param>
    /// <param name="rows">What was shown then.</param>
    public static string Of(string title, string command, IReadOnlyList<IReadOnlyList<Cell>> rows)
    {
        IReadOnlyList<Cell>[] all = [[.. $"$ {command}".Select((c, i) => new Cell(c, null, i == 0))], .. rows];
        var (width, height) = ((all.Max(r => r.Count) * Width) + (2 * Margin), (all.Length * Height) + (2 * Margin));
        var svg = new StringBuilder();
        svg.Append(CultureInfo.InvariantCulture, $"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:0} {height}\" width=\"{width:0}\" height=\"{height}\" role=\"img\">\n");
        svg.Append(CultureInfo.InvariantCulture, $"<title>{WebUtility.HtmlEncode(title)}</title>\n");
        svg.Append("<rect width=\"100%\" height=\"100%\" rx=\"8\" fill=\"#0d1117\"/>\n");
        svg.Append("<g font-family=\"ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace\" font-size=\"14\" fill=\"#e6edf3\" xml:space=\"preserve\">\n");
        foreach (var (row, y) in all.Select((row, i) => (row, Margin + (i * Height) + 13)))
        {
            for (var at = 0; at < row.Count;)
            {
                var run = row.Skip(at).TakeWhile(c => (c.Colour, c.IsDim) == (row[at].Colour, row[at].IsDim)).ToArray();
                Append(svg, run, Margin + (at * Width), y);
                at += run.Length;
            }
        }

        return svg.Append("</g>\n</svg>\n").ToString();
    }

    private static void Append(StringBuilder svg, Cell[] run, double x, int y)
    {
        var text = string.Concat(run.Select(c => c.Symbol)).TrimEnd();
        if (text.Length == 0)
            return;
        var indent = text.Length - text.TrimStart().Length;
        text = text[indent..];
        // The length keeps what is above each other above each other, whatever the font.
        svg.Append(CultureInfo.InvariantCulture, $"<text x=\"{x + (indent * Width):0.#}\" y=\"{y}\" textLength=\"{text.Length * Width:0.#}\" lengthAdjust=\"spacingAndGlyphs\"");
        if (run[0].Colour is { } colour)
            svg.Append(CultureInfo.InvariantCulture, $" fill=\"{Palette[colour]}\"");
        if (run[0].IsDim)
            svg.Append(" fill-opacity=\"0.55\"");
        svg.Append(CultureInfo.InvariantCulture, $">{WebUtility.HtmlEncode(text)}</text>\n");
    }
}
