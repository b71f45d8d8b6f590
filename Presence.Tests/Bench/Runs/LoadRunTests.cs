using System.Globalization;
using Presence.Bench;
using Presence.Bench.Plans;
using Presence.Bench.Reports;
using Presence.Bench.Runs;
using Presence.Bench.Sockets;
using Presence.Tests.Host.Links.Loops;
using Xunit;

namespace Presence.Tests.Bench.Runs;

/// <summary>What the load says of servers that are at fault.</summary>
public sealed class LoadRunTests
{
    // Everybody follows everybody.
    private static readonly LoadSettings Closed = new() { Connections = 4, Follows = 3, Window = 2, Seconds = 0.2, Rest = 0.05 };

    private static readonly LoadSettings Open = Closed with { Window = null, Rate = 200 };

    [LinuxFact]
    public async Task A_server_without_a_flaw_loses_nothing()
    {
        foreach (var settings in (LoadSettings[])[Closed, Open, Closed with { WarmUp = 0.1, StatusBytes = 500 }])
        {
            var report = await RunAsync(Flaw.None, settings);

            Assert.Equal(ExitCode.Clean, report.Outcome);
            Assert.Equal(4, report.Connect.Connected);
            Assert.Equal(12, report.Follow!.Follows);
            Assert.NotEqual(0, report.Run!.Updates);
            Assert.Equal(report.Run.Updates, report.Run.Acknowledged);
            Assert.Equal(4 * report.Run.Updates, report.Run.Deliveries.Expected);
            Assert.Equal(report.Run.Deliveries.Expected, report.Run.Deliveries.Received);
            Assert.Equal(report.Run.Deliveries.Received, report.LatencyMs!.Count);
            Assert.Null(report.Run.CpuUsPerDelivery);
        }
    }

    [LinuxFact]
    public async Task An_open_loop_sends_what_was_to_be_sent() => Assert.Equal(40, (await RunAsync(Flaw.None, Open)).Run!.Updates);

    [LinuxFact]
    public async Task However_the_bytes_are_cut_the_same_arrives()
    {
        var report = await RunAsync(Flaw.Dribbles, Open with { StatusBytes = 200 });

        Assert.Equal(ExitCode.Clean, report.Outcome);
        Assert.Equal(160, report.Run!.Deliveries.Received);
    }

    [LinuxFact]
    public async Task Who_is_cut_off_is_counted_with_the_reason()
    {
        var report = await RunAsync(Flaw.CutsOff, Closed with { Seconds = 3600 });

        Assert.Equal(ExitCode.Faulty, report.Outcome);
        Assert.NotEqual(0, report.Faults.CutOff);
        Assert.Contains("4001 bye", Assert.Single(report.Faults.Examples), StringComparison.Ordinal);
    }

    [LinuxFact]
    public async Task Who_is_cut_off_makes_room_for_the_next_and_leaves_rates_that_can_be()
    {
        // One at a time; or one of each: how many more an open loop sends before it hears of the end is the machine's to say.
        foreach (var settings in (LoadSettings[])[Closed with { Window = 1, Seconds = 3600 }, Open with { Seconds = 4 / Open.Rate!.Value }])
        {
            var report = await RunAsync(Flaw.CutsOff, settings);

            Assert.Equal((4, 4, 0), ((int)report.Run!.Updates, report.Faults.CutOff, report.Faults.Unanswered));
            Assert.InRange(report.Run.UpdatesPerSecond, 1, 1_000_000);
        }
    }

    [LinuxFact]
    public async Task An_open_loop_ends_when_nobody_is_left_who_could_send()
    {
        var report = await RunAsync(Flaw.CutsOff, Open with { Seconds = 3600 });

        Assert.Equal((4, 0), (report.Faults.CutOff, report.Faults.Unanswered));
        Assert.InRange(report.Run!.Updates, 4, 3600 * (long)Open.Rate!.Value - 1);
    }

    [LinuxFact]
    public async Task Who_is_not_answered_is_told_of_and_was_not_let_in()
    {
        var e = await Assert.ThrowsAsync<UnreachableException>(() => RunAsync(Flaw.Mute, Closed));
        Assert.Contains("no answer to the handshake in time", e.Message, StringComparison.Ordinal);
    }

