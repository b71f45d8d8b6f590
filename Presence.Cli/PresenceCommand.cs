using System.CommandLine;
using System.CommandLine.Invocation;
using System.Reflection;
using Presence.Cli.Commands;
using Presence.Cli.Text;

namespace Presence.Cli;

/// <summary>The whole command line: what there is, and how it ends.</summary>
internal static class PresenceCommand
{
    /// <summary>Runs what was asked for.</summary>
    /// <param name="args">What stands behind the tool's name.</param>
    /// <param name="around">What the tool has around it.</param>
    /// <param name="cancel">Ends it.</param>
    public static async Task<ExitCode> RunAsync(IReadOnlyList<string> args, Surroundings around, CancellationToken cancel)
    {
        // Whoever says nothing wants to know what there is to say.
        if (args.Count == 0)
            args = ["--help"];
        var parsed = Parse(args, around);
        try
        {
            if (parsed.Errors.Count > 0)
                throw FailureException.Usage(string.Join(' ', parsed.Errors.Select(e => e.Message)), $"`presence {(parsed.CommandResult.Command is RootCommand ? "" : $"{parsed.CommandResult.Command.Name} ")}--help` lists what is possible.");
            // Signals are the process's own affair, and so are exceptions.
            var invocation = new InvocationConfiguration
            {
                Output = around.Output,
                Error = around.Error,
                EnableDefaultExceptionHandler = false,
                ProcessTerminationTimeout = null,
            };
            return (ExitCode)await parsed.InvokeAsync(invocation, cancel).ConfigureAwait(false);
        }
        catch (FailureException e)
        {
            await around.Error.WriteLineAsync($"presence: {TerminalText.Of(e.Message)}").ConfigureAwait(false);
            if (e.Advice is { } advice)
                await around.Error.WriteLineAsync(TerminalText.Of(advice)).ConfigureAwait(false);
            return e.Code;
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
            return ExitCode.Interrupted;
        }
        catch (IOException)
        {
            // Files and links report theirs as what they mean: this is the output, and nobody is there to be told.
            return ExitCode.OutputClosed;
        }
    }

    /// <summary>What was asked for, or why that cannot be told.</summary>
    internal static ParseResult Parse(IReadOnlyList<string> args, Surroundings around) =>
        // A status may begin with @, and is not the name of a file then.
        Create(around).Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null });

    private static RootCommand Create(Surroundings around)
    {
        var root = new RootCommand(
            """
            Sets your status and shows the statuses of other users. It works with the Presence server and with any other server that speaks Nakama's status protocol.
            """)
        {
            LoginCommand.Create(around),
            LogoutCommand.Create(around),
            SetCommand.Create(around),
            WatchCommand.Create(around),
            OnlineCommand.Create(around),
        };
        root.Options.OfType<VersionOption>().Single().Action = new TellVersion(around);
        HelpPage.Extend(root);
        return root;
    }

    private sealed class TellVersion(Surroundings around) : SynchronousCommandLineAction
    {
        public override int Invoke(ParseResult parseResult)
        {
            var version = typeof(PresenceCommand).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion;
            // What follows the plus sign is the commit.
            around.Output.WriteLine(version.Split('+')[0]);
            return (int)ExitCode.Done;
        }
    }
}
