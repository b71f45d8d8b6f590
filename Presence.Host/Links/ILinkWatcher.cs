namespace Presence.Host.Links;

/// <summary>Who keeps account of a link.</summary>
internal interface ILinkWatcher
{
    /// <summary>The link has got its connection, which its node knows of by now. Called under the link's lock.</summary>
    void Attached(Link link);

    /// <summary>The link is over, and its transport ended. Called once.</summary>
    void Over(Link link);
}