    [LinuxFact]
    public async Task Follows_that_are_not_answered_are_a_fault()
    {
        var report = await RunAsync(Flaw.IgnoresFollows, Closed);

        Assert.Equal((ExitCode.Faulty, 4, 12L), (report.Outcome, report.Faults.Unanswered, report.Follow!.Follows));
        // The time in which nobody was answered was nobody's.
        Assert.InRange(report.Follow.Seconds, 0, 0.25);
    }

    [LinuxFact]
    public async Task Updates_that_are_not_answered_are_a_fault()
    {
        var report = await RunAsync(Flaw.IgnoresUpdates, Closed);

        Assert.Equal((ExitCode.Faulty, 2, 2L), (report.Outcome, report.Faults.Unanswered, report.Run!.Updates));
    }

    [LinuxFact]
    public async Task What_nobody_was_told_of_is_lost()
    {
        var report = await RunAsync(Flaw.Forgets, Open);

        Assert.Equal(ExitCode.Faulty, report.Outcome);
        Assert.Equal(160, report.Run!.Deliveries.Lost);
        Assert.Null(report.LatencyMs);
        // What was not told of in time counts for nothing; the time neither.
        Assert.InRange(report.Run.Seconds, 0.1, 1.9);
    }

    [LinuxFact]
    public async Task What_is_lost_in_the_warm_up_fails_the_run_as_well()
    {
        var report = await RunAsync(Flaw.Forgets, Open with { WarmUp = 0.1 });

        Assert.Equal(80, report.WarmUp!.Value.Lost);
    }

    [LinuxFact]
    public async Task What_was_told_twice_is_no_gain()
    {
        var report = await RunAsync(Flaw.Repeats, Open);

        Assert.Equal(ExitCode.Faulty, report.Outcome);
        Assert.Equal((320L, 160L), (report.Run!.Deliveries.Received, report.Run.Deliveries.Duplicated));
    }

    [LinuxFact]
    public async Task An_update_that_is_refused_makes_room_for_the_next()
    {
        // How much happens in a run of some length is the machine's to say: longer ones, until more were sent than the window holds.
        LoadReport report;
        var settings = Closed;
        do
        {
            report = await RunAsync(Flaw.Refuses, settings);
            settings = settings with { Seconds = settings.Seconds * 4 };
        }
        while (report.Faults.Errors <= Closed.Window && settings.Seconds < 30);

        Assert.Equal(ExitCode.Faulty, report.Outcome);
        Assert.InRange(report.Faults.Errors, Closed.Window!.Value + 1, int.MaxValue);
        Assert.Contains("No.", Assert.Single(report.Faults.Examples), StringComparison.Ordinal);
    }

    [LinuxFact]
    public async Task A_server_that_lets_nobody_in_is_told_with_what_it_says()
    {
        var e = await Assert.ThrowsAsync<UnreachableException>(() => RunAsync(Flaw.Locked, Closed));
        Assert.Contains("401 Unauthorized", e.Message, StringComparison.Ordinal);
        Assert.Contains("--key", e.Message, StringComparison.Ordinal);
    }

    [LinuxFact]
    public async Task In_a_storm_everybody_comes_and_goes_in_every_round()
    {
        var report = await RunAsync(Flaw.None, new LoadSettings { Connections = 30, StormRounds = 3, InFlight = 4, Rest = 0.05 });

        Assert.Equal(ExitCode.Clean, report.Outcome);
        Assert.Equal([30, 30, 30], report.Storm!.Value.Select(r => r.Connected));
        Assert.Equal((90, 90), (report.Connect.Connected, report.Disconnect.Connections));
        Assert.Null(report.Run);
    }

    private static async Task<LoadReport> RunAsync(Flaw flaw, LoadSettings settings)
    {
        await using var server = new FakeServer(flaw);
        return await new LoadRun
        {
            Scenario = "test",
            Settings = settings,
            // Who ignores follows lets everybody in first, in the same patience.
            Patience = flaw switch { Flaw.Mute => 0.5, Flaw.IgnoresFollows => 3, _ => 30 },
            Accounts = Account.Mint(settings.Connections, "key", DateTimeOffset.UtcNow),
            Routes = [await Route.ToAsync(Route.Parse(string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{server.Port}")))],
        }.RunAsync();
    }
}
