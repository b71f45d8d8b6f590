namespace Presence.Host.Configuration;

/// <summary>
/// Which claims of a session token say who its bearer is. Each setting names one claim, or several with commas between them: the first
/// that a token has counts.
/// </summary>
internal sealed class ClaimSettings
{
    /// <summary>The user id. One that is no UUID stands for the UUID of version 5 of the issuer and the id.</summary>
    public string UserId { get; set; } = "uid,sub";

    /// <summary>The username that followers see; a token without any has its user id as the name.</summary>
    public string Username { get; set; } = "usn,preferred_username,name";

    /// <summary>What a logout names: all tokens with the same id of one user. A token without any is a login of its own.</summary>
    public string TokenId { get; set; } = "tid,jti";

    internal IEnumerable<ConfigurationFault> Faults(string key, bool mints) =>
    [
        .. NameFaults($"{key}:UserId", UserId, mints ? "uid" : null),
        .. NameFaults($"{key}:Username", Username, mints ? "usn" : null),
        .. NameFaults($"{key}:TokenId", TokenId, mints ? "tid" : null),
    ];

    private static IEnumerable<ConfigurationFault> NameFaults(string key, string names, string? minted)
    {
        var all = names.Split(',', StringSplitOptions.TrimEntries);
        if (all.Contains(""))
            yield return new(key, $"is '{names}'; it must be the name of a claim, or several with commas between them");
        else if (minted is not null && !all.Contains(minted))
            yield return new(key, $"is '{names}'; the tokens that this server mints have the claim {minted}, so add it, or set AllowMinting to false");
    }
}
