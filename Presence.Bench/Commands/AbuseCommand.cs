using System.Collections.Immutable;
using System.CommandLine;
using Presence.Bench.Abuse;
using Spectre.Console;

namespace Presence.Bench.Commands;

/// <summary><c>abuse</c>: clients misuse a server, and well-behaved pairs beside them are measured.</summary>
internal static class AbuseCommand
{
    private const string Every = "all";
    private const string DefaultTcp = "127.0.0.1:7352";
    private const string DefaultUrl = "ws://127.0.0.1:7350";
    private const string DevelopmentKey = "defaultencryptionkey";

    /// <summary>The command.</summary>
    public static Command Create()
    {
        var scenarios = new Option<string[]>("--scenario")
        {
            Description = $"What the clients do; several, or {Every}. With {Every} the tool starts the servers itself.\n{string.Join('\n', AbuseCatalog.All.Select(a => $"{a.Name}: {a.Summary} ({a.Clients} clients)"))}",
            Required = true,
        };
        scenarios.AcceptOnlyFromAmong([Every, .. AbuseCatalog.All.Select(a => a.Name)]);
        var url = new Option<string>("--url") { Description = $"The HTTP port of a server that runs: {DefaultUrl}, or wss://host:port.", DefaultValueFactory = _ => DefaultUrl };
        var tcp = new Option<string>("--tcp") { Description = "Its TCP port: host:port, tls://host:port, or none.", DefaultValueFactory = _ => DefaultTcp };
        var process = new Option<int?>("--pid") { Description = "Its process on this machine, for its memory, files and threads." };
        var start = new Option<bool>("--start") { Description = "Starts a fresh server for each scenario instead." };
        var host = new Option<string>("--host") { Description = "With --start: the Presence.Host.dll to start.", DefaultValueFactory = _ => AbuseServer.OwnHost, HelpName = "FILE" };
        var transports = new Option<string[]>("--transport") { Description = "With --start: what carries the links; several: each scenario with each.", DefaultValueFactory = _ => ["epoll"] };
        transports.AcceptOnlyFromAmong("epoll", "kestrel");
        var tls = new Option<bool>("--tls") { Description = "With --start: both ports have a certificate." };
        var arguments = new Option<string>("--server-arguments") { Description = "With --start: more arguments for the server.", DefaultValueFactory = _ => "" };
        var logs = new Option<string?>("--logs") { Description = "With --start: a folder for what each server writes.", HelpName = "FOLDER" };
        var clients = new Option<int?>("--clients") { Description = "How many clients misuse the server." };
        var seconds = new Option<double?>("--seconds") { Description = "For how long they do." };
        var before = new Option<double>("--before") { Description = "For how many seconds the pairs are measured before.", DefaultValueFactory = _ => 3 };
        var after = new Option<double>("--after") { Description = "For how many seconds the pairs and the server are measured after.", DefaultValueFactory = _ => 10 };
        var pairs = new Option<int>("--pairs") { Description = "How many pairs there are on each port.", DefaultValueFactory = _ => 1 };
        var gap = new Option<double>("--gap") { Description = "The time between two updates on one port, in milliseconds; several pairs take turns.", DefaultValueFactory = _ => 10 };
        var key = new Option<string>("--key") { Description = "The HS256 key with which the server checks session tokens.", DefaultValueFactory = _ => DevelopmentKey };
        var markdown = new Option<string?>("--markdown") { Description = "Writes a Markdown table of all scenarios to a file.", HelpName = "FILE" };
        var json = Output.JsonOption();
        var command = new Command("abuse", "Misuses a server in one way or in all, and measures well-behaved clients beside that.")
        {
            scenarios, url, tcp, process, start, host, transports, tls, arguments, logs, clients, seconds, before, after, pairs, gap, key, markdown, json,
        };
        command.SetAction((given, _) => Outcome.OfAsync(async () =>
        {
            LoadCommand.RequireLinux();
            Require(given.GetValue(clients) is null or (>= 1 and <= 1_000_000), "--clients must be from 1 to 1000000.");
            Require(given.GetValue(seconds) is null or (> 0 and <= 3600), "--seconds must be above 0 and at most 3600.");
            Require(given.GetValue(before) is > 0 and <= 3600, "--before must be above 0 and at most 3600.");
            Require(given.GetValue(after) is > 0 and <= 3600, "--after must be above 0 and at most 3600.");
            Require(given.GetValue(gap) is >= 1 and <= 10_000, "--gap must be from 1 to 10000 milliseconds.");
            Require(given.GetValue(pairs) is >= 1 and <= 200, "--pairs must be from 1 to 200.");
            var names = given.GetRequiredValue(scenarios);
            var isStarting = given.GetValue(start) || names.Contains(Every);
            Require(!isStarting || given.GetResult(process) is null, "--pid belongs to a server that runs; this command starts its own.");
            Option[] ofStarting = [host, transports, tls, arguments, logs];
            Require(isStarting || ofStarting.All(o => given.GetResult(o) is null or { Implicit: true }), "--host, --transport, --tls, --server-arguments and --logs need --start.");
            ImmutableArray<IAbuse> abuses = [.. AbuseCatalog.All.Where(a => names.Contains(a.Name) || names.Contains(Every))];
            var output = new Output(given.GetValue(json));
            AbuseRun Run(IAbuse abuse, AbuseTarget target, int? id, string? server) => new()
            {
                Abuse = abuse,
                Target = target,
                Clients = given.GetValue(clients) ?? abuse.Clients,
                Seconds = given.GetValue(seconds) ?? abuse.Seconds,
                Before = given.GetValue(before),
                After = given.GetValue(after),
                Pairs = given.GetValue(pairs),
                Gap = TimeSpan.FromMilliseconds(given.GetValue(gap)),
                Process = id,
                Server = server,
                Key = given.GetRequiredValue(key),
                Tell = output.Console.WriteLine,
            };

            var reports = new List<AbuseReport>();
            void Show(AbuseReport report)
            {
                reports.Add(report);
                AbuseTable.Write(output.Console, report);
                // What was measured before a later run fails is worth something.
                if (given.GetValue(markdown) is { } file)
                    File.WriteAllText(file, AbuseTable.Markdown(reports));
            }

            if (isStarting)
            {
                foreach (var transport in given.GetRequiredValue(transports))
                {
                    var server = new AbuseServer(given.GetRequiredValue(host), transport, given.GetValue(tls), given.GetValue(arguments) ?? "");
                    foreach (var abuse in abuses)
                        Show(await StartAndRunAsync(server, abuse, given.GetValue(logs), output.Console.WriteLine, Run).ConfigureAwait(false));
                }
            }
            else
            {
                var target = await AbuseTarget.ParseAsync(given.GetRequiredValue(url), given.GetRequiredValue(tcp)).ConfigureAwait(false);
                foreach (var abuse in abuses)
                    Show(await Run(abuse, target, given.GetValue(process), null).RunAsync().ConfigureAwait(false));
            }

            await output.WriteJsonAsync(reports).ConfigureAwait(false);
            return reports.Any(r => r.Outcome != ExitCode.Clean) ? ExitCode.Faulty : ExitCode.Clean;
        }));
        return command;
    }

