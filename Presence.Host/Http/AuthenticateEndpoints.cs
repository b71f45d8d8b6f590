using Presence.Host.Auth;

namespace Presence.Host.Http;

/// <summary>Gives applications that know the server key a session for one of their users (protocol section D4).</summary>
internal static class AuthenticateEndpoints
{
    /// <summary>Maps them.</summary>
    public static void Map(IEndpointRouteBuilder routes)
    {
        foreach (var kind in (AccountKind[])[AccountKind.Device, AccountKind.Custom])
        {
            routes.MapPost(
                $"/v2/account/authenticate/{kind.Name}",
                (HttpRequest request, Credentials credentials, AccountDirectory accounts, TokenIssuer issuer) =>
                {
                    credentials.RequireServerKey(request);
                    return SignInAsync(kind, request, accounts, issuer);
                }).AddEndpointFilter(routes.ServiceProvider.GetRequiredService<LoginLimit>());
        }
    }

    /// <summary>What a client gets for signing in.</summary>
    internal sealed record Session(bool Created, string Token, string RefreshToken);

    /// <summary>Refuses to mint where minting is off (contract A3).</summary>
    /// <exception cref="ApiException">403/7.</exception>
    internal static void RequireMinting(TokenIssuer issuer)
    {
        if (!issuer.IsOn)
            throw new ApiException(ApiError.PermissionDenied("This server mints no tokens; they come from the application's own issuer."));
    }

    /// <summary>Refuses vars that make a token longer than this server takes one.</summary>
    /// <exception cref="ApiException">400/3.</exception>
    internal static void RequireUsable(TokenPair tokens)
    {
        if (!tokens.IsUsable)
            throw new ApiException(ApiError.InvalidArgument($"The vars make a token of more than {SignedToken.MaxLength} characters."));
    }

    private static async Task<IResult> SignInAsync(AccountKind kind, HttpRequest request, AccountDirectory accounts, TokenIssuer issuer)
    {
        RequireMinting(issuer);
        var create = Create(request.Query["create"]);
        var username = Username(request.Query["username"]);
        var body = await RequestBody.ReadAsync(request).ConfigureAwait(false);
        var id = body.Text("id");
        if (kind.Fault(id) is { } fault)
            throw new ApiException(ApiError.InvalidArgument(fault));

        var vars = body.Map("vars");
        var (account, created) = accounts.SignIn(kind, id!, username, create);
        var tokens = issuer.Issue(account.User, account.Username, vars);
        RequireUsable(tokens);
        return ApiReply.Of(new Session(created, tokens.Session, tokens.Refresh));
    }

    private static bool Create(string? text) => text switch
    {
        null or "1" or "t" or "T" or "true" or "TRUE" or "True" => true,
        "0" or "f" or "F" or "false" or "FALSE" or "False" => false,
        _ => throw new ApiException(ApiError.InvalidArgument("'create' must be true or false.")),
    };

    private static string? Username(string? text)
    {
        if (string.IsNullOrEmpty(text))
            return null;
        if (!Actors.Model.Username.TryNormalize(text, out var name))
            throw new ApiException(ApiError.InvalidArgument($"A username has at most {Actors.Model.Username.MaxBytes} bytes and no control characters."));
        return name;
    }
}
