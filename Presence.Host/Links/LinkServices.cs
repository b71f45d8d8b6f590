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
        .AddSingleton<UpgradeGate>()
        .AddSingleton<WebSocketEndpoint>()
        .AddSingleton<TcpEndpoint>();

    /// <summary>Serves WebSockets on <c>/ws</c>.</summary>
    public static void MapPresenceLinks(this WebApplication app)
    {
        var endpoint = app.Services.GetRequiredService<WebSocketEndpoint>();
        app.MapGet(WebSocketEndpoint.Path, endpoint.ServeAsync);
    }
}
