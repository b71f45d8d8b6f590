using System.CommandLine;
using Presence.Bench.Plans;
using Presence.Bench.Reports;
using Presence.Bench.Runs;
using Presence.Bench.Sockets;

namespace Presence.Bench.Commands;

/// <summary><c>load</c>: one scenario against servers that are there.</summary>
internal static class LoadCommand
{
    /// <summary>The command.</summary>
    public static Command Create()
    {
        var scenario = new Option<string>("--scenario") { Description = $"What is done.\n{Scenarios}", Required = true };
        scenario.AcceptOnlyFromAmong([.. Scenario.All.Select(s => s.Name)]);
        var urls = new Option<string[]>("--url")
        {
            Description = "Where the server is (ws://127.0.0.1:7350); several: connections go to each in turn.",
            DefaultValueFactory = _ => ["ws://127.0.0.1:7350"],
        };
        var processes = new Option<int[]>("--pid") { Description = "The server's process on this machine, for its processor time and memory; several are taken together." };
        var json = Output.JsonOption();
        var options = new LoadOptions();
        var command = new Command("load", "Measures a server that is there: connects, follows, updates, and counts what arrives.") { scenario, urls, processes, json };
        foreach (var option in options.All)
            command.Options.Add(option);
        command.SetAction((given, _) => Outcome.OfAsync(async () =>
        {
            RequireLinux();
            var chosen = Scenario.Named(given.GetRequiredValue(scenario));
            var settings = options.Settings(given, chosen);
            options.RequireUse(given, [settings]);
            var routes = await Task.WhenAll(given.GetRequiredValue(urls).Select(Route.Parse).Select(Route.ToAsync)).ConfigureAwait(false);
            var run = new LoadRun
            {
                Scenario = chosen.Name,
                Settings = settings,
                Accounts = await options.AccountsAsync(given, settings.Connections).ConfigureAwait(false),
                Routes = [.. routes],
                Processes = [.. given.GetValue(processes) ?? []],
            };
            var output = new Output(given.GetValue(json));
            var report = await LiveProgress.ShowAsync(output.Console, run.Progress, run.RunAsync()).ConfigureAwait(false);
            ReportTable.Write(output.Console, report);
            await output.WriteJsonAsync(report).ConfigureAwait(false);
            return report.Outcome;
        }));
        return command;
    }

    /// <summary>Refuses to work where it cannot.</summary>
    public static void RequireLinux()
    {
        if (!OperatingSystem.IsLinux())
            throw new UsageException("The load tool runs on Linux only: it drives thousands of sockets from one thread with epoll. `micro` runs everywhere.");
    }

    /// <summary>The scenarios, a line each.</summary>
    public static string Scenarios => string.Join('\n', Scenario.All.Select(s => $"{s.Name}: {s.Summary}"));
}
