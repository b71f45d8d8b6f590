using Microsoft.Win32.SafeHandles;
using Spectre.Console;

namespace Presence.Cli;

/// <summary>What the tool has around it: streams, a screen, variables, a folder and a clock. A process has one kind, a test another.</summary>
internal sealed class Surroundings
{
    /// <summary>What is typed or piped in.</summary>
    public required TextReader Input { get; init; }

    /// <summary>For results and nothing else.</summary>
    public required TextWriter Output { get; init; }

    /// <summary>For all that is said besides.</summary>
    public required TextWriter Error { get; init; }

    /// <summary>The terminal that <see cref="Output"/> is, if it is one that can be painted on.</summary>
    public IAnsiConsole? Screen { get; init; }

    /// <summary>The environment variables.</summary>
    public required Func<string, string?> Variable { get; init; }

    /// <summary>The tool's own folder among the user's settings.</summary>
    public required string Folder { get; init; }

    /// <summary>The clock.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>What a process has around it.</summary>
    public static Surroundings OfProcess()
    {
        Func<string, string?> variable = Environment.GetEnvironmentVariable;
        var output = Console.IsOutputRedirected ? OpenOutput() : Console.Out;
        return new Surroundings
        {
            Input = Console.In,
            Output = output,
            Error = Console.Error,
            Screen = Console.IsOutputRedirected ? null : ScreenOf(output, variable),
            Variable = variable,
            Folder = FolderOf(variable),
        };
    }

    /// <summary>
    /// Where settings are kept: <c>%APPDATA%</c> on Windows, elsewhere <c>$XDG_CONFIG_HOME</c>, which counts if it is absolute, or <c>~/.config</c>.
    /// </summary>
    internal static string FolderOf(Func<string, string?> variable)
    {
        const string Name = "presence";
        if (OperatingSystem.IsWindows())
            return Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.ApplicationData), Name);
        return variable("XDG_CONFIG_HOME") is { } folder && Path.IsPathRooted(folder)
            ? Path.Combine(folder, Name)
            : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".config", Name);
    }

    /// <summary>A screen, or null if the terminal takes no commands. Colours are off where <c>NO_COLOR</c> is set.</summary>
    internal static IAnsiConsole? ScreenOf(TextWriter output, Func<string, string?> variable)
    {
        if (variable("TERM") == "dumb")
            return null;
        var settings = new AnsiConsoleSettings { Out = new AnsiConsoleOutput(output) };
        if (!string.IsNullOrEmpty(variable("NO_COLOR")))
            settings.ColorSystem = ColorSystemSupport.NoColors;
        var screen = AnsiConsole.Create(settings);
        return screen.Profile.Capabilities.Ansi ? screen : null;
    }

    /// <summary>The output to a file or pipe.</summary>
    private static StreamWriter OpenOutput()
    {
        const int StandardOutput = 1;
        if (!OperatingSystem.IsWindows())
        {
            // The console's own stream does not tell when the reader of a pipe has gone. This one does; but a file, which
            // others may write to as well, it would write from its start.
            var pipe = new FileStream(new SafeFileHandle(StandardOutput, ownsHandle: false), FileAccess.Write, bufferSize: 0);
            if (!pipe.CanSeek)
                return new StreamWriter(pipe) { AutoFlush = true };
        }

        return new StreamWriter(Console.OpenStandardOutput()) { AutoFlush = true };
    }
}
