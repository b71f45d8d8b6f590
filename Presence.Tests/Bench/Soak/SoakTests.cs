using System.Globalization;
using Presence.Bench;
using Presence.Bench.Abuse;
using Presence.Bench.Soak;
using Presence.Tests.Bench.Runs;
using Presence.Tests.Host.Links.Loops;
using Xunit;
using NodeProcess = Presence.Tests.Host.Node.NodeProcess;

namespace Presence.Tests.Bench.Soak;

/// <summary>What a soak checks, and what it says of growth.</summary>
public sealed class SoakTests
{
    private static readonly SoakSettings Small = new() { Seconds = 2, Clients = 12, Follows = 6, Rate = 300, Round = 0.8, SampleEvery = 0.2, Settle = 0, Rest = 0.1 };

    [LinuxFact]
    [Trait("Clause", "E2")]
    [Trait("Clause", "E3")]
    public async Task Against_the_server_everything_is_exact()
    {
        await using var server = NodeProcess.Start();

        var report = await new SoakRun
        {
            Target = await AbuseTarget.ParseAsync($"ws://{(await server.Http).Authority}", (await server.Tcp).ToString()),
            Settings = Small,
            Key = "defaultencryptionkey",
            Process = server.Id,
        }.RunAsync();

        Assert.Empty(report.Examples);
        Assert.Equal(0, report.Faults);
        Assert.NotEqual(0, report.Events);
        Assert.NotEqual(0, report.Comparisons);
        Assert.InRange(report.Rounds, 2, 10);
        Assert.Equal(["erases", "follows", "reconnects", "unfollows", "updates"], report.Actions.Select(a => a.Kind).Order(StringComparer.Ordinal));
        Assert.Contains(report.Series, s => s.At == "gone");
        Assert.Equal(["resident MiB", "open files", "threads"], report.Growth.Select(g => g.Name));
    }

    /// <summary>Everybody is told of everybody there: for a soak, where few follow few, that alone is wrong.</summary>
    [LinuxFact]
    [Trait("Clause", "E5")]
    public async Task A_server_that_tells_everybody_is_noticed()
    {
        await using var fake = new FakeServer(Flaw.None);

        var report = await new SoakRun
        {
            Target = await AbuseTarget.ParseAsync(string.Create(CultureInfo.InvariantCulture, $"ws://127.0.0.1:{fake.Port}"), "none"),
            Settings = Small with { Seconds = 0.5, Patience = 0.3 },
            Key = "key",
        }.RunAsync();

        Assert.Equal(ExitCode.Faulty, report.Outcome);
        Assert.NotEqual(0, report.Faults);
        Assert.NotEmpty(report.Examples);
    }

    [Fact]
    public void What_rises_and_stays_grows() => Assert.True(Of(i => 100 + i).Grows);

    [Fact]
    public void What_varies_about_the_same_does_not_grow() => Assert.False(Of(i => 100 + i % 7).Grows);

    [Fact]
    public void What_falls_does_not_grow() => Assert.False(Of(i => 200 - i).Grows);

    [Fact]
    public void One_last_peak_is_no_growth() => Assert.False(Of(i => i == 59 ? 130 : 100).Grows);

    [Fact]
    public void The_slope_is_per_minute()
    {
        var growth = Of(i => 100 + i);

        Assert.Equal((60, 100d, 159d), (growth.Samples, growth.Least, growth.Most));
        // A sample every ten seconds.
        Assert.Equal(6, growth.PerMinute, 3);
        Assert.False(Growth.Of("x", []).Grows);
    }

    [Fact]
    public void Figures_are_read_from_text()
    {
        var figures = Metrics.Parse("# HELP a b\n# TYPE a gauge\na 1\nb{x=\"1 2\",y=\"z\"} 2.5e3 1700000000\nno number here\n\nc NaN\n");

        Assert.Equal(["a", "b{x=\"1 2\",y=\"z\"}"], figures.Keys);
        Assert.Equal([1d, 2500d], figures.Values);
    }

    [Fact]
    public void What_cannot_be_is_told()
    {
        Assert.Empty(Small.Faults());
        Assert.Equal(8, (Small with { Seconds = 0, Clients = 1, Rate = 0, Round = 0, SampleEvery = 0, Settle = -1, Rest = -1 }).Faults().Count());
    }

    private static Growth Of(Func<int, double> value) => Growth.Of("figure", [.. Enumerable.Range(0, 60).Select(i => (i * 10.0, value(i)))]);
}
