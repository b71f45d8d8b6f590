using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Options;
using Presence.Host.Configuration;
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
        .AddSingleton(NewLoops)
        .AddSingleton(provider => LinkTimes.Of(provider.GetRequiredService<IOptions<PresenceOptions>>().Value.Limits))
        .AddSingleton<FrameHolds>()
        .AddSingleton<LinkOpening>()
        .AddSingleton<LinkSet>()
        .AddSingleton<LinkDrain>()
        .AddHostedService(provider => provider.GetRequiredService<LinkSet>())
        .AddHostedService<MemoryReturn>()
        .AddSingleton<UpgradeGate>()
        .AddSingleton<PipeFront>()
        .AddSingleton<ILinkFront, SocketFront>()
        .AddSingleton<WebSocketEndpoint>()
        .AddSingleton<TcpEndpoint>()
        .AddSingleton<Rehearsal>()
        .AddHostedService(provider => provider.GetRequiredService<Rehearsal>());

    /// <summary>Has the loops listen where links are taken from the sockets (<see cref="LinkEndPoint"/>).</summary>
    public static void UsePresenceLinks(this IWebHostBuilder host)
    {
        // With TLS: a flush sends on the thread that flushes, and what has come is read on the thread that was told of it.
        host.UseSockets(sockets => sockets.UnsafePreferInlineScheduling = true);
        host.ConfigureServices(services => services.AddSingleton<IConnectionListenerFactory, LinkListenerFactory>());
    }

    /// <summary>Serves WebSockets on <c>/ws</c>.</summary>
    public static void MapPresenceLinks(this WebApplication app)
    {
        var endpoint = app.Services.GetRequiredService<WebSocketEndpoint>();
        app.MapGet(WebSocketEndpoint.Path, endpoint.ServeAsync);
    }

    /// <summary>The loops that the links of this node and their connections run on.</summary>
    private static LoopSet NewLoops(IServiceProvider provider)
    {
        var transport = provider.GetRequiredService<IOptions<PresenceOptions>>().Value.Links.Chosen;
        var log = provider.GetRequiredService<ILogger<WorkLoop>>();
        return new LoopSet(number => transport == LinkTransport.Epoll ? new EpollLoop(number, log) : new PortableLoop(number, log));
    }
}
