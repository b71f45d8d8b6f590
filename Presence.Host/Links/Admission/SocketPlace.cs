
namespace Presence.Host.Links.Admission;

/// <summary>
/// One client socket in the count of the node, from accept until it is closed (contract L4). It stays the same while the socket
/// passes from the listener to a link or to the HTTP server. Safe from any thread.
/// </summary>
/// <param name="places">The count.</param>
/// <param name="address">The address of the client, if addresses are counted.</param>
/// <param name="now">The time of the accept, in milliseconds of the count's clock.</param>
internal sealed class SocketPlace(SocketPlaces places, UInt128? address, long now) : IDisposable
{
    /// <summary>The address of the client, if addresses are counted.</summary>
    public UInt128? Address { get; } = address;

    /// <summary>When the socket was accepted.</summary>
    internal long Accepted { get; } = now;

    /// <summary>When it entered its queue.</summary>
    internal long Queued { get; set; } = now;

    /// <summary>The queue that it is in; null if it is in none.</summary>
    internal PlaceQueue? Queue { get; set; }

    internal SocketPlace? Before { get; set; }

    internal SocketPlace? Behind { get; set; }

    internal IPlaceOwner? Owner { get; set; }

    /// <summary>Whether its client has not authenticated yet.</summary>
    internal bool IsHandshake { get; set; } = true;

    /// <summary>Why its owner was told to close it; null if it was not.</summary>
    internal PlaceEnd? End { get; set; }

    internal bool IsDisposed { get; set; }

    /// <summary>The socket has a new owner.</summary>
    public void PassTo(IPlaceOwner owner) => places.PassTo(this, owner);

    /// <summary>The first bytes of the client have come.</summary>
    public void HasSent() => places.HasSent(this);

    /// <summary>
    /// The client has sent a whole request head or a hello: from now on the socket is a link, or one of the HTTP server with a request,
    /// and is not closed in favour of others.
    /// </summary>
    public void Establish() => places.Establish(this);

    /// <summary>The HTTP server has answered and waits for the next request: the socket can be closed in favour of others.</summary>
    public void Rest() => places.Rest(this);

    /// <summary>The socket has been closed. Only the first call counts.</summary>
    public void Dispose() => places.Leave(this);
}
