using Spectre.Console;
using Progress = Presence.Bench.Runs.Progress;

namespace Presence.Bench.Reports;

/// <summary>Shows how far a run is: one line that changes on a terminal, a line now and then elsewhere.</summary>
internal static class LiveProgress
{
    private static readonly TimeSpan Refresh = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(5);

    /// <summary>Shows it until the run has ended; returns what that returns.</summary>
    public static async Task<T> ShowAsync<T>(IAnsiConsole console, Progress progress, Task<T> run)
    {
        if (console.Profile.Capabilities.Interactive && console.Profile.Out.IsTerminal)
        {
            await console.Status().StartAsync(Markup.Escape(progress.ToString()), async shown =>
            {
                while (!await EndsWithinAsync(run, Refresh).ConfigureAwait(false))
                    shown.Status = Markup.Escape(progress.ToString());
            }).ConfigureAwait(false);
            return await run.ConfigureAwait(false);
        }

        var quiet = TimeSpan.Zero;
        while (!await EndsWithinAsync(run, Refresh).ConfigureAwait(false))
        {
            quiet += Refresh;
            if (!TellBegun(console, progress) && quiet < Silence)
                continue;
            if (quiet >= Silence)
                console.WriteLine(progress.ToString());
            quiet = TimeSpan.Zero;
        }

        TellBegun(console, progress);
        return await run.ConfigureAwait(false);
    }

    private static bool TellBegun(IAnsiConsole console, Progress progress)
    {
        var any = false;
        while (progress.TryTakeBegun(out var line))
        {
            console.WriteLine(line);
            any = true;
        }

        return any;
    }

    private static async Task<bool> EndsWithinAsync(Task run, TimeSpan time) =>
        await Task.WhenAny(run, Task.Delay(time)).ConfigureAwait(false) == run;
}
