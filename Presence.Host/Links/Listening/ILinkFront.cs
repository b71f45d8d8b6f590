using Presence.Host.Links.Loops;
using Presence.Host.Links.Upgrade;

namespace Presence.Host.Links.Listening;

/// <summary>Makes links of what the listeners find. Always called on the thread of the loop that the connection is on.</summary>
internal interface ILinkFront
{
    /// <summary>
    /// Decides about a request for <c>/ws</c>. Null refuses: the HTTP server gets the connection as if nobody had read of it,
    /// decides once more, and tells the client.
    /// </summary>
    ValueTask<UpgradeOutcome.Upgraded?> DecideAsync(UpgradeRequest request);

    /// <summary>
    /// Makes a link of a connection whose request is upgraded. The request is taken and not answered yet; the socket is to be
    /// passed to its new owner (<see cref="LoopSocket.PassTo"/>) before this returns.
    /// </summary>
    void Begin(LoopSocket socket, UpgradeOutcome.Upgraded upgraded);

    /// <summary>Takes a new connection of a port without HTTP, before anything has come; the socket is to be passed on likewise.</summary>
    void BeginPlain(LoopSocket socket);
}
