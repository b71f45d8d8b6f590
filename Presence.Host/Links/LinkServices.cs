using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Options;
using Presence.Actors.Limits;
using Presence.Actors.Telemetry;
using Presence.Host.Configuration;
using Presence.Host.Links.Admission;
using Presence.Host.Links.Listening;
using Presence.Host.Links.Loops;
using Presence.Host.Links.Rehearsing;
using Presence.Host.Links.Upgrade;

namespace Presence.Host.Links;

/// <summary>Adds the links of a node.</summary>
internal static class LinkServices
{
    /// <summary>Adds what serves <c>/ws</c> and the TCP port.</summary>
    public static IServiceCollection AddPresenceLinks(this IServiceCollection services) => services
        .AddSingleton<LinkAdmission>()
        .AddSingleton(NewReplacedLogins)
        .AddSingleton<UserLinks>()
        .AddSingleton(NewPlaces)
        .AddSingleton(NewLoops)
        .AddSingleton(provider => LinkTimes.Of(provider.GetRequiredService<IOptions<PresenceOptions>>().Value.Limits))
        .AddSingleton(provider => LinkLimits.Of(
            provider.GetRequiredService<IOptions<PresenceOptions>>().Value.Limits, provider.GetRequiredService<Refusals>()))
        .AddSingleton<FrameHolds>()
        .AddSingleton<LinkOpening>()
        .AddSingleton<LinkSet>()
        .AddSingleton<LinkDrain>()
        .AddHostedService(provider => provider.GetRequiredService<LinkSet>())
        .AddHostedService<MemoryTrimmer>()
        .AddSingleton<UpgradeGate>()
        .AddSingleton<PipeFront>()
        .AddSingleton<ILinkFront, SocketFront>()
        .AddSingleton<WebSocketEndpoint>()
        .AddSingleton<TcpEndpoint>()
        .AddSingleton<Rehearsal>()
        .AddHostedService(provider => provider.GetRequiredService<Rehearsal>());

    /// <summary>Has the loops accept the connections of all ports for clients (<see cref="LinkEndPoint"/>).</summary>
    public static void UsePresenceLinks(this IWebHostBuilder host) =>
        host.ConfigureServices(services => services.AddSingleton<IConnectionListenerFactory, LinkListenerFactory>());

    /// <summary>
    /// Tells the count of sockets when a request begins and ends on a connection; to be called before anything else that takes
    /// requests.
    /// </summary>
    public static void UseSocketPlaces(this WebApplication app) => app.Use(static async (context, next) =>
    {
        var place = context.Features.Get<SocketPlace>();
        place?.Establish();
        try
        {
            await next(context).ConfigureAwait(false);
        }
        finally
        {
            place?.Rest();
        }
    });

    /// <summary>Serves WebSockets on <c>/ws</c>.</summary>
    public static void MapPresenceLinks(this WebApplication app)
    {
        var endpoint = app.Services.GetRequiredService<WebSocketEndpoint>();
        app.MapGet(WebSocketEndpoint.Path, endpoint.ServeAsync);
    }

    /// <summary>The count of sockets. Its bounds are found when the first port is opened: by then the node has opened what it needs itself.</summary>
    private static SocketPlaces NewPlaces(IServiceProvider provider)
    {
        var limits = provider.GetRequiredService<IOptions<PresenceOptions>>().Value.Limits;
        var log = provider.GetRequiredService<ILogger<SocketPlaces>>();
        return new SocketPlaces(NewBounds, provider.GetRequiredService<Refusals>(), provider.GetRequiredService<TimeProvider>());

        PlaceBounds NewBounds()
        {
            var files = FileLimit.Current;
            var bounds = PlaceBounds.Of(limits, files is { } limit ? FileLimit.Room(limit, FileLimit.Open) : null);
            SocketPlaces.TellBounds(log, bounds, files);
            return bounds;
        }
    }

    private static ReplacedLogins NewReplacedLogins(IServiceProvider provider)
    {
        var limits = provider.GetRequiredService<IOptions<PresenceOptions>>().Value.Limits;
        return new ReplacedLogins(limits.ReplacedLoginWait, limits.ReplacedLogins, provider.GetRequiredService<TimeProvider>());
    }

    /// <summary>The loops that the links of this node and their connections run on.</summary>
    private static LoopSet NewLoops(IServiceProvider provider)
    {
        var transport = provider.GetRequiredService<IOptions<PresenceOptions>>().Value.Links.Chosen;
        var log = provider.GetRequiredService<ILogger<WorkLoop>>();
        return new LoopSet(number => transport == LinkTransport.Epoll ? new EpollLoop(number, log) : new PortableLoop(number, log));
    }
}
