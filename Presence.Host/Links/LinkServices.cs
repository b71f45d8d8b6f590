using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Presence.Host.Links.Listening;
using Presence.Host.Links.Upgrade;

namespace Presence.Host.Links;

/// <summary>Adds the links of a node.</summary>
internal static class LinkServices
{
    /// <summary>Adds what serves <c>/ws</c> and the TCP port.</summary>
    public static IServiceCollection AddPresenceLinks(this IServiceCollection services) => services
        .AddSingleton<LinkAdmission>()
        .AddSingleton<LinkLoops>()
        .AddSingleton<LinkOpening>()
        .AddSingleton<LinkSet>()
        .AddSingleton<LinkDrain>()
        .AddHostedService(provider => provider.GetRequiredService<LinkSet>())
        .AddHostedService<MemoryReturn>()
        .AddSingleton<UpgradeGate>()
        .AddSingleton<PipeFront>()
        .AddSingleton<ILinkFront, SocketFront>()
        .AddSingleton<WebSocketEndpoint>()
        .AddSingleton<TcpEndpoint>();

    /// <summary>Has the event loops listen where links are taken from the sockets, if there are any (<see cref="LinkEndPoint"/>).</summary>
    public static void UsePresenceLinks(this IWebHostBuilder host)
    {
        // A flush sends on the thread that flushes, and what has come is read on the thread that was told of it.
        host.UseSockets(sockets => sockets.UnsafePreferInlineScheduling = true);
        host.ConfigureServices(services => services.AddSingleton<IConnectionListenerFactory>(provider =>
            provider.GetRequiredService<LinkLoops>().Sockets is { } loops
                ? ActivatorUtilities.CreateInstance<LinkListenerFactory>(provider, loops)
                : ActivatorUtilities.CreateInstance<SocketTransportFactory>(provider)));
    }

    /// <summary>Serves WebSockets on <c>/ws</c>.</summary>
    public static void MapPresenceLinks(this WebApplication app)
    {
        var endpoint = app.Services.GetRequiredService<WebSocketEndpoint>();
        app.MapGet(WebSocketEndpoint.Path, endpoint.ServeAsync);
    }
}
