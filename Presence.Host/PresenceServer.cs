using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Options;
using Presence.Host.Auth;
using Presence.Host.Configuration;
using Presence.Host.Health;
using Presence.Host.Http;
using Presence.Host.Links;
using Presence.Host.Load;
using Presence.Host.Node;

namespace Presence.Host;

/// <summary>The whole server, put together.</summary>
internal static class PresenceServer
{
    /// <summary>A server, configured and checked, ready to run.</summary>
    /// <param name="args">The command line.</param>
    /// <param name="adapt">Changes the services that are not a matter of configuration.</param>
    /// <exception cref="OptionsValidationException">The configuration is wrong.</exception>
    public static WebApplication Build(string[] args, Action<IServiceCollection>? adapt = null)
    {
        // The files that belong to the server are beside it, wherever it was started from.
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { Args = args, ContentRootPath = AppContext.BaseDirectory });
        builder.Services
            .AddPresenceOptions(builder.Configuration, builder.Environment)
            .AddPresenceAuth()
            .AddPresenceNode(builder.Configuration)
            .AddPresenceLinks()
            .AddPresenceLoad()
            .AddPresenceHttp()
            .AddPresenceHealth()
            .AddSingleton<IPresenceLookup, PresenceLookup>()
            .AddSingleton<IConfigureOptions<KestrelServerOptions>, Listeners>()
            .AddOptions<HostOptions>()
            .Configure<IOptions<PresenceOptions>>((host, presence) => host.ShutdownTimeout = presence.Value.Stop.Whole);

        builder.WebHost.UsePresenceLinks();
        adapt?.Invoke(builder.Services);

        var app = builder.Build();
        app.CheckOptions();
        app.UseSocketPlaces();
        // The limits of requests come first, and hold for the page too.
        app.MapPresenceHttp();
        app.UseDemoPage();
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
        var signals = app.Services.GetRequiredService<StopSignals>();
        signals.Take();
        try
        {
            await app.StartAsync().ConfigureAwait(false);
        }
        catch (Exception fault)
        {
            await LeaveAsync(app).ConfigureAwait(false);
            if (fault is not OperationCanceledException)
                throw;
            // Ended while it joined: told to, or removed, or by an actor system that could not even begin.
            if (life.Phase != NodePhase.Removed && !signals.HaveCome)
                throw new JoinException("its actor system did not start; the log says why.");
            return await EndAsync(life).ConfigureAwait(false);
        }

        await app.WaitForShutdownAsync().ConfigureAwait(false);
        return await EndAsync(life).ConfigureAwait(false);
    }

    /// <summary>Stops what has started of a server that did not start: the node may have begun to join, and others would wait for it.</summary>
    private static async Task LeaveAsync(WebApplication app)
    {
        try
        {
            await app.StopAsync().ConfigureAwait(false);
        }
        catch (Exception)
        {
            // What has not started cannot always stop; why it has not is told in any case.
        }
    }

    private static async Task<int> EndAsync(NodeLife life)
    {
        if (life.Phase != NodePhase.Removed)
            return 0;
        await Console.Error.WriteLineAsync(NodeRemoval.Line).ConfigureAwait(false);
        return NodeRemoval.ExitCode;
    }
}
