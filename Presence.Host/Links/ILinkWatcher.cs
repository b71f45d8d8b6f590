namespace Presence.Host.Links;

/// <summary>Who keeps account of a link.</summary>
internal interface ILinkWatcher
{
    /// <summary>The connection of the link is in force, or has been waited for long enough. Called once, under the link's lock.</summary>
    void Started(Link link);

    /// <summary>The link is over, and its transport ended. Called once.</summary>
    void Over(Link link);
}
