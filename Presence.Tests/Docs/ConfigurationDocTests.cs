using System.Globalization;
using System.Reflection;
using System.Text.Json;
using System.Text.RegularExpressions;
using Presence.Host.Configuration;
using Presence.Tests.Build;
using Xunit;

namespace Presence.Tests.Docs;

/// <summary>That the page on configuration says of every key what the code says.</summary>
public sealed partial class ConfigurationDocTests
{
    private static readonly string Page = File.ReadAllText(Path.Combine(Repository.Root, "docs", "configuration.md"));

    [Fact]
    public void Every_key_has_one_row_with_its_variable_and_its_default()
    {
        var rows = KeyRow().Matches(Page)
            .Select(row => $"{row.Groups["key"].Value} | {row.Groups["variable"].Value} | {row.Groups["default"].Value}")
            .Order(StringComparer.Ordinal);

        Assert.Equal(Expected().Order(StringComparer.Ordinal), rows);
    }

    [Fact]
    public void Every_variable_of_the_hocon_files_has_a_row_with_its_setting()
    {
        var taken = Directory.GetFiles(Path.Combine(Repository.Root, "hocon"), "*.hocon")
            .SelectMany(file => HoconVariable().Matches(File.ReadAllText(file)))
            .Select(line => (Name: line.Groups["name"].Value, Key: line.Groups["key"].Value))
            .ToList();

        Assert.NotEmpty(taken);
        foreach (var (name, key) in taken)
            Assert.Matches($@"(?m)^\| `{name}` \| `[\w.\-]*{Regex.Escape(key)}` \|", Page);
        Assert.Equal(taken.Count, VariableRow().Count(Page));
    }

    [Fact]
    public void What_the_page_says_of_the_process_comes_with_the_server()
    {
        using var settings = JsonDocument.Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Presence.Host.runtimeconfig.json")));
        var properties = settings.RootElement.GetProperty("runtimeOptions").GetProperty("configProperties");

        Assert.Contains("`Presence.Host.runtimeconfig.json`", Page, StringComparison.Ordinal);
        Assert.Contains("a young generation of at most 6 MB", Page, StringComparison.Ordinal);
        Assert.Equal(6 * 1024 * 1024, properties.GetProperty("System.GC.Gen0MaxBudget").GetInt64());
        Assert.Contains("Threads without work wait instead of spinning", Page, StringComparison.Ordinal);
        Assert.Equal(0, properties.GetProperty("System.Threading.ThreadPool.UnfairSemaphoreSpinLimit").GetInt32());
    }

    private static IEnumerable<string> Expected()
    {
        var development = new PresenceOptions();
        development.ApplyDevelopmentDefaults();
        return Leaves(PresenceOptions.Section, new PresenceOptions())
            .Zip(Leaves(PresenceOptions.Section, development), (everywhere, there) =>
            {
                var variable = everywhere.Key.Replace(":", "__", StringComparison.Ordinal);
                var special = everywhere.Value == there.Value ? "" : $" (Development: {there.Value})";
                return $"{everywhere.Key} | {variable} | {everywhere.Value}{special}";
            });
    }

    /// <summary>The keys below an object and how the page writes what they hold.</summary>
    private static IEnumerable<(string Key, string Value)> Leaves(string path, object section) => section.GetType()
        .GetProperties(BindingFlags.Public | BindingFlags.Instance)
        .SelectMany(property =>
        {
            var key = $"{path}:{property.Name}";
            var value = property.GetValue(section);
            return property.PropertyType is { IsEnum: false } type && type.Namespace == typeof(PresenceOptions).Namespace ? Leaves(key, value!) : [(key, Written(value))];
        });

    private static string Written(object? value) => value switch
    {
        null or string[] { Length: 0 } => "none",
        bool flag => flag ? "`true`" : "`false`",
        Enum name => $"`{name.ToString().ToLowerInvariant()}`",
        TimeSpan time => $"`{time:c}`",
        IFormattable number => $"`{number.ToString(null, CultureInfo.InvariantCulture)}`",
        string text => $"`{text}`",
        _ => throw new NotSupportedException($"How is {value.GetType()} written?"),
    };

    [GeneratedRegex(@"^\| `(?<key>Presence:[\w:]+)` \| `(?<variable>\w+)` \| (?<default>[^|]+?) \|", RegexOptions.Multiline | RegexOptions.ExplicitCapture)]
    private static partial Regex KeyRow();

    [GeneratedRegex(@"^\| `PRESENCE_\w+` \|", RegexOptions.Multiline)]
    private static partial Regex VariableRow();

    [GeneratedRegex(@"^\s*(?<key>[\w.\-]+)\s*[=:]\s*\$\{\?(?<name>\w+)\}", RegexOptions.Multiline | RegexOptions.ExplicitCapture)]
    private static partial Regex HoconVariable();
}
