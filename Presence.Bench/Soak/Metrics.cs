using System.Globalization;

namespace Presence.Bench.Soak;

/// <summary>Reads figures that a server offers as text, one per line: a name, perhaps labels in braces, and a number (Prometheus).</summary>
internal static class Metrics
{
    /// <summary>The most figures that are kept.</summary>
    public const int Most = 100;

    /// <summary>The figures of a text. Lines that are none are skipped; labels belong to the name.</summary>
    public static IReadOnlyDictionary<string, double> Parse(string text)
    {
        var figures = new SortedDictionary<string, double>(StringComparer.Ordinal);
        foreach (var line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            var end = line.LastIndexOf('}') is >= 0 and var brace ? brace + 1 : line.IndexOf(' ', StringComparison.Ordinal);
            if (line[0] == '#' || end <= 0 || figures.Count >= Most)
                continue;
            // Behind the value there may be a time.
            var value = line[end..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (value.Length > 0 && double.TryParse(value[0], NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number))
                figures[line[..end]] = number;
        }

        return figures;
    }
}
