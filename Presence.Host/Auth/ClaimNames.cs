using System.Collections.Immutable;
using Presence.Host.Configuration;

namespace Presence.Host.Auth;

/// <summary>The names under which one claim is looked for, in order: the first that the token has counts.</summary>
/// <param name="Text">The names as they are configured, for messages.</param>
internal sealed record ClaimName(string Text)
{
    /// <summary>The names.</summary>
    public ImmutableArray<string> Names { get; } =
        [.. Text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)];
}

/// <summary>Which claims of a token say who its bearer is.</summary>
/// <param name="UserId">Those that hold the user id.</param>
/// <param name="Username">Those that hold the username; without any the user id is the name.</param>
/// <param name="TokenId">Those that name the login.</param>
internal sealed record ClaimNames(ClaimName UserId, ClaimName Username, ClaimName TokenId)
{
    /// <summary>The claim that names the issuer.</summary>
    public static readonly ClaimName Issuer = new("iss");

    /// <summary>The claims of tokens that are minted here.</summary>
    public static readonly ClaimNames OfMinted = new(new("uid"), new("usn"), new("tid"));

    /// <summary>The configured claims.</summary>
    public static ClaimNames Of(ClaimSettings settings) => new(new(settings.UserId), new(settings.Username), new(settings.TokenId));
}
