using System.CommandLine;
using Presence.Cli.Connecting;
using Presence.Cli.Watching;
using Presence.Client;

namespace Presence.Cli.Commands;

/// <summary><c>online</c>: tells who is online now, and what they show.</summary>
internal static class OnlineCommand
{
    /// <summary>The command.</summary>
    public static Command Create(Surroundings around)
    {
        var users = WatchCommand.UsersArgument();
        var any = new Option<bool>("--any") { Description = "Exits with 0 if at least one of the users is online. Without it all must be." };
        var json = new Option<bool>("--json") { Description = "Prints the answer as one JSON object." };
        var options = new LoginOptions();
        var command = new Command("online", "Prints once who is online, with their statuses. The exit code is 0 if all are online, and 1 if not.") { users, any, json };
        foreach (var option in options.All)
            command.Options.Add(option);
        command.SetAction(async (given, cancel) =>
        {
            var targets = Target.Parse(given.WordsOf(users));
            var access = options.Access(given, around);
            var snapshot = await AskAsync(access, targets, around.Clock, cancel).ConfigureAwait(false);
            if (given.GetValue(json))
                await around.Output.WriteLineAsync(SnapshotLine.Of(snapshot, around.Clock.GetUtcNow()).ToString()).ConfigureAwait(false);
            else
            {
                foreach (var line in LineView.Lines(snapshot))
                    await around.Output.WriteLineAsync(line).ConfigureAwait(false);
            }

            var online = targets.Count(t => snapshot.Self.Contains(t) ? snapshot.IsSelfOnline == true : snapshot.Presences.Any(t.IsOf));
            return (int)(online >= (given.GetValue(any) ? 1 : targets.Count) ? ExitCode.Done : ExitCode.No);
        });
        return command;
    }

    private static async Task<Snapshot> AskAsync(Access access, IReadOnlyList<Target> targets, TimeProvider clock, CancellationToken cancel)
    {
        await using var client = await Connector.ConnectAsync(access, ReconnectPolicy.None, clock, cancel).ConfigureAwait(false);
        await using var told = client.Subscribe();
        try
        {
            return await Snapshot.TakeAsync(client, told, targets, access, cancel).ConfigureAwait(false);
        }
        catch (PresenceException e)
        {
            throw Connector.Explain(e);
        }
    }
}
