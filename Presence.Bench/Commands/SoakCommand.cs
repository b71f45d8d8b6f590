using System.CommandLine;
using Presence.Bench.Abuse;
using Presence.Bench.Soak;
using Spectre.Console;

namespace Presence.Bench.Commands;

/// <summary><c>soak</c>: clients come and go, follow and update for any time, and everything is checked.</summary>
internal static class SoakCommand
{
    /// <summary>The command.</summary>
    public static Command Create()
    {
        var usual = new SoakSettings { Seconds = 1800 };
        var seconds = Of("--seconds", "For how long.", usual.Seconds);
        var clients = new Option<int>("--clients") { Description = "How many clients.", DefaultValueFactory = _ => usual.Clients };
        var follows = new Option<int>("--follows") { Description = "How many users a client follows at most.", DefaultValueFactory = _ => usual.Follows };
        var rate = Of("--rate", "How many actions there are per second, of all clients together.", usual.Rate);
        var round = Of("--round", "After so many seconds the clients rest and are checked.", usual.Round);
        var sample = Of("--sample", "The server is sampled every so many seconds.", usual.SampleEvery);
        var settle = Of("--settle", "So many seconds at the beginning do not count for growth.", usual.Settle);
        var rest = Of("--rest", "So many seconds after all have left the server is sampled last.", usual.Rest);
        var seed = new Option<int>("--seed") { Description = "The seed of the actions.", DefaultValueFactory = _ => usual.Seed };
        var url = new Option<string>("--url") { Description = "The HTTP port of the server: ws://host:port or wss://host:port.", DefaultValueFactory = _ => "ws://127.0.0.1:7350" };
        var tcp = new Option<string>("--tcp") { Description = "Its TCP port: host:port, tls://host:port, or none.", DefaultValueFactory = _ => "127.0.0.1:7352" };
        var process = new Option<int?>("--pid") { Description = "Its process on this machine, for its memory, files and threads." };
        var metrics = new Option<Uri?>("--metrics-url") { Description = "Where the server offers its own figures as text (Prometheus), if it does." };
        var key = new Option<string>("--key") { Description = "The HS256 key with which the server checks session tokens.", DefaultValueFactory = _ => "defaultencryptionkey" };
        var json = Output.JsonOption();
        var command = new Command("soak", "Acts on a server for any time, checks every event and every state, and looks for growth.")
        {
            seconds, clients, follows, rate, round, sample, settle, rest, seed, url, tcp, process, metrics, key, json,
        };
        command.SetAction((given, _) => Outcome.OfAsync(async () =>
        {
            LoadCommand.RequireLinux();
            var settings = new SoakSettings
            {
                Seconds = given.GetValue(seconds),
                Clients = given.GetValue(clients),
                Follows = given.GetValue(follows),
                Rate = given.GetValue(rate),
                Round = given.GetValue(round),
                SampleEvery = given.GetValue(sample),
                Settle = given.GetValue(settle),
                Rest = given.GetValue(rest),
                Seed = given.GetValue(seed),
            };
            if (settings.Faults().ToArray() is { Length: > 0 } faults)
                throw new UsageException(string.Join('\n', faults));
            var output = new Output(given.GetValue(json));
            var report = await new SoakRun
            {
                Target = await AbuseTarget.ParseAsync(given.GetRequiredValue(url), given.GetRequiredValue(tcp)).ConfigureAwait(false),
                Settings = settings,
                Key = given.GetRequiredValue(key),
                Process = given.GetValue(process),
                MetricsUrl = given.GetValue(metrics),
                Tell = output.Console.WriteLine,
            }.RunAsync().ConfigureAwait(false);
            SoakTable.Write(output.Console, report);
            await output.WriteJsonAsync(report).ConfigureAwait(false);
            return report.Outcome;
        }));
        return command;
    }

    private static Option<double> Of(string name, string description, double usual) => new(name) { Description = description, DefaultValueFactory = _ => usual };
}
