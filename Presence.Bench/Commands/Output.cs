using System.CommandLine;
using Presence.Bench.Reports;
using Spectre.Console;

namespace Presence.Bench.Commands;

/// <summary>Where results go: for people to the console, for programs to a file, or to standard output, which then has nothing else.</summary>
internal sealed class Output
{
    private const string StandardOutput = "-";

    private readonly string? _json;

    /// <param name="json">A file, <c>-</c>, or null for no JSON at all.</param>
    /// <exception cref="UsageException">The file cannot be written: to know that after the run would be late.</exception>
    public Output(string? json)
    {
        _json = json;
        if (json is not (null or StandardOutput))
            Try(json);
        Console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new AnsiConsoleOutput(json == StandardOutput ? System.Console.Error : System.Console.Out),
        });
        // A table that is read by no terminal is not to be broken to the width of one.
        if (!Console.Profile.Out.IsTerminal)
            Console.Profile.Width = 160;
    }

    /// <summary>For people.</summary>
    public IAnsiConsole Console { get; }

    /// <summary>The option that says where JSON goes.</summary>
    public static Option<string?> JsonOption() =>
        new("--json") { Description = "Writes the results as JSON to a file, or with - to standard output and all else to standard error.", HelpName = "FILE|-" };

    /// <summary>Writes a report as JSON, if that was asked for.</summary>
    public async Task WriteJsonAsync<T>(T report)
    {
        if (_json is null)
            return;
        var text = ReportJson.Write(report);
        if (_json == StandardOutput)
            await System.Console.Out.WriteLineAsync(text).ConfigureAwait(false);
        else
            await File.WriteAllTextAsync(_json, text + "\n").ConfigureAwait(false);
    }

    // An earlier report must not be taken for that of a run that has failed.
    private static void Try(string file)
    {
        try
        {
            using var opened = File.Open(file, FileMode.Create, FileAccess.Write);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new UsageException($"The JSON cannot be written: {e.Message}");
        }
    }
}
