namespace Presence.Host.Http;

/// <summary>Tells whoever asks that the server is there.</summary>
internal static class ServiceEndpoints
{
    /// <summary>Maps them.</summary>
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/healthcheck", () => ApiReply.Done);
        routes.MapGet("/", () => Results.Ok());
    }
}
