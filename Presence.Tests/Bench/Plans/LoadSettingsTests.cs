using Presence.Bench.Plans;
using Xunit;

namespace Presence.Tests.Bench.Plans;

public sealed class LoadSettingsTests
{
    private static readonly LoadSettings Fine = new() { Connections = 100, Follows = 10, Window = 4 };

    public static TheoryData<string> Names => [.. Scenario.All.Select(s => s.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void Every_scenario_is_possible_as_it_is(string name) => Assert.Empty(Scenario.Named(name).Settings.Faults());

    [Fact]
    public void A_rule_that_is_broken_is_told_with_its_option()
    {
        (LoadSettings Broken, string Option)[] cases =
        [
            (Fine with { Connections = 0 }, "--connections"),
            (Fine with { Follows = 0 }, "--follows"),
            (Fine with { Follows = 100 }, "--follows"),
            (Fine with { Hubs = 100 }, "--hubs"),
            (Fine with { Window = 0 }, "--window"),
            (Fine with { Window = null }, "--rate"),
            (Fine with { Rate = 5 }, "--window"),
            (Fine with { Window = null, Rate = 0 }, "--rate"),
            (Fine with { Window = null, Rate = double.NaN }, "--rate"),
            (Fine with { Window = null, Rate = 0.05 }, "--rate"),
            (Fine with { Connections = 1_000_000, Follows = 101 }, "--follows"),
            (Fine with { Seconds = 0 }, "--seconds"),
            (Fine with { Seconds = double.NaN }, "--seconds"),
            (Fine with { WarmUp = -1 }, "--warm-up"),
            (Fine with { Rest = 0 }, "--rest"),
            (Fine with { StatusBytes = 2049 }, "--status-bytes"),
            (Fine with { InFlight = 0 }, "--in-flight"),
        ];

        Assert.Empty(Fine.Faults());
        Assert.All(cases, c => Assert.Contains(c.Option, Assert.Single(c.Broken.Faults()), StringComparison.Ordinal));
    }

    [Fact]
    public void All_broken_rules_are_told_at_once() => Assert.Equal(3, (Fine with { Follows = 0, Window = 0, Seconds = 0 }).Faults().Count());
}
