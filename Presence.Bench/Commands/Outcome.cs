namespace Presence.Bench.Commands;

/// <summary>Turns what a command comes to into the exit code of the process, and what stopped it into a line on standard error.</summary>
internal static class Outcome
{
    /// <summary>Runs a command.</summary>
    public static async Task<int> OfAsync(Func<Task<ExitCode>> command)
    {
        try
        {
            return (int)await command().ConfigureAwait(false);
        }
        catch (UsageException e)
        {
            await Console.Error.WriteLineAsync(e.Message).ConfigureAwait(false);
            return (int)ExitCode.Usage;
        }
        catch (UnreachableException e)
        {
            await Console.Error.WriteLineAsync(e.Message).ConfigureAwait(false);
            return (int)ExitCode.Unreachable;
        }
        catch (Exception e)
        {
            await Console.Error.WriteLineAsync(e.ToString()).ConfigureAwait(false);
            return (int)ExitCode.Failed;
        }
    }
}
