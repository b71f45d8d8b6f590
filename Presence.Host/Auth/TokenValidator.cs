using Microsoft.Extensions.Options;
using Presence.Actors.Connections;
using Presence.Host.Configuration;

namespace Presence.Host.Auth;

/// <summary>
/// Says who the bearer of a token is (contract A1). Session and refresh tokens are told apart by their keys: neither passes
/// for the other.
/// </summary>
internal sealed class TokenValidator : IDisposable
{
    private readonly TokenReader _sessions;
    private readonly TokenReader _refreshes;
    private readonly Revocations _revocations;
    private readonly RemoteKeys? _remote;

    /// <summary>A validator by the configured keys.</summary>
    public TokenValidator(IOptions<PresenceOptions> options, Revocations revocations, TimeProvider time, ILogger<TokenValidator> log)
    {
        var settings = options.Value.Session;
        _remote = settings switch
        {
            { Authority: { } authority } => RemoteKeys.OfAuthority(authority, time, log),
            { JwksUrl: { } url } => RemoteKeys.OfKeySet(url, time, log),
            _ => null,
        };
        _sessions = new(SessionKeys(settings, _remote), settings.Issuer, settings.Audience, time);
        _refreshes = new(new KeyRing(Given(settings.RefreshSigningKey), []), settings.Issuer, settings.Audience, time);
        _revocations = revocations;
    }

    /// <summary>
    /// The bearer of a session token; null if the token is malformed, forged, expired, not valid yet, or revoked: which of
    /// these is nobody's business.
    /// </summary>
    public async ValueTask<Identity?> ValidateAsync(string token, CancellationToken cancel = default)
    {
        try
        {
            return (await CurrentAsync(_sessions, token, cancel).ConfigureAwait(false))?.ToIdentity();
        }
        // Who cannot be checked is not let in; that the keys cannot be read has been logged.
        catch (KeysUnavailableException)
        {
            return null;
        }
    }

    /// <summary>What a refresh token says; null for the same reasons.</summary>
    public ValueTask<TokenClaims?> ValidateRefreshAsync(string token, CancellationToken cancel = default) =>
        CurrentAsync(_refreshes, token, cancel);

    /// <inheritdoc/>
    public void Dispose() => _remote?.Dispose();

    private async ValueTask<TokenClaims?> CurrentAsync(TokenReader reader, string token, CancellationToken cancel)
    {
        var claims = await reader.ReadAsync(token, cancel).ConfigureAwait(false);
        return claims is not null && !_revocations.IsRevoked(claims.ToIdentity()) ? claims : null;
    }

    private static KeyRing SessionKeys(SessionSettings settings, RemoteKeys? remote)
    {
        var publicKeys = settings.PublicKeys.Select(text =>
            PublicKeyText.TryRead(text, out var key, out var reason) ? key : throw new ArgumentException(reason, nameof(settings)));
        return new([.. Given(settings.SigningKey), .. settings.PreviousSigningKeys], publicKeys, remote);
    }

    private static IEnumerable<string> Given(string? key) => string.IsNullOrEmpty(key) ? [] : [key];
}
