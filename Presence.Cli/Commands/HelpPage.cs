using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace Presence.Cli.Commands;

/// <summary>What <c>--help</c> says besides what the options say: examples, and how the tool ends.</summary>
internal static class HelpPage
{
    private static readonly Dictionary<string, string[]> Examples = new()
    {
        ["presence"] =
        [
            "presence login --user alice",
            "presence set \"In a match\"",
            "presence watch bob carol",
            "presence online bob && echo 'Bob is there.'",
        ],
        ["login"] =
        [
            "presence login --user alice",
            "presence login --server https://presence.example --token-file token.txt",
            "get-token | presence login --token-file -",
        ],
        ["logout"] = ["presence logout", "presence logout --profile bob"],
        ["set"] =
        [
            "presence set \"In a match\"",
            "presence set '{\"map\":\"dust\",\"round\":3}' --for 30m",
            "presence set --profile bob -- \"-_-\"",
        ],
        ["watch"] =
        [
            "presence watch alice bob 23167d23-ddbc-8981-9a1e-c432c25779d7",
            "presence watch alice --json | jq --unbuffered -r 'select(.type == \"change\") | .new'",
            "presence watch alice --count 1 --for 5m    # waits for one change",
        ],
        ["online"] =
        [
            "presence online alice bob",
            "presence online alice --json | jq -r '.presences[].status'",
            "until presence online alice; do sleep 10; done",
        ],
    };

    private static readonly string[] ExitCodes =
    [
        "0    success; the answer is yes",
        "1    the answer is no: a user is not online, or --for ended before --count changes came",
        "2    the command line is wrong, or a file cannot be read or written",
        "3    the server cannot be reached or refuses, or you are not logged in",
        "130  ended by Ctrl+C; 143: by another signal; 141: the reader of the output has closed it",
    ];

    /// <summary>Extends the help of a command line.</summary>
    public static void Extend(RootCommand root)
    {
        var help = root.Options.OfType<HelpOption>().Single();
        help.Action = new Tell((HelpAction)help.Action!);
    }

    private sealed class Tell(HelpAction usual) : SynchronousCommandLineAction
    {
        /// <summary>Whoever asks for help need not have it all right.</summary>
        public override bool ClearsParseErrors => true;

        public override int Invoke(ParseResult parseResult)
        {
            usual.Invoke(parseResult);
            var command = parseResult.CommandResult.Command;
            var output = parseResult.InvocationConfiguration.Output;
            Write(output, "Examples:", Examples.GetValueOrDefault(command is RootCommand ? "presence" : command.Name, []));
            Write(output, "Exit codes:", ExitCodes);
            return (int)ExitCode.Done;
        }

        private static void Write(TextWriter output, string title, string[] lines)
        {
            if (lines.Length == 0)
                return;
            output.WriteLine(title);
            foreach (var line in lines)
                output.WriteLine($"  {line}");
            output.WriteLine();
        }
    }
}
