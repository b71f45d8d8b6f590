using System.Buffers.Text;
using System.Collections.Immutable;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Presence.Host.Auth;

/// <summary>
/// Reads signed tokens (JWS, compact) and refuses whatever is wrong with them: form, algorithm, signature, issuer, audience,
/// times, claims (contract A1). The library checks the signature, the issuer and the audience; the rest is stricter here
/// than in the library, e.g. <c>exp</c> must be a whole number.
/// </summary>
/// <param name="keys">The keys that may have signed.</param>
/// <param name="issuer">The <c>iss</c> that a token must carry; null checks the authority's, if there is one.</param>
/// <param name="audience">The <c>aud</c> that a token must carry; null checks none.</param>
/// <param name="time">The clock.</param>
internal sealed class TokenReader(KeyRing keys, string? issuer, string? audience, TimeProvider time)
{
    private readonly JsonWebTokenHandler _handler = new();

    // The rules of the last token: those of the next are nearly always the same.
    private volatile Rules? _rules;

    /// <summary>What the token says; null if it is not to be trusted.</summary>
    /// <exception cref="KeysUnavailableException">The issuer's keys cannot be had.</exception>
    public async ValueTask<TokenClaims?> ReadAsync(string token, CancellationToken cancel)
    {
        if (Parse(token) is not { } jwt || !await IsAuthenticAsync(jwt, cancel).ConfigureAwait(false))
            return null;
        var claims = TokenClaims.Parse(Base64Url.DecodeFromChars(jwt.EncodedPayload));
        return claims is not null && claims.IsCurrentAt(time.GetUtcNow()) ? claims : null;
    }

    private static JsonWebToken? Parse(string token)
    {
        if (!TokenForm.IsWellFormed(token))
            return null;
        try
        {
            var jwt = new JsonWebToken(token);
            // An extension that the token declares critical must be understood (RFC 7515, 4.1.11), and none is.
            return jwt.IsEncrypted || jwt.TryGetHeaderValue<object>("crit", out _) ? null : jwt;
        }
        // A FormatException is how the library reports a part whose length no base64url has.
        catch (Exception fault) when (fault is ArgumentException or FormatException or SecurityTokenException)
        {
            return null;
        }
    }

    private async ValueTask<bool> IsAuthenticAsync(JsonWebToken jwt, CancellationToken cancel)
    {
        var known = await keys.KeysAsync(jwt.Alg, cancel).ConfigureAwait(false);
        var result = await CheckAsync(jwt, known, cancel).ConfigureAwait(false);
        if (result is SecurityTokenInvalidSignatureException or SecurityTokenSignatureKeyNotFoundException)
        {
            var renewed = await keys.RenewedKeysAsync(jwt.Alg, cancel).ConfigureAwait(false);
            result = renewed.IsEmpty ? result : await CheckAsync(jwt, renewed, cancel).ConfigureAwait(false);
        }
        return result is null;
    }

    /// <summary>Null if one of the keys signed the token, and issuer and audience are right.</summary>
    private async ValueTask<Exception?> CheckAsync(JsonWebToken jwt, ImmutableArray<SecurityKey> candidates, CancellationToken cancel)
    {
        if (candidates.IsEmpty)
            return new SecurityTokenSignatureKeyNotFoundException();
        var expected = issuer ?? await keys.IssuerAsync(jwt.Alg, cancel).ConfigureAwait(false);
        var rules = _rules;
        if (rules is null || !rules.Are(jwt.Alg, candidates, expected))
            _rules = rules = new Rules(jwt.Alg, candidates, expected, audience);
        var result = await _handler.ValidateTokenAsync(jwt, rules.Parameters).ConfigureAwait(false);
        return result.IsValid ? null : result.Exception;
    }

    /// <summary>What the library is to check.</summary>
    private sealed class Rules(string algorithm, ImmutableArray<SecurityKey> keys, string? issuer, string? audience)
    {
        // The library only reads them.
        public TokenValidationParameters Parameters { get; } = new()
        {
            IssuerSigningKeys = keys,
            ValidAlgorithms = [algorithm],
            ValidateIssuer = issuer is not null,
            ValidIssuer = issuer,
            ValidateAudience = audience is not null,
            ValidAudience = audience,
            ValidateLifetime = false,
        };

        public bool Are(string otherAlgorithm, ImmutableArray<SecurityKey> otherKeys, string? otherIssuer) =>
            algorithm == otherAlgorithm && keys == otherKeys && issuer == otherIssuer;
    }
}