    private static async Task<AbuseReport> StartAndRunAsync(
        AbuseServer server, IAbuse abuse, string? logs, Action<string> tell, Func<IAbuse, AbuseTarget, int?, string?, AbuseRun> run)
    {
        // Some abuses have a meaning only with TLS.
        server = server with { IsTls = server.IsTls || abuse.NeedsTls };
        var certificate = Path.Combine(Path.GetTempPath(), $"presence-abuse-{Guid.NewGuid():N}.pfx");
        if (server.IsTls)
            AbuseServer.WriteCertificate(certificate);
        if (logs is not null)
            Directory.CreateDirectory(logs);
        try
        {
            var log = logs is null ? null : Path.Combine(logs, $"{abuse.Name}-{server.Transport}{(server.IsTls ? "-tls" : "")}.log");
            await using var started = await server.StartAsync(certificate, log).ConfigureAwait(false);
            var report = await run(abuse, await server.TargetAsync(started).ConfigureAwait(false), started.ProcessId, server.Name).RunAsync().ConfigureAwait(false);
            if (started.End is { } end)
                tell($"The server has ended: {end}");
            return report;
        }
        finally
        {
            File.Delete(certificate);
        }
    }

    private static void Require(bool condition, string message)
    {
        if (!condition)
            throw new UsageException(message);
    }
}
