namespace Presence.Host.Links.Loops;

/// <summary>Why a listening socket has given no connection.</summary>
internal enum AcceptFault
{
    /// <summary>Nobody waits.</summary>
    Nobody,

    /// <summary>The one that waited is gone; another may be there.</summary>
    Theirs,

    /// <summary>The system lacks descriptors or memory, or the socket is none any more: waiting helps, or nothing does.</summary>
    Ours,
}
