using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Options;
using Presence.Host.Auth;
using Presence.Host.Configuration;
using Presence.Host.Links;
using Presence.Host.Node;

try
{
    var builder = WebApplication.CreateBuilder(args);
    builder.Services
        .AddPresenceOptions(builder.Configuration, builder.Environment)
        .AddPresenceAuth()
        .AddPresenceNode(builder.Configuration)
        .AddPresenceLinks()
        .AddSingleton<IConfigureOptions<KestrelServerOptions>, Listeners>();

    var app = builder.Build();
    app.CheckOptions();
    app.MapPresenceLinks();
    await app.RunAsync().ConfigureAwait(false);
    return 0;
}
catch (Exception fault) when (StartFault.Explain(fault) is { } line)
{
    await Console.Error.WriteLineAsync(line).ConfigureAwait(false);
    return StartFault.ExitCode;
}
