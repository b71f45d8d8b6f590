using System.Net;

namespace Presence.Host.Links.Loops;

/// <summary>Who takes the connections that come to a port. Called by one thread at a time.</summary>
internal interface IArrivals
{
    /// <summary>
    /// The loop whose turn it is to take a connection. An acceptor waits until that loop has time for background work, so that what new
    /// clients cause does not delay those that are there (contract L2, L5). The others wait in the queue of the system.
    /// </summary>
    SocketLoop Next();

    /// <summary>A connection of this loop has come, and is to be added to it. If this fails, the connection is closed.</summary>
    /// <param name="socket">The connection.</param>
    /// <param name="address">The address of the client; null if that is not known.</param>
    /// <param name="descriptor">The descriptor that the system has given to it.</param>
    /// <returns>False: it is refused, and causes no more work.</returns>
    bool Arrived(LoopSocket socket, IPAddress? address, nint descriptor);

    /// <summary>
    /// The system has no descriptor or memory for another connection. The acceptor closes what waits, as far as it can, and tries again
    /// after a pause.
    /// </summary>
    void Starved(Exception fault);

    /// <summary>A connection could not be taken, and has been closed.</summary>
    void Lost(Exception fault);
}
