namespace Presence.Host.Links.Admission;

/// <summary>The current owner of the socket of a <see cref="SocketPlace"/>.</summary>
internal interface IPlaceOwner
{
    /// <summary>
    /// Closes the socket, shortly after this has returned. From any thread; nothing may be waited for. If the client has authenticated
    /// meanwhile, there is nothing to do.
    /// </summary>
    void Close(PlaceEnd reason);
}

/// <summary>Why a socket has to go.</summary>
internal enum PlaceEnd
{
    /// <summary>The client has not authenticated in time.</summary>
    Late,

    /// <summary>A new socket takes its place.</summary>
    Displaced,
}
