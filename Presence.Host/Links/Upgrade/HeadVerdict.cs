namespace Presence.Host.Links.Upgrade;

/// <summary>What the first bytes of a connection are.</summary>
internal enum HeadVerdict
{
    /// <summary>They may become a request that is ours.</summary>
    Incomplete,

    /// <summary>They begin with a whole request for <c>/ws</c> in which nothing is unusual.</summary>
    Ours,

    /// <summary>Anything else: to be read by who knows all of HTTP.</summary>
    NotOurs,
}
