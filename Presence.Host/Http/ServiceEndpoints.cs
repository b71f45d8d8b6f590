namespace Presence.Host.Http;

/// <summary>Tells whoever asks that the server is there.</summary>
internal static class ServiceEndpoints
{
    /// <summary>Where the SDKs ask whether the server is there.</summary>
    public const string HealthPath = "/healthcheck";

    /// <summary>The methods of a path that can be read: HEAD gets the head of the answer to GET (RFC 9110, section 9.3.2).</summary>
    public static readonly string[] GetOrHead = [HttpMethods.Get, HttpMethods.Head];

    /// <summary>Maps them.</summary>
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapMethods(HealthPath, GetOrHead, () => ApiReply.Done);
        routes.MapMethods("/", GetOrHead, () => Results.Ok());
    }
}
