using Microsoft.Extensions.Options;
using Presence.Actors.Connections;
using Presence.Host.Configuration;
using Presence.Host.Links;

namespace Presence.Host.Auth;

/// <summary>
/// Says who the bearer of a token is (contract A1). Session and refresh tokens are told apart by their keys: neither passes
/// for the other.
/// </summary>
internal sealed partial class TokenValidator : IDisposable
{
    private readonly TokenReader _sessions;
    private readonly TokenReader _refreshes;
    private readonly Revocations _revocations;
    private readonly RemoteKeys? _remote;
    private readonly ILogger _log;
    private readonly LogLevel _refusalLevel;

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
        _sessions = new(
            SessionKeys(settings, _remote), settings.Issuer, settings.Audience, ClaimNames.Of(settings.Claims), settings.ClockSkew, time, revocations.EarliestIssue);
        _refreshes = new(
            new KeyRing(Given(settings.RefreshSigningKey), []),
            settings.Issuer,
            settings.Audience,
            ClaimNames.OfMinted,
            settings.ClockSkew,
            time,
            revocations.EarliestIssue);
        _revocations = revocations;
        _log = log;
        _refusalLevel = settings.RefusalLogLevel;
    }

    /// <summary>
    /// What a session token says. It is refused if it is malformed, forged, expired, not valid yet, or revoked: which of these is for the
    /// log alone.
    /// </summary>
    public ValueTask<TokenResult> ValidateAsync(string token, CancellationToken cancel = default) =>
        CurrentAsync(_sessions, "session", token, cancel);

    /// <summary>Checks a session token that a client presents on an open connection.</summary>
    public async ValueTask<TokenCheck> CheckAsync(string token)
    {
        var result = await ValidateAsync(token).ConfigureAwait(false);
        if (result.IsUnavailable)
            return new TokenCheck.Refused(ErrorCode.RuntimeException, PlainLinks.NoKeys());
        return result.Claims is { } claims ? new TokenCheck.Valid(claims.ToIdentity()) : TokenCheck.Invalid;
    }

    /// <summary>What a refresh token says; it is refused for the same reasons.</summary>
    public ValueTask<TokenResult> ValidateRefreshAsync(string token, CancellationToken cancel = default) =>
        CurrentAsync(_refreshes, "refresh", token, cancel);

    /// <summary>Checks a session token as <see cref="ValidateAsync"/> does, and logs nothing of it: the node tries itself out.</summary>
    public ValueTask<TokenResult> RehearseAsync(string token, CancellationToken cancel) => _sessions.ReadAsync(token, cancel);

    /// <inheritdoc/>
    public void Dispose() => _remote?.Dispose();

    private ValueTask<TokenResult> CurrentAsync(TokenReader reader, string kind, string token, CancellationToken cancel)
    {
        var reading = reader.ReadAsync(token, cancel);
        return reading.IsCompletedSuccessfully ? ValueTask.FromResult(Current(reading.Result, kind)) : WaitAsync();

        async ValueTask<TokenResult> WaitAsync() => Current(await reading.ConfigureAwait(false), kind);
    }

    private TokenResult Current(TokenResult result, string kind)
    {
        if (result.Claims is { } claims && _revocations.IsRevoked(claims.ToIdentity()))
            result = TokenRefusal.Revoked;
        if (result.Refusal is { } refusal)
            Refused(_refusalLevel, kind, refusal.Reason);
        return result;
    }

    private static KeyRing SessionKeys(SessionSettings settings, RemoteKeys? remote)
    {
        var publicKeys = settings.PublicKeys.Select(text =>
            PublicKeyText.TryRead(text, out var key, out var reason) ? key : throw new ArgumentException(reason, nameof(settings)));
        return new([.. Given(settings.SigningKey), .. settings.PreviousSigningKeys], publicKeys, remote);
    }

    private static IEnumerable<string> Given(string? key) => string.IsNullOrEmpty(key) ? [] : [key];

    [LoggerMessage(Message = "Refused a {Kind} token: it {Reason}.")]
    private partial void Refused(LogLevel level, string kind, string reason);
}
