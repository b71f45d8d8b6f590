using System.Net;

namespace Presence.Host.Links.Loops;

/// <summary>Who takes the connections that come to a port. Called by one thread at a time.</summary>
internal interface IArrivals
{
    /// <summary>The loop whose turn it is to take a connection.</summary>
    SocketLoop Next();

    /// <summary>A connection of this loop has come, and is to be added to it. If this fails, the connection is closed.</summary>
    void Arrived(LoopSocket socket, IPAddress? address);

    /// <summary>The system is out of what it takes to accept connections. They wait for a moment.</summary>
    void Starved(Exception fault);

    /// <summary>A connection could not be taken, and has been closed.</summary>
    void Lost(Exception fault);
}
