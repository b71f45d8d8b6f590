using System.Reflection;
using System.Text.RegularExpressions;
using Presence.Tests.Build;
using Xunit;

namespace Presence.Tests.Docs;

/// <summary>That the page on guarantees can be followed to the tests and back.</summary>
public sealed partial class GuaranteesDocTests
{
    private static readonly string Page = Read("guarantees.md");

    private static readonly Type[] TestClasses = [.. typeof(GuaranteesDocTests).Assembly.GetTypes().Where(type => type.IsPublic)];

    [Fact]
    public void Every_clause_that_a_test_names_is_on_a_page()
    {
        var promised = ClauseRow().Matches(Page).Concat(DifferenceRow().Matches(Read("protocol.md"))).Select(row => row.Groups["id"].Value).ToHashSet();

        var named = TestClasses.SelectMany(type => type.GetMethods().Cast<MemberInfo>().Append(type))
            .SelectMany(member => member.GetCustomAttributesData().Where(data => data.AttributeType == typeof(TraitAttribute)))
            .Where(trait => trait.ConstructorArguments[0].Value is "Clause")
            .Select(trait => (string)trait.ConstructorArguments[1].Value!)
            .ToHashSet();

        Assert.NotEmpty(named);
        Assert.Empty(named.Except(promised));
    }

    [Fact]
    public void Every_test_that_the_page_names_exists()
    {
        var named = CheckedBy().Matches(Page).Concat(HeldBy().Matches(Page)).SelectMany(list => Name().Matches(list.Value)).Select(name => name.Groups["name"].Value).ToHashSet();

        Assert.NotEmpty(named);
        Assert.Empty(named.Except(TestClasses.Select(type => type.Name)));
    }

    private static string Read(string page) => File.ReadAllText(Path.Combine(Repository.Root, "docs", page));

    [GeneratedRegex(@"^\| (?<id>[SFECLKA]\d+) \|", RegexOptions.Multiline | RegexOptions.ExplicitCapture)]
    private static partial Regex ClauseRow();

    [GeneratedRegex(@"^\| (?<id>0\.\d+) \|", RegexOptions.Multiline | RegexOptions.ExplicitCapture)]
    private static partial Regex DifferenceRow();

    // A paragraph.
    [GeneratedRegex(@"^Checked by (?:.+\n)+", RegexOptions.Multiline)]
    private static partial Regex CheckedBy();

    // The last cell of a row, if it has nothing but names.
    [GeneratedRegex(@"\| `\w+`(, `\w+`)* \|$", RegexOptions.Multiline | RegexOptions.ExplicitCapture)]
    private static partial Regex HeldBy();

    [GeneratedRegex(@"`(?<name>\w+)`", RegexOptions.ExplicitCapture)]
    private static partial Regex Name();
}
