using System.Globalization;
using System.Text.RegularExpressions;
using Presence.Host.Configuration;
using Presence.Tests.Build;
using Xunit;

namespace Presence.Tests.Docs;

/// <summary>That the page on reconnects has the times that a server has by default, and can be found.</summary>
public sealed partial class ReconnectDocTests
{
    private static readonly string Page = File.ReadAllText(Path.Combine(Repository.Root, "docs", "reconnect.md"));

    [Fact]
    [Trait("Clause", "C2")]
    public void Each_time_of_a_setting_is_its_default()
    {
        var options = new PresenceOptions();
        var expected = new Dictionary<string, TimeSpan>
        {
            ["Presence:Limits:PingPeriod"] = options.Limits.PingPeriod,
            ["Presence:Limits:PongWait"] = options.Limits.PongWait,
            ["Presence:Limits:IdleWrite"] = options.Limits.IdleWrite,
            ["Presence:Stop:DrainTime"] = options.Stop.Drain,
        };

        var told = Time().Matches(Page).ToDictionary(
            time => time.Groups["key"].Value,
            time => double.Parse(time.Groups["number"].Value, CultureInfo.InvariantCulture) * (time.Groups["unit"].Value == "s" ? TimeSpan.FromSeconds(1) : TimeSpan.FromMinutes(1)));

        Assert.Equal(expected.OrderBy(time => time.Key), told.OrderBy(time => time.Key));
    }

    [Fact]
    public void Each_link_leads_to_a_page_and_to_a_section_of_it()
    {
        var links = Link().Matches(Page);
        Assert.NotEmpty(links);
        Assert.All(links, link =>
        {
            var page = File.ReadAllText(Path.Combine(Repository.Root, "docs", link.Groups["page"].Value));
            if (link.Groups["section"].Value is { Length: > 0 } section)
                Assert.Contains(section, Heading().Matches(page).Select(heading => Anchor(heading.Groups["title"].Value)));
        });
        Assert.Contains("docs/reconnect.md", File.ReadAllText(Path.Combine(Repository.Root, "README.md")), StringComparison.Ordinal);
    }

    private static string Anchor(string title) => NotInAnchors().Replace(title.ToLowerInvariant(), "").Replace(' ', '-');

    [GeneratedRegex(@"`(?<key>Presence:\w+:\w+)` \((?<number>[\d.]+) (?<unit>s|min)\b")]
    private static partial Regex Time();

    [GeneratedRegex(@"\]\((?<page>[\w./]+\.md)(#(?<section>[\w-]+))?\)")]
    private static partial Regex Link();

    [GeneratedRegex(@"^#+ (?<title>.+)$", RegexOptions.Multiline)]
    private static partial Regex Heading();

    [GeneratedRegex(@"[^\w\- ]")]
    private static partial Regex NotInAnchors();
}
