using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Options;
using Presence.Host.Auth;
using Presence.Host.Configuration;

namespace Presence.Host.Http;

/// <summary>Checks what a request shows to be let in (protocol section D3).</summary>
internal sealed class Credentials(IOptions<PresenceOptions> options, TokenValidator tokens)
{
    private const string Basic = "Basic ";
    private const string Bearer = "Bearer ";

    // What is asked for before there is a session.
    private static readonly PathString[] KeyPaths = ["/v2/account/authenticate", "/v2/account/session"];

    private readonly byte[] _serverKeyHash = SHA256.HashData(Encoding.UTF8.GetBytes(options.Value.ServerKey!));

    /// <summary>
    /// Demands the server key: <c>Basic</c>, with the key where the user name stands; what stands for the password is
    /// ignored.
    /// </summary>
    /// <exception cref="ApiException">401/16.</exception>
    public void RequireServerKey(HttpRequest request)
    {
        if (Authorization(request) is not { } header)
            throw Refused("Server key required.");
        if (!header.StartsWith(Basic, StringComparison.Ordinal) || !IsServerKey(header.AsSpan(Basic.Length)))
            throw Refused("Server key invalid.");
    }

    /// <summary>Demands a session token.</summary>
    /// <returns>What the token says.</returns>
    /// <exception cref="ApiException">401/16; 503/14 if the token cannot be checked now.</exception>
    public async Task<TokenClaims> RequireBearerAsync(HttpRequest request)
    {
        if (Authorization(request) is not { } header)
            throw Refused("Auth token required.");
        if (!header.StartsWith(Bearer, StringComparison.Ordinal))
            throw Refused("Auth token invalid.");
        var result = await tokens.ValidateAsync(header[Bearer.Length..], request.HttpContext.RequestAborted).ConfigureAwait(false);
        if (result.IsUnavailable)
            throw new ApiException(ApiError.KeysUnavailable(IssuerPatience.RetryAfter()));
        return result.Claims ?? throw Refused("Auth token invalid.");
    }

    /// <summary>Demands what any request to a path of the protocol has to show, whether this server offers the path or not.</summary>
    /// <exception cref="ApiException">401/16.</exception>
    public async Task RequireAnyAsync(HttpRequest request)
    {
        if (KeyPaths.Any(path => request.Path.StartsWithSegments(path, StringComparison.OrdinalIgnoreCase)))
            RequireServerKey(request);
        else
            await RequireBearerAsync(request).ConfigureAwait(false);
    }

    private static string? Authorization(HttpRequest request) =>
        request.Headers.Authorization is [{ Length: > 0 } only] ? only : null;

    private bool IsServerKey(ReadOnlySpan<char> encoded)
    {
        var decoded = new byte[encoded.Length];
        if (!Convert.TryFromBase64Chars(encoded, decoded, out var length))
            return false;
        var colon = decoded.AsSpan(0, length).IndexOf((byte)':');
        // Hashes are of one length, so the comparison tells nothing of the key, not even how long it is.
        return colon >= 0 && CryptographicOperations.FixedTimeEquals(SHA256.HashData(decoded.AsSpan(0, colon)), _serverKeyHash);
    }

    private static ApiException Refused(string message) => new(ApiError.Unauthenticated(message));
}
