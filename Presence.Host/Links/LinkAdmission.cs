namespace Presence.Host.Links;

/// <summary>
/// Whether this node takes new links: one that stops takes none (contract C5). How many sockets there may be is decided when they are
/// accepted (<see cref="Admission.SocketPlaces"/>).
/// </summary>
internal sealed class LinkAdmission
{
    private volatile bool _isClosed;

    /// <summary>Whether the node takes no links any more.</summary>
    public bool IsClosed => _isClosed;

    /// <summary>Refuses every link from now on.</summary>
    public void Close() => _isClosed = true;
}
