namespace Presence.Cli;

/// <summary>The command line of presence servers.</summary>
internal static class Program
{
    private static async Task<int> Main(string[] args)
    {
        using var interruption = new Interruption();
        var code = await PresenceCommand.RunAsync(args, Surroundings.OfProcess(), interruption.Token).ConfigureAwait(false);
        return (int)(code == ExitCode.Interrupted ? interruption.Code : code);
    }
}
