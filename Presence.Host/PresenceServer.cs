using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Options;
using Presence.Host.Auth;
using Presence.Host.Configuration;
using Presence.Host.Http;
using Presence.Host.Links;
using Presence.Host.Node;

namespace Presence.Host;

/// <summary>The whole server, put together.</summary>
internal static class PresenceServer
{
    // What is under way when the server stops has this long to end: closing links, and handing the shards over.
    private static readonly TimeSpan ShutdownTimeout = TimeSpan.FromSeconds(20);

    /// <summary>A server, configured and checked, ready to run.</summary>
    /// <param name="args">The command line.</param>
    /// <exception cref="OptionsValidationException">The configuration is wrong.</exception>
    public static WebApplication Build(string[] args)
    {
        // The files that belong to the server are beside it, wherever it was started from.
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { Args = args, ContentRootPath = AppContext.BaseDirectory });
        builder.Services
            .AddPresenceOptions(builder.Configuration, builder.Environment)
            .AddPresenceAuth()
            .AddPresenceNode(builder.Configuration)
            .AddPresenceLinks()
            .AddPresenceHttp()
            .AddSingleton<IPresenceLookup, PresenceLookup>()
            .AddSingleton<IConfigureOptions<KestrelServerOptions>, Listeners>()
            .AddHostedService<PromptStop>()
            .Configure<HostOptions>(host => host.ShutdownTimeout = ShutdownTimeout);

        var app = builder.Build();
        app.CheckOptions();
        app.UseDemoPage();
        app.MapPresenceHttp();
        app.MapPresenceLinks();
        return app;
    }
}
