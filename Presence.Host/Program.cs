using Presence.Host;
using Presence.Host.Configuration;
using Presence.Host.Links.Admission;

try
{
    // Before anything else needs a file.
    FileLimit.Check();
    return await PresenceServer.RunAsync(args).ConfigureAwait(false);
}
catch (Exception fault) when (StartFault.Explain(fault) is not null)
{
    var (line, exitCode) = StartFault.Explain(fault)!.Value;
    await Console.Error.WriteLineAsync(line).ConfigureAwait(false);
    return exitCode;
}
