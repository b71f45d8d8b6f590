namespace Presence.Host.Http;

/// <summary>Tells whoever asks that the server is there.</summary>
internal static class ServiceEndpoints
{
    /// <summary>Where the SDKs ask whether the server is there.</summary>
    public const string HealthPath = "/healthcheck";

    /// <summary>Maps them.</summary>
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet(HealthPath, () => ApiReply.Done);
        routes.MapGet("/", () => Results.Ok());
    }
}
