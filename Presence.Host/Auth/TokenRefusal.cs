namespace Presence.Host.Auth;

/// <summary>
/// Why a token is refused. The reason is for the log of the operator: a client is told nothing but that it is refused (contract A1). A
/// reason names claims and settings; it never holds anything that the token says.
/// </summary>
/// <param name="Reason">The reason, as the rest of a sentence that begins with the token.</param>
internal sealed record TokenRefusal(string Reason)
{
    /// <summary>The token is not three parts of base64url with a JSON object in the first, or is longer than a token may be.</summary>
    public static readonly TokenRefusal Malformed = new("is not a signed JWT in compact form, or is too long");

    /// <summary>The token demands an extension that the server does not have (RFC 7515, 4.1.11).</summary>
    public static readonly TokenRefusal Critical = new("has a critical header extension ('crit')");

    /// <summary>No key is configured for the algorithm of the token.</summary>
    public static readonly TokenRefusal Algorithm = new("has an algorithm ('alg') for which no key is configured");

    /// <summary>No key that the server has signed the token.</summary>
    public static readonly TokenRefusal Signature = new("is signed with none of the configured or published keys");

    /// <summary>The token is of another issuer.</summary>
    public static readonly TokenRefusal Issuer = new("has another issuer ('iss') than is configured");

    /// <summary>The token is for another audience.</summary>
    public static readonly TokenRefusal Audience = new("has another audience ('aud') than is configured");

    /// <summary>The token has expired.</summary>
    public static readonly TokenRefusal Expired = new("has expired ('exp')");

    /// <summary>The token is not valid yet.</summary>
    public static readonly TokenRefusal Early = new("is not valid yet ('nbf')");

    /// <summary>The token claims to be issued in the future.</summary>
    public static readonly TokenRefusal IssuedLater = new("is issued in the future ('iat')");

    /// <summary>The token was revoked.</summary>
    public static readonly TokenRefusal Revoked = new("was revoked by a logout");

    /// <summary>The payload is no JSON object, or a name comes twice in it.</summary>
    public static readonly TokenRefusal Payload = new("has a payload that is no JSON object with distinct names");

    /// <summary>
    /// A key that has not been read yet may have signed the token, and its issuer does not answer. Nothing is wrong with the token as far
    /// as is known: the client should try again (contract A2).
    /// </summary>
    public static readonly TokenRefusal Unavailable = new("cannot be verified now: its issuer does not answer");

    /// <summary>A claim is missing or is not what it must be.</summary>
    /// <param name="claim">The names under which it is looked for.</param>
    /// <param name="what">What it must be.</param>
    public static TokenRefusal Claim(string claim, string what) => new($"has no claim '{claim}' that is {what}");
}

/// <summary>What came of checking a token: what it says, or why it is refused.</summary>
/// <param name="Claims">What it says; null if it is refused.</param>
/// <param name="Refusal">Why it is refused; null if it is not.</param>
internal readonly record struct TokenResult(TokenClaims? Claims, TokenRefusal? Refusal)
{
    /// <summary>Whether the token could not be checked, and the client should try again.</summary>
    public bool IsUnavailable => ReferenceEquals(Refusal, TokenRefusal.Unavailable);

    /// <summary>The refusal of a token.</summary>
    public static implicit operator TokenResult(TokenRefusal refusal) => new(null, refusal);

    /// <summary>A token that is taken.</summary>
    public static implicit operator TokenResult(TokenClaims claims) => new(claims, null);
}
