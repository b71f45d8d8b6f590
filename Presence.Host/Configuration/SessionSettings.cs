using Presence.Host.Auth;

namespace Presence.Host.Configuration;

/// <summary>How session tokens are checked and minted, and what becomes of a connection whose token ends.</summary>
internal sealed class SessionSettings
{
    private static readonly TimeSpan LongestLife = TimeSpan.FromDays(3650);

    /// <summary>
    /// The HS256 secret of session tokens: those of other issuers who share it, and those minted here. Well-known in
    /// Development; elsewhere required unless public keys, a JWKS URL or an authority are there instead.
    /// </summary>
    public string? SigningKey { get; set; }

    /// <summary>The HS256 secret of refresh tokens; required where tokens are minted, and never the signing key.</summary>
    public string? RefreshSigningKey { get; set; }

    /// <summary>Secrets that signed session tokens before: still accepted, no longer signed with (contract A2).</summary>
    public string[] PreviousSigningKeys { get; set; } = [];

    /// <summary>RSA (RS256), P-256 (ES256) and Ed25519 (EdDSA) public keys or certificates: each a PEM text or a PEM file's path.</summary>
    public string[] PublicKeys { get; set; } = [];

    /// <summary>The URL of an OpenID provider, whose discovery document names its keys.</summary>
    public string? Authority { get; set; }

    /// <summary>The URL of a JSON web key set.</summary>
    public string? JwksUrl { get; set; }

    /// <summary>The <c>iss</c> that a session token must carry; null checks none, or the authority's where there is one.</summary>
    public string? Issuer { get; set; }

    /// <summary>The <c>aud</c> that a session token must carry; null checks none.</summary>
    public string? Audience { get; set; }

    /// <summary>Which claims say who the bearer of a session token is.</summary>
    public ClaimSettings Claims { get; set; } = new();

    /// <summary>
    /// By how much the clock of an issuer may differ from this node's, where the times of a token are checked: <c>nbf</c>, <c>exp</c> and
    /// <c>iat</c> (contract A1).
    /// </summary>
    public TimeSpan ClockSkew { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>At which level each refused token is logged, with the reason; never the token itself (contract A5).</summary>
    public LogLevel RefusalLogLevel { get; set; } = LogLevel.Debug;

    /// <summary>How long a session token lives that is minted here.</summary>
    public TimeSpan TokenLifetime { get; set; } = TimeSpan.FromHours(24);

    /// <summary>How long a refresh token lives that is minted here.</summary>
    public TimeSpan RefreshTokenLifetime { get; set; } = TimeSpan.FromDays(30);

    /// <summary>Whether the server mints tokens at all; null means in Development only (contract A3).</summary>
    public bool? AllowMinting { get; set; }

    /// <summary>Whether a connection ends when its token expires (contract C4).</summary>
    public bool CloseOnExpiry { get; set; } = true;

    /// <summary>How long before that the connection is told; zero tells it nothing. Only with <see cref="CloseOnExpiry"/>.</summary>
    public TimeSpan ExpiryNotice { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Whether a connection ends when its token is revoked (protocol difference 0.11).</summary>
    public bool CloseOnRevocation { get; set; } = true;

    /// <summary>Whether a new connection of a user replaces the older ones (contract C3).</summary>
    public bool SingleSocket { get; set; }

    internal IEnumerable<ConfigurationFault> Faults(string key, bool development, string? serverKey) =>
    [
        .. KeyFaults(key),
        .. development ? [] : SecretFaults(key, serverKey),
        .. PublicKeyFaults($"{key}:PublicKeys"),
        .. UrlFaults($"{key}:Authority", Authority, development),
        .. UrlFaults($"{key}:JwksUrl", JwksUrl, development),
        .. Claims.Faults($"{key}:Claims", AllowMinting == true),
        .. Rule.SpanOrNone($"{key}:ClockSkew", ClockSkew),
        .. Rule.Span($"{key}:TokenLifetime", TokenLifetime, LongestLife),
        .. Rule.Span($"{key}:RefreshTokenLifetime", RefreshTokenLifetime, LongestLife),
        .. Rule.SpanOrNone($"{key}:ExpiryNotice", ExpiryNotice),
    ];

    private IEnumerable<ConfigurationFault> KeyFaults(string key)
    {
        if (string.IsNullOrEmpty(SigningKey))
        {
            if (AllowMinting == true)
                yield return new($"{key}:SigningKey", "is missing; minting tokens needs it");
            else if (PublicKeys.Length == 0 && Authority is null && JwksUrl is null)
                yield return new($"{key}:SigningKey", "is missing, and so are PublicKeys, Authority and JwksUrl; no token could be checked");
        }
        if (AllowMinting == true && string.IsNullOrEmpty(RefreshSigningKey))
            yield return new($"{key}:RefreshSigningKey", "is missing; minting tokens needs it");
        if (!string.IsNullOrEmpty(SigningKey) && SigningKey == RefreshSigningKey)
            yield return new($"{key}:RefreshSigningKey", "is the same as SigningKey; a refresh token would pass for a session token");
        if (Authority is not null && JwksUrl is not null)
            yield return new($"{key}:JwksUrl", "is given beside Authority; give one of the two");

        for (var i = 0; i < PreviousSigningKeys.Length; i++)
        {
            if (string.IsNullOrEmpty(PreviousSigningKeys[i]))
                yield return new($"{key}:PreviousSigningKeys:{i}", "is empty");
            else if (PreviousSigningKeys[i] == RefreshSigningKey)
                yield return new($"{key}:PreviousSigningKeys:{i}", "is the same as RefreshSigningKey; a refresh token would pass for a session token");
        }
    }

    /// <summary>Secrets that are too weak outside Development, each with the first of its faults.</summary>
    private IEnumerable<ConfigurationFault> SecretFaults(string key, string? serverKey)
    {
        var others = new List<(string Name, string? Value)> { ("Presence:ServerKey", serverKey) };
        IEnumerable<(string Key, string? Value)> secrets =
        [
            ($"{key}:SigningKey", SigningKey),
            .. PreviousSigningKeys.Select((secret, i) => ($"{key}:PreviousSigningKeys:{i}", (string?)secret)),
            ($"{key}:RefreshSigningKey", RefreshSigningKey),
        ];
        foreach (var (name, value) in secrets)
        {
            if (string.IsNullOrEmpty(value))
                continue;
            var same = others.Find(other => other.Value == value).Name;
            // That a refresh key is a signing key is a fault in every environment, and told there.
            var isTold = name.EndsWith(":RefreshSigningKey", StringComparison.Ordinal) && same != "Presence:ServerKey";
            if ((Secrets.SigningKeyFault(value) ?? (same is null || isTold ? null : $"is the same as {same}; each needs a key of its own")) is { } reason)
                yield return new(name, reason);
            others.Add((name, value));
        }
    }

    private IEnumerable<ConfigurationFault> PublicKeyFaults(string key)
    {
        for (var i = 0; i < PublicKeys.Length; i++)
        {
            if (!PublicKeyText.TryRead(PublicKeys[i], out _, out var reason))
                yield return new($"{key}:{i}", reason);
        }
    }

    private static IEnumerable<ConfigurationFault> UrlFaults(string key, string? text, bool development)
    {
        if (text is null)
            yield break;
        if (!Uri.TryCreate(text, UriKind.Absolute, out var url) || url.Scheme is not ("https" or "http"))
            yield return new(key, $"is '{text}'; it must be a URL that starts with https://");
        else if (url.Scheme == "http" && !url.IsLoopback && !development)
            yield return new(key, $"is '{text}'; keys that come without TLS can be forged, so it must start with https://");
    }
}
