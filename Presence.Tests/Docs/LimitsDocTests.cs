using System.Text.RegularExpressions;
using Presence.Actors.Telemetry;
using Presence.Host.Configuration;
using Presence.Tests.Build;
using Xunit;

namespace Presence.Tests.Docs;

/// <summary>That the page on limits has each of them.</summary>
public sealed partial class LimitsDocTests
{
    private static readonly string Page = File.ReadAllText(Path.Combine(Repository.Root, "docs", "limits.md"));

    [Fact]
    public void Each_limit_has_one_row_under_the_name_that_its_counter_has() => Assert.Equal(
        Enum.GetValues<Limit>().Select(Refusals.NameOf).Order(StringComparer.Ordinal),
        Row().Matches(Page).Select(row => row.Groups["limit"].Value).Order(StringComparer.Ordinal));

    [Fact]
    public void Each_setting_that_the_rows_name_exists()
    {
        var named = Row().Matches(Page).SelectMany(row => Name().Matches(row.Groups["settings"].Value)).Select(name => name.Groups["name"].Value).ToList();

        Assert.NotEmpty(named);
        Assert.All(named, name => Assert.NotNull(typeof(LimitSettings).GetProperty(name)));
    }

    [GeneratedRegex(@"^\| [^|]+ \|(?<settings>[^|]*)\|[^|]*\|[^|]*\|[^|]*\| `(?<limit>\w+)` \|$", RegexOptions.Multiline | RegexOptions.ExplicitCapture)]
    private static partial Regex Row();

    [GeneratedRegex(@"`(?<name>\w+)`", RegexOptions.ExplicitCapture)]
    private static partial Regex Name();
}
