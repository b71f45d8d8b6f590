namespace Presence.Host.Http;

/// <summary>
/// Answers the rest of the protocol with 501/12, so that an SDK's user sees why a call fails. A request without the credentials that
/// the protocol asks for gets 401/16, as everywhere else.
/// </summary>
internal static class UnsupportedEndpoints
{
    private static readonly string[] Areas =
    [
        "channel", "event", "friend", "group", "iap", "leaderboard", "match", "matchmaker", "notification", "party", "rpc",
        "storage", "tournament",
    ];

    /// <summary>Maps them.</summary>
    public static void Map(IEndpointRouteBuilder routes)
    {
        foreach (var area in Areas)
            routes.Map($"/v2/{area}/{{**rest}}", Refusing($"/v2/{area}"));
        routes.MapPost("/v2/account/authenticate/{provider}", Refusing("this way to authenticate"));
        routes.MapMethods("/v2/account", [HttpMethods.Put, HttpMethods.Delete], Refusing("changing or deleting accounts"));
        routes.Map("/v2/account/link/{**rest}", Refusing("linking accounts"));
        routes.Map("/v2/account/unlink/{**rest}", Refusing("linking accounts"));
        routes.Map("/v2/user/{id}/group", Refusing("/v2/user/{id}/group"));
    }

    private static Func<HttpRequest, Credentials, Task<IResult>> Refusing(string what)
    {
        var refusal = ApiError.Unimplemented($"Not implemented: {what}. This server keeps statuses and follows alone.");
        return async (request, credentials) =>
        {
            await credentials.RequireAnyAsync(request).ConfigureAwait(false);
            return refusal;
        };
    }
}
