using System.Collections.Immutable;
using System.Text.Json;
using Presence.Actors.Connections;
using Presence.Actors.Model;

namespace Presence.Host.Auth;

/// <summary>What a token says, once its signature is known to be good.</summary>
/// <param name="User">The user (<c>uid</c>).</param>
/// <param name="Username">The user's name (<c>usn</c>): normalised, with 1 to 128 bytes and without control characters (contract F11).</param>
/// <param name="TokenId">Names the login (<c>tid</c>): its session and refresh tokens share it. Null if the token does not say.</param>
/// <param name="Vars">What the application put in at login (<c>vrs</c>).</param>
/// <param name="IssuedAt">When the login was (<c>iat</c>), in whole seconds; the epoch if the token does not say.</param>
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
    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false };
    private static readonly ImmutableSortedDictionary<string, string> NoVars = ImmutableSortedDictionary.Create<string, string>(StringComparer.Ordinal);
    private static readonly long LastSecond = DateTimeOffset.MaxValue.ToUnixTimeSeconds();

    /// <summary>Who the bearer of the token is.</summary>
    public Identity ToIdentity() => new(User, Username, TokenId, IssuedAt, ExpiresAt);

    /// <summary>Whether the token is valid at this instant; at its expiry it is not any more.</summary>
    public bool IsCurrentAt(DateTimeOffset now) => now < ExpiresAt && (NotBefore is not { } start || start <= now);

    /// <summary>
    /// Reads a token's payload. Null if it is no JSON object, or if <c>uid</c>, <c>usn</c> or <c>exp</c> is missing or not
    /// what it must be (protocol section A2, difference 0.10).
    /// </summary>
    public static TokenClaims? Parse(ReadOnlyMemory<byte> payload)
    {
        try
        {
            using var document = JsonDocument.Parse(payload, Strict);
            return Read(document.RootElement);
        }
        // The second is how the reader reports text that is not Unicode.
        catch (Exception fault) when (fault is JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    private static TokenClaims? Read(JsonElement claims)
    {
        if (claims.ValueKind is not JsonValueKind.Object
            || !UserId.TryParse(Text(claims, "uid"), out var user)
            || !Actors.Model.Username.TryNormalize(Text(claims, "usn"), out var username)
            || !TryInstant(claims, "exp", out var expiry) || expiry is null
            || !TryInstant(claims, "nbf", out var start)
            || !TryInstant(claims, "iat", out var issued))
            return null;
        var tokenId = Text(claims, "tid") is { Length: > 0 } text ? text : null;
        return new(user, username, tokenId, ReadVars(claims), issued ?? DateTimeOffset.UnixEpoch, start, expiry.Value);
    }

    private static string? Text(JsonElement claims, string name) =>
        claims.TryGetProperty(name, out var claim) && claim.ValueKind is JsonValueKind.String ? claim.GetString() : null;

    /// <summary>False if the claim is there and not a whole number of seconds.</summary>
    private static bool TryInstant(JsonElement claims, string name, out DateTimeOffset? instant)
    {
        instant = null;
        if (!claims.TryGetProperty(name, out var claim))
            return true;
        if (claim.ValueKind is not JsonValueKind.Number || !claim.TryGetInt64(out var seconds))
            return false;
        instant = DateTimeOffset.FromUnixTimeSeconds(Math.Clamp(seconds, 0, LastSecond));
        return true;
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
