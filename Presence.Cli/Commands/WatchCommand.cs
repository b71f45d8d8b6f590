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
        var json = new Option<bool>("--json") { Description = "Prints one JSON object per line: first a snapshot, then each change and each state of the connection." };
        var plain = new Option<bool>("--plain") { Description = "Prints one line per change, also on a terminal." };
        var count = new Option<int?>("--count", "-n") { Description = "Ends after N changes.", HelpName = "N" };
        count.Validators.Add(given =>
        {
            if (given.Tokens is [var token] && int.TryParse(token.Value, CultureInfo.InvariantCulture, out var n) && n < 1)
                given.AddError("--count is at least 1.");
        });
        var duration = DurationOption.Create("--for", "Ends after this time. With --count, the exit code is 1 if there were fewer changes. [default: runs until Ctrl+C]");
        var options = new LoginOptions();
        var command = new Command(
            "watch",
            """
            Shows the statuses of users, and each change, until Ctrl+C.
            On a terminal it shows a table and updates it. Elsewhere it prints one line per change. A user with several devices has several rows. A status that is erased looks the same as a connection that ends.
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
        Description = "Names or ids of users. A name may belong to nobody yet.",
        Arity = ArgumentArity.OneOrMore,
        HelpName = "user",
    };
}
