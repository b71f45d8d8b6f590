using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;

namespace Presence.Cli.Commands;

/// <summary>An option that says for how long: <c>500ms</c>, <c>10s</c>, <c>5m</c>, <c>2h</c>, or a number of seconds.</summary>
internal static class DurationOption
{
    private static readonly (string Unit, TimeSpan Time)[] Units =
        [("ms", TimeSpan.FromMilliseconds(1)), ("s", TimeSpan.FromSeconds(1)), ("m", TimeSpan.FromMinutes(1)), ("h", TimeSpan.FromHours(1)), ("", TimeSpan.FromSeconds(1))];

    /// <summary>The longest that a timer takes.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromDays(49);

    /// <summary>The option.</summary>
    public static Option<TimeSpan?> Create(string name, string description) => new(name)
    {
        Description = $"{description} Examples: 500ms, 10s, 5m, 2h.",
        HelpName = "TIME",
        CustomParser = Parse,
    };

    private static TimeSpan? Parse(ArgumentResult given)
    {
        var text = given.Tokens[0].Value;
        var (unit, time) = Units.First(u => text.EndsWith(u.Unit, StringComparison.Ordinal));
        if (double.TryParse(text[..^unit.Length], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number)
            && number > 0 && number <= Longest / time)
            return number * time;
        given.AddError($"'{text}' is no time: one is like 500ms, 10s, 5m or 2h, and at most 49 days.");
        return null;
    }
}
