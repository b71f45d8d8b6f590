namespace Presence.Host.Links;

/// <summary>What a link says when it is fed.</summary>
internal enum Appetite
{
    /// <summary>It has taken all it could, and takes more when more has come.</summary>
    Hungry,

    /// <summary>It has taken as much as it may at a time, and takes more when the other links have had their turn.</summary>
    More,

    /// <summary>It takes nothing more until its carrier is told to read again.</summary>
    Sated,

    /// <summary>It takes nothing more at all.</summary>
    Done,
}
