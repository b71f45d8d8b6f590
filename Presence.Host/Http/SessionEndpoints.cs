using Presence.Actors.Connections;
using Presence.Host.Auth;

namespace Presence.Host.Http;

/// <summary>Prolongs sessions and ends them (protocol section D4).</summary>
internal static class SessionEndpoints
{
    /// <summary>Maps them.</summary>
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost("/v2/account/session/refresh", RefreshAsync)
            .AddEndpointFilter(routes.ServiceProvider.GetRequiredService<LoginLimit>());
        routes.MapPost("/v2/session/logout", LogoutAsync);
    }

    private static async Task<IResult> RefreshAsync(
        HttpRequest request, Credentials credentials, TokenValidator validator, TokenIssuer issuer)
    {
        credentials.RequireServerKey(request);
        AuthenticateEndpoints.RequireMinting(issuer);
        var body = await RequestBody.ReadAsync(request).ConfigureAwait(false);
        if (body.Text("token") is not { Length: > 0 } token)
            throw new ApiException(ApiError.InvalidArgument("A refresh token is required."));

        var vars = body.Map("vars");
        var login = await validator.ValidateRefreshAsync(token, request.HttpContext.RequestAborted).ConfigureAwait(false)
            ?? throw new ApiException(ApiError.Unauthenticated("Refresh token invalid or expired."));
        var tokens = issuer.Renew(login, vars);
        AuthenticateEndpoints.RequireUsable(tokens);
        return ApiReply.Of(new AuthenticateEndpoints.Session(Created: false, tokens.Session, tokens.Refresh));
    }

    /// <summary>
    /// Ends the logins that the given tokens belong to, or, when none is given, everything that the caller was issued before.
    /// </summary>
    private static async Task<IResult> LogoutAsync(
        HttpRequest request, Credentials credentials, TokenValidator validator, Revocations revocations)
    {
        var caller = await credentials.RequireBearerAsync(request).ConfigureAwait(false);
        var body = await RequestBody.ReadAsync(request).ConfigureAwait(false);
        var cancel = request.HttpContext.RequestAborted;
        var logins = new List<Identity>();
        if (body.Text("token") is { Length: > 0 } session)
            logins.Add(OwnedBy(caller, await validator.ValidateAsync(session, cancel).ConfigureAwait(false), "Session token invalid."));
        if (body.Text("refresh_token", "refreshToken") is { Length: > 0 } refresh)
        {
            var claims = await validator.ValidateRefreshAsync(refresh, cancel).ConfigureAwait(false);
            logins.Add(OwnedBy(caller, claims?.ToIdentity(), "Refresh token invalid."));
        }

        if (logins.Count == 0)
            revocations.RevokeEverythingOf(caller);
        foreach (var login in logins)
            revocations.RevokeLogin(login);
        return ApiReply.Done;
    }

    private static Identity OwnedBy(Identity caller, Identity? token, string complaint) =>
        token?.User == caller.User ? token : throw new ApiException(ApiError.InvalidArgument(complaint));
}
