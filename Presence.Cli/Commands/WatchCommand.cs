using System.CommandLine;
using System.Globalization;
using Presence.Cli.Connecting;
using Presence.Cli.Watching;
using Presence.Client;

namespace Presence.Cli.Commands;

/// <summary><c>watch</c>: shows who is online with what, and every change.</summary>
internal static class WatchCommand
{
    /// <summary>The command.</summary>
    public static Command Create(Surroundings around)
    {
        var users = UsersArgument();
        var json = new Option<bool>("--json") { Description = "One JSON object per line: a snapshot, then every change, and what the connection does." };
        var plain = new Option<bool>("--plain") { Description = "One line per change, as without a terminal." };
        var count = new Option<int?>("--count", "-n") { Description = "Ends after so many changes.", HelpName = "N" };
        count.Validators.Add(given =>
        {
            if (given.Tokens is [var token] && int.TryParse(token.Value, CultureInfo.InvariantCulture, out var n) && n < 1)
                given.AddError("--count is at least 1.");
        });
        var duration = DurationOption.Create("--for", "Ends after this time; with --count, exit code 1 tells that there were fewer changes. [default: with Ctrl+C]");
        var options = new LoginOptions();
        var command = new Command(
            "watch",
            """
            Shows who is online with what, and every change, until Ctrl+C.
            On a terminal that is a table which changes in its place, elsewhere a line per change. A status ends when its connection does, which looks the same as being erased. Somebody with several devices has several rows.
            """)
        { users, json, plain, count, duration };
        foreach (var option in options.All)
            command.Options.Add(option);
        command.SetAction(async (given, cancel) =>
        {
            if (given.GetValue(json) && given.GetValue(plain))
                throw FailureException.Usage("There is either --json or --plain.");
            var targets = Target.Parse(given.WordsOf(users));
            var access = options.Access(given, around);
            IWatchView view = given.GetValue(json) ? new JsonView(around.Output)
                : around.Screen is { } screen && !given.GetValue(plain) ? new TableView(screen, new Board(targets), around.Clock.LocalTimeZone)
                : new LineView(around.Output, around.Error);
            var most = given.GetValue(count);
            await using var client = await Connector.ConnectAsync(access, new ReconnectPolicy(), around.Clock, cancel).ConfigureAwait(false);
            var watch = new Watch(client, access, view, around.Clock);
            var changes = await view.DuringAsync(() => watch.RunAsync(targets, most, given.GetValue(duration), cancel)).ConfigureAwait(false);
            return (int)(changes < most ? ExitCode.No : ExitCode.Done);
        });
        return command;
    }

    /// <summary>Whom a command is about.</summary>
    internal static Argument<string[]> UsersArgument() => new("users")
    {
        Description = "Names or ids. A name that nobody bears yet is as good as any.",
        Arity = ArgumentArity.OneOrMore,
        HelpName = "user",
    };
}
