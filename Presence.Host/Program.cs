using Presence.Host;
using Presence.Host.Configuration;

try
{
    await PresenceServer.Build(args).RunAsync().ConfigureAwait(false);
    return 0;
}
catch (Exception fault) when (StartFault.Explain(fault) is { } line)
{
    await Console.Error.WriteLineAsync(line).ConfigureAwait(false);
    return StartFault.ExitCode;
}
