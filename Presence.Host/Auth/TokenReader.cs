using System.Buffers.Text;
using System.Security.Cryptography;
using Presence.Actors.Model;

namespace Presence.Host.Auth;

/// <summary>
/// Reads signed tokens (JWS, compact) and refuses whatever is wrong with them: form, algorithm, signature, issuer, audience,
/// times, claims (contract A1). The library verifies the signature; the rest is checked here.
/// </summary>
/// <param name="keys">The keys that may have signed.</param>
/// <param name="issuer">The <c>iss</c> that a token must carry; null checks that of the authority, if one of its keys signed.</param>
/// <param name="audience">The <c>aud</c> that a token must carry; null checks none.</param>
/// <param name="names">The claims that say who the bearer is.</param>
/// <param name="skew">By how much the clocks of the issuer and of this node may differ.</param>
/// <param name="time">The clock.</param>
/// <param name="latestIssue">
/// Up to when a token of a user may be issued although that is in the future; null if never. Tokens that are minted right after a logout
/// are dated ahead (<see cref="Revocations.EarliestIssue"/>).
/// </param>
internal sealed class TokenReader(
    KeyRing keys, string? issuer, string? audience, ClaimNames names, TimeSpan skew, TimeProvider time, Func<UserId, DateTimeOffset>? latestIssue = null)
{
    /// <summary>What the token says, or why it is refused. Completes at once unless the issuer has to be asked for its keys.</summary>
    /// <remarks>
    /// A token that is taken after its <c>exp</c>, within the skew, expires at the end of the skew: its claims say so.
    /// </remarks>
    public ValueTask<TokenResult> ReadAsync(string token, CancellationToken cancel)
    {
        if (!SignedToken.TryParse(token, out var signed))
            return ValueTask.FromResult<TokenResult>(TokenRefusal.Malformed);
        if (signed.IsCritical)
            return ValueTask.FromResult<TokenResult>(TokenRefusal.Critical);
        var refusal = TokenRefusal.Algorithm;
        if (keys.RulesFor(signed.Algorithm) is { } configured)
        {
            if (configured.HaveSigned(signed))
                return ValueTask.FromResult(Read(signed, configured));
            refusal = TokenRefusal.Signature;
        }

        return keys.RemoteFor(signed.Algorithm) is { } remote ? ReadAsync(signed, remote, cancel) : ValueTask.FromResult<TokenResult>(refusal);
    }

    /// <summary>
    /// Reads a token that no configured key signed. The keys that the issuer is known to publish are tried without waiting; only what none
    /// of them signed waits for the issuer (contract A2).
    /// </summary>
    private async ValueTask<TokenResult> ReadAsync(SignedToken token, RemoteKeys remote, CancellationToken cancel)
    {
        var known = remote.Known;
        if (known?.RulesFor(token.Algorithm) is { } published && published.HaveSigned(token))
            return Read(token, published);
        var renewed = await remote.RenewedAsync(cancel).ConfigureAwait(false);
        // Without the issuer nobody knows whether it has a new key. But a known key of this id did not sign.
        if (renewed is null)
            return known is not null && known.Has(token.KeyId) ? TokenRefusal.Signature : TokenRefusal.Unavailable;
        return renewed != known && renewed.RulesFor(token.Algorithm) is { } rules && rules.HaveSigned(token) ? Read(token, rules) : TokenRefusal.Signature;
    }

    /// <summary>Reads the claims of a token whose signature is good.</summary>
    private TokenResult Read(SignedToken token, TokenRules rules)
    {
        var result = TokenClaims.Parse(token.Payload(), names, issuer ?? rules.Issuer, audience);
        if (result.Claims is not { } claims)
            return result;
        var now = time.GetUtcNow();
        if (claims.RefusalAt(now, skew) is { } refusal && !(refusal == TokenRefusal.IssuedLater && claims.IssuedAt <= latestIssue?.Invoke(claims.User)))
            return refusal;
        if (claims.ExpiresAt <= now)
            claims = claims with { ExpiresAt = claims.ExpiresAt + skew };
        return claims.TokenId is null ? claims with { TokenId = HashOf(token) } : claims;
    }

    /// <summary>
    /// Names a token that has no id. The signature is left out: some algorithms have several for one text, so that a revoked token could
    /// be given another.
    /// </summary>
    private static string HashOf(SignedToken token)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(token.SignedBytes(), hash);
        return $"#{Base64Url.EncodeToString(hash)}";
    }
}
