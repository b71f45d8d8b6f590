using System.Text.Json;
using Presence.Bench;
using Presence.Bench.Comparing;
using Presence.Bench.Reports;
using Presence.Tests.Bench.Reports;
using Xunit;

namespace Presence.Tests.Bench.Comparing;

public sealed class ComparisonTests
{
    private static readonly ComparedServer Ours = new("ours", "./ours {port}"), Other = new("other", "./other {port}");

    [Fact]
    public void Medians_are_set_against_those_of_the_first_server()
    {
        var comparison = Comparison.Of(
            [Ours, Other],
            [Run("ours", 1, 3), Run("other", 1, 8), Run("ours", 2, 100), Run("other", 2, 6), Run("ours", 3, 2), Run("other", 3, 1)]);

        var scenario = Assert.Single(comparison.Scenarios);
        var cpu = scenario.Figures.Single(f => f.Figure == "cpu_us_per_delivery");
        Assert.Equal([3, 6], cpu.Medians.ToArray());
        Assert.Equal([2, 1], cpu.Least.ToArray());
        Assert.Equal([100, 8], cpu.Most.ToArray());
        Assert.Equal([1, 2], cpu.Ratios.ToArray());
        Assert.Equal([0, 0], scenario.FaultyRuns.ToArray());
        Assert.Equal(ExitCode.Clean, comparison.Outcome);
    }

    [Fact]
    public void The_median_of_an_even_number_is_between_the_two_in_the_middle() =>
        Assert.Equal([2.5], FigureComparison.Of("f", [[4, 1, 3, 2]]).Medians.ToArray());

    [Fact]
    public void What_was_not_measured_is_left_out()
    {
        var comparison = Comparison.Of([Ours, Other], [Run("ours", 1, null), Run("other", 1, null)]);
        Assert.DoesNotContain(comparison.Scenarios[0].Figures, f => f.Figure == "cpu_us_per_delivery");
        Assert.Contains(comparison.Scenarios[0].Figures, f => f.Figure == "deliveries_per_second");
    }

    [Fact]
    public void A_ratio_to_nothing_is_none() => Assert.Equal([null, null], FigureComparison.Of("f", [[0], [3]]).Ratios.ToArray());

    [Fact]
    public void A_run_in_which_something_was_lost_is_counted_and_told_by_the_exit_code()
    {
        var comparison = Comparison.Of([Ours, Other], [Run("ours", 1, 3), Run("other", 1, 3, lost: 1)]);
        Assert.Equal([0, 1], comparison.Scenarios[0].FaultyRuns.ToArray());
        Assert.Equal(ExitCode.Faulty, comparison.Outcome);
    }

    [Fact]
    public void One_that_was_cut_short_says_so_whatever_was_measured()
    {
        Assert.Equal(ExitCode.Unreachable, (Comparison.Of([Ours, Other], [Run("ours", 1, 3)]) with { IsCutShort = true }).Outcome);
        Assert.Equal(ExitCode.Unreachable, (Comparison.Of([Ours, Other], []) with { IsCutShort = true }).Outcome);
    }

    [Fact]
    public void Its_JSON_names_servers_figures_and_runs()
    {
        var json = JsonDocument.Parse(ReportJson.Write(Comparison.Of([Ours, Other], [Run("ours", 1, 3), Run("other", 1, 6)]))).RootElement;

        Assert.Equal(["ours", "other"], json.GetProperty("servers").EnumerateArray().Select(s => s.GetProperty("name").GetString()));
        var figure = json.GetProperty("scenarios")[0].GetProperty("figures").EnumerateArray().Single(f => f.GetProperty("figure").GetString() == "cpu_us_per_delivery");
        Assert.Equal(2, figure.GetProperty("ratios")[1].GetDouble());
        Assert.Equal("clean", json.GetProperty("runs")[1].GetProperty("report").GetProperty("outcome").GetString());
    }

    private static ComparedRun Run(string server, int round, double? cpu, long lost = 0)
    {
        var report = SampleReports.Clean;
        return new ComparedRun(server, round, report with
        {
            Run = report.Run! with { CpuUsPerDelivery = cpu, Deliveries = report.Run.Deliveries with { Lost = lost } },
        });
    }
}
