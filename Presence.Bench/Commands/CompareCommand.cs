using System.Collections.Immutable;
using System.CommandLine;
using System.Globalization;
using Presence.Bench.Comparing;
using Presence.Bench.Plans;
using Presence.Bench.Reports;
using Presence.Bench.Runs;
using Presence.Bench.Sockets;
using Spectre.Console;

namespace Presence.Bench.Commands;

/// <summary><c>compare</c>: the same scenarios against several servers by turns, each freshly started.</summary>
internal static class CompareCommand
{
    /// <summary>The command.</summary>
    public static Command Create()
    {
        var servers = new Option<string[]>("--server")
        {
            Description = $"A server to start, as name=\"command\", with {ServerCommand.Port} where the port belongs; two or more.\nVariables may stand before the command: ours=\"PORT={ServerCommand.Port} ./server\". There is no shell.",
            Required = true,
        };
        var scenarios = new Option<string[]>("--scenario") { Description = $"What is done; several, or all but storm if none is given.\n{LoadCommand.Scenarios}" };
        scenarios.AcceptOnlyFromAmong([.. Scenario.All.Select(s => s.Name)]);
        var rounds = new Option<int>("--rounds") { Description = "How often each server runs each scenario.", DefaultValueFactory = _ => 5 };
        var json = Output.JsonOption();
        var options = new LoadOptions();
        var command = new Command("compare", "Starts servers by turns, runs the same against each, and sets the medians side by side.") { servers, scenarios, rounds, json };
        foreach (var option in options.All)
            command.Options.Add(option);
        command.SetAction((given, _) => Outcome.OfAsync(async () =>
        {
            LoadCommand.RequireLinux();
            ImmutableArray<ServerCommand> commands = [.. given.GetRequiredValue(servers).Select(ServerCommand.Parse)];
            if (commands.Select(c => c.Name).Distinct().Count() != commands.Length || commands.Length < 2)
                throw new UsageException("A comparison needs two servers at least, each with a name of its own.");
            if (given.GetValue(rounds) < 1)
                throw new UsageException("--rounds must be at least 1.");
            var chosen = given.GetValue(scenarios) is { Length: > 0 } names
                ? names.Distinct().Select(Scenario.Named)
                : Scenario.All.Where(s => !s.Settings.IsStorm);
            ImmutableArray<(string Name, LoadSettings Settings)> loads = [.. chosen.Select(s => (s.Name, options.Settings(given, s)))];
            options.RequireUse(given, loads.Select(l => l.Settings));
            var accounts = await options.AccountsAsync(given, loads.Max(l => l.Settings.Connections)).ConfigureAwait(false);
            var output = new Output(given.GetValue(json));
            var runs = new List<ComparedRun>();
            var isCutShort = false;
            for (var round = 1; round <= given.GetValue(rounds) && !isCutShort; round++)
            {
                // Each goes first as often as the other, whatever the machine does meanwhile.
                var order = round % 2 == 1 ? commands : [.. commands.Reverse()];
                foreach (var ((name, settings), server) in loads.SelectMany(load => order.Select(server => (load, server))))
                {
                    output.Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"round {round}, {name}, {server.Name}"));
                    try
                    {
                        var report = await RunAsync(output.Console, server, name, settings, accounts).ConfigureAwait(false);
                        foreach (var example in report.Faults.Examples)
                            output.Console.WriteLine(example);
                        runs.Add(new ComparedRun(server.Name, round, report));
                    }
                    catch (UnreachableException e)
                    {
                        // What was measured before is worth something all the same.
                        await Console.Error.WriteLineAsync(e.Message).ConfigureAwait(false);
                        isCutShort = true;
                        break;
                    }
                }
            }

            var comparison = Comparison.Of([.. commands.Select(c => new ComparedServer(c.Name, c.Text))], runs) with { IsCutShort = isCutShort };
            ComparisonTable.Write(output.Console, comparison);
            await output.WriteJsonAsync(comparison).ConfigureAwait(false);
            return comparison.Outcome;
        }));
        return command;
    }

    private static async Task<LoadReport> RunAsync(
        IAnsiConsole console, ServerCommand command, string scenario, LoadSettings settings, ImmutableArray<Account> accounts)
    {
        await using var server = await ServerUnderTest.StartAsync(command).ConfigureAwait(false);
        var url = Route.Parse(string.Create(CultureInfo.InvariantCulture, $"ws://127.0.0.1:{server.Port}"));
        var run = new LoadRun
        {
            Scenario = scenario,
            Settings = settings,
            Accounts = accounts[..settings.Connections],
            Routes = [await Route.ToAsync(url).ConfigureAwait(false)],
            Processes = [server.ProcessId],
        };
        return await LiveProgress.ShowAsync(console, run.Progress, run.RunAsync()).ConfigureAwait(false);
    }
}
