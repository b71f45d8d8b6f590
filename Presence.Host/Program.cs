using Presence.Host;
using Presence.Host.Configuration;

try
{
    return await PresenceServer.RunAsync(args).ConfigureAwait(false);
}
catch (Exception fault) when (StartFault.Explain(fault) is not null)
{
    var (line, exitCode) = StartFault.Explain(fault)!.Value;
    await Console.Error.WriteLineAsync(line).ConfigureAwait(false);
    return exitCode;
}
