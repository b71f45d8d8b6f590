using System.Collections.Immutable;
using System.Text.Json;
using Presence.Actors.Connections;
using Presence.Actors.Model;

namespace Presence.Host.Auth;

/// <summary>What a token says, once its signature is known to be good.</summary>
/// <param name="User">The user: the user id of the token if that is a UUID, else the UUID that stands for it (<see cref="NamedUser"/>).</param>
/// <param name="Username">The user's name: normalised, with 1 to 128 bytes and without control characters (contract F11).</param>
/// <param name="TokenId">
/// Names the login: its session and refresh tokens share it. Null if the token does not say; <see cref="TokenReader"/> then puts a hash of
/// the token here, so that a logout can name it.
/// </param>
/// <param name="Vars">What the application put in at login (<c>vrs</c>).</param>
/// <param name="IssuedAt">When the login was (<c>iat</c>); the epoch if the token does not say.</param>
/// <param name="NotBefore">When the token starts to be valid (<c>nbf</c>); null if the token does not say.</param>
/// <param name="ExpiresAt">When the token ceases to be valid (<c>exp</c>).</param>
internal sealed record TokenClaims(
    UserId User,
    string Username,
    string? TokenId,
    ImmutableSortedDictionary<string, string> Vars,
    DateTimeOffset IssuedAt,
    DateTimeOffset? NotBefore,
    DateTimeOffset ExpiresAt)
{
    private const string Date = "a number of seconds since 1970";

    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false };
    private static readonly ImmutableSortedDictionary<string, string> NoVars = ImmutableSortedDictionary.Create<string, string>(StringComparer.Ordinal);
    private static readonly long LastSecond = DateTimeOffset.MaxValue.ToUnixTimeSeconds();

    /// <summary>The issuer whose user ids are no UUIDs, empty if it has no name; null if the user id of this token is one.</summary>
    public string? NamingIssuer { get; private init; }

    /// <summary>Who the bearer of the token is.</summary>
    public Identity ToIdentity() => new(User, Username, TokenId, IssuedAt, ExpiresAt);

    /// <summary>
    /// Why the token is not valid at this instant, null if it is. At its expiry it is not any more. Clocks may differ by up to
    /// <paramref name="skew"/>.
    /// </summary>
    public TokenRefusal? RefusalAt(DateTimeOffset now, TimeSpan skew)
    {
        if (now - skew >= ExpiresAt)
            return TokenRefusal.Expired;
        if (NotBefore is { } start && start > now + skew)
            return TokenRefusal.Early;
        return IssuedAt > now + skew ? TokenRefusal.IssuedLater : null;
    }

    /// <summary>Reads a token's payload (protocol section D5, difference 0.10).</summary>
    /// <param name="payload">The payload, decoded.</param>
    /// <param name="names">Which claims say who the user is.</param>
    /// <param name="issuer">The <c>iss</c> that the token must carry; null checks none.</param>
    /// <param name="audience">
    /// The <c>aud</c> that the token must carry, alone or in a list; null checks none. A slash at the end makes no difference.
    /// </param>
    public static TokenResult Parse(ReadOnlyMemory<byte> payload, ClaimNames names, string? issuer, string? audience)
    {
        try
        {
            using var document = JsonDocument.Parse(payload, Strict);
            var claims = document.RootElement;
            if (claims.ValueKind is not JsonValueKind.Object)
                return TokenRefusal.Payload;
            if (issuer is not null && !(claims.TryGetProperty("iss"u8, out var iss) && IsText(iss, issuer)))
                return TokenRefusal.Issuer;
            return audience is null || (claims.TryGetProperty("aud"u8, out var aud) && IsFor(aud, audience)) ? Read(claims, names) : TokenRefusal.Audience;
        }
        // The second is how the reader reports text that is not Unicode.
        catch (Exception fault) when (fault is JsonException or InvalidOperationException)
        {
            return TokenRefusal.Payload;
        }
    }

    private static bool IsText(JsonElement claim, string text) => claim.ValueKind is JsonValueKind.String && claim.ValueEquals(text);

    private static bool IsFor(JsonElement claim, string audience) => claim.ValueKind switch
    {
        JsonValueKind.Array => claim.EnumerateArray().Any(each => each.ValueKind is JsonValueKind.String && IsFor(each, audience)),
        JsonValueKind.String => claim.ValueEquals(audience) || claim.GetString()!.TrimEnd('/') == audience.TrimEnd('/'),
        _ => false,
    };

    private static TokenResult Read(JsonElement claims, ClaimNames names)
    {
        if (!TryText(claims, names.UserId, out var id) || id is not { Length: > 0 })
            return TokenRefusal.Claim(names.UserId.Text, "a text of at least one character");
        string? issuer = null;
        if (!UserId.TryParse(id, out var user))
        {
            if (!TryText(claims, ClaimNames.Issuer, out issuer))
                return TokenRefusal.Claim(ClaimNames.Issuer.Text, "a text");
            issuer ??= "";
            user = NamedUser.Of(issuer, id);
        }

        if (!TryText(claims, names.Username, out var name))
            return TokenRefusal.Claim(names.Username.Text, "a text");
        if (!Actors.Model.Username.TryNormalize(name ?? id, out var username))
        {
            if (name is not null)
                return TokenRefusal.Claim(names.Username.Text, $"a text of 1 to {Actors.Model.Username.MaxBytes} bytes without control characters");
            // An id may be longer than a name.
            username = user.ToString();
        }

        if (!TryInstant(claims, "exp", out var expiry) || expiry is null)
            return TokenRefusal.Claim("exp", Date);
        if (!TryInstant(claims, "nbf", out var start))
            return TokenRefusal.Claim("nbf", Date);
        if (!TryInstant(claims, "iat", out var issued))
            return TokenRefusal.Claim("iat", Date);
        // A token whose id is no text has none: nothing but a logout needs it.
        var tokenId = TryText(claims, names.TokenId, out var login) && login is { Length: > 0 } ? login : null;
        return new TokenClaims(user, username, tokenId, ReadVars(claims), issued ?? DateTimeOffset.UnixEpoch, start, expiry.Value) { NamingIssuer = issuer };
    }

    /// <summary>
    /// The first of the claims that is there, null if none is: <c>null</c> counts as absent. False if it is there and no text.
    /// </summary>
    private static bool TryText(JsonElement claims, ClaimName name, out string? text)
    {
        text = null;
        foreach (var each in name.Names)
        {
            if (!claims.TryGetProperty(each, out var claim) || claim.ValueKind is JsonValueKind.Null)
                continue;
            if (claim.ValueKind is not JsonValueKind.String)
                return false;
            text = claim.GetString();
            return true;
        }

        return true;
    }

    /// <summary>
    /// Reads a NumericDate (RFC 7519, 2), which may have a fraction and an exponent. <c>null</c> counts as absent. False if the claim is
    /// there and no number.
    /// </summary>
    private static bool TryInstant(JsonElement claims, string name, out DateTimeOffset? instant)
    {
        instant = null;
        if (!claims.TryGetProperty(name, out var claim) || claim.ValueKind is JsonValueKind.Null)
            return true;
        if (claim.ValueKind is not JsonValueKind.Number)
            return false;
        if (claim.TryGetInt64(out var whole))
            instant = DateTimeOffset.FromUnixTimeSeconds(Math.Clamp(whole, 0, LastSecond));
        else if (claim.TryGetDouble(out var seconds))
            instant = DateTimeOffset.UnixEpoch.AddTicks((long)(Math.Clamp(seconds, 0, LastSecond) * TimeSpan.TicksPerSecond));
        return instant is not null;
    }

    private static ImmutableSortedDictionary<string, string> ReadVars(JsonElement claims)
    {
        if (!claims.TryGetProperty("vrs", out var map) || map.ValueKind is not JsonValueKind.Object)
            return NoVars;
        var vars = NoVars.ToBuilder();
        foreach (var entry in map.EnumerateObject().Where(entry => entry.Value.ValueKind is JsonValueKind.String))
            vars[entry.Name] = entry.Value.GetString()!;
        return vars.ToImmutable();
    }
}
