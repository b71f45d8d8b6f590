using Presence.Actors.Connections;
using Presence.Actors.Telemetry;
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
        var login = (await validator.ValidateRefreshAsync(token, request.HttpContext.RequestAborted).ConfigureAwait(false)).Claims
            ?? throw new ApiException(ApiError.Unauthenticated("Refresh token invalid or expired."));
        var tokens = issuer.Renew(login, vars);
        AuthenticateEndpoints.RequireUsable(tokens);
        return ApiReply.Of(new AuthenticateEndpoints.Session(Created: false, tokens.Session, tokens.Refresh));
    }

    /// <summary>
    /// Ends the logins that the given tokens belong to, or, when none is given, everything that the caller was issued before.
    /// </summary>
    private static async Task<IResult> LogoutAsync(
        HttpRequest request, Credentials credentials, TokenValidator validator, Revocations revocations, Refusals refusals)
    {
        var caller = (await credentials.RequireBearerAsync(request).ConfigureAwait(false)).ToIdentity();
        var body = await RequestBody.ReadAsync(request).ConfigureAwait(false);
        var cancel = request.HttpContext.RequestAborted;
        var logins = new List<Identity>();
        if (body.Text("token") is { Length: > 0 } session)
            logins.Add(OwnedBy(caller, await validator.ValidateAsync(session, cancel).ConfigureAwait(false), "Session token invalid."));
        if (body.Text("refresh_token", "refreshToken") is { Length: > 0 } refresh)
        {
            logins.Add(OwnedBy(caller, await validator.ValidateRefreshAsync(refresh, cancel).ConfigureAwait(false), "Refresh token invalid."));
        }

        var limits = logins.Count == 0 ? [revocations.RevokeEverythingOf(caller)] : logins.Select(revocations.RevokeLogin).ToList();
        if (limits.Find(limit => limit is not null) is { } limit)
        {
            refusals.Count(limit);
            throw new ApiException(limit is Limit.RevocationsPerUser ? ApiError.TooManyLogouts : ApiError.TooManyRevocations);
        }

        return ApiReply.Done;
    }

    /// <exception cref="ApiException">400/3: the token is refused, or is another user's. 503/14: it could not be checked.</exception>
    private static Identity OwnedBy(Identity caller, TokenResult token, string complaint)
    {
        if (token.IsUnavailable)
            throw new ApiException(ApiError.KeysUnavailable(IssuerPatience.RetryAfter()));
        return token.Claims is { } claims && claims.User == caller.User ? claims.ToIdentity() : throw new ApiException(ApiError.InvalidArgument(complaint));
    }
}
