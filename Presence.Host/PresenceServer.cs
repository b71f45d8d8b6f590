using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Options;
using Presence.Host.Auth;
using Presence.Host.Configuration;
using Presence.Host.Health;
using Presence.Host.Http;
using Presence.Host.Links;
using Presence.Host.Node;

namespace Presence.Host;

/// <summary>The whole server, put together.</summary>
internal static class PresenceServer
{
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
            .AddPresenceHealth()
            .AddSingleton<IPresenceLookup, PresenceLookup>()
            .AddSingleton<IConfigureOptions<KestrelServerOptions>, Listeners>()
            .AddOptions<HostOptions>()
            .Configure<IOptions<PresenceOptions>>((host, presence) => host.ShutdownTimeout = presence.Value.Stop.Whole);

        var app = builder.Build();
        app.CheckOptions();
        app.UseDemoPage();
        app.MapPresenceHttp();
        app.MapPresenceHealth();
        app.MapPresenceLinks();
        return app;
    }

    /// <summary>Runs a server until it is told to stop, or its cluster removes it.</summary>
    /// <param name="args">The command line.</param>
    /// <returns>The exit code of the process.</returns>
    public static async Task<int> RunAsync(string[] args)
    {
        var app = Build(args);
        await using var disposal = app.ConfigureAwait(false);
        var life = app.Services.GetRequiredService<NodeLife>();
        try
        {
            await app.StartAsync().ConfigureAwait(false);
        }
        catch (Exception fault)
        {
            // What has started is stopped all the same: the node may have begun to join, and others would wait for it.
            var isTold = app.Services.GetRequiredService<StopSignals>().HaveCome;
            await app.StopAsync().ConfigureAwait(false);
            if (fault is OperationCanceledException && isTold)
                return 0;
            throw;
        }

        await app.WaitForShutdownAsync().ConfigureAwait(false);
        if (life.Phase != NodePhase.Removed)
            return 0;
        await Console.Error.WriteLineAsync(NodeRemoval.Line).ConfigureAwait(false);
        return NodeRemoval.ExitCode;
    }
}
