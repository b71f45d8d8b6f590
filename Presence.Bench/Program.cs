using System.CommandLine;
using Presence.Bench.Commands;

namespace Presence.Bench;

/// <summary>Measures servers of the status protocol from outside, and the hot path of this one from inside.</summary>
internal static class Program
{
    private static async Task<int> Main(string[] args)
    {
        var parsed = new RootCommand("Measures presence servers.") { LoadCommand.Create(), CompareCommand.Create(), AbuseCommand.Create(), SoakCommand.Create(), MicroCommand.Create() }.Parse(args);
        if (parsed.Errors.Count == 0)
            return await parsed.InvokeAsync().ConfigureAwait(false);
        foreach (var error in parsed.Errors)
            await Console.Error.WriteLineAsync(error.Message).ConfigureAwait(false);
        await Console.Error.WriteLineAsync("--help tells what there is.").ConfigureAwait(false);
        return (int)ExitCode.Usage;
    }
}
