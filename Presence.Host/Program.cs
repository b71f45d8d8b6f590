using Presence.Host.Auth;
using Presence.Host.Configuration;
using Presence.Host.Http;

try
{
    var builder = WebApplication.CreateBuilder(args);
    builder.Services
        .AddPresenceOptions(builder.Configuration, builder.Environment)
        .AddPresenceAuth()
        .AddPresenceHttp();

    var app = builder.Build();
    app.CheckOptions();
    app.MapPresenceHttp();
    await app.RunAsync().ConfigureAwait(false);
    return 0;
}
catch (Exception fault) when (StartFault.Explain(fault) is { } line)
{
    await Console.Error.WriteLineAsync(line).ConfigureAwait(false);
    return StartFault.ExitCode;
}
