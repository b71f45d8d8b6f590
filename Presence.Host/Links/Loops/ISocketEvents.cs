namespace Presence.Host.Links.Loops;

/// <summary>
/// What a loop tells the owner of a socket, always on the loop's thread, and nothing any more once the socket is closed.
/// </summary>
internal interface ISocketEvents
{
    /// <summary>
    /// There is something to receive, or an end. Told again and again until it is taken, so that one receive per call will do.
    /// </summary>
    void Readable();

    /// <summary>There is room for something to send; told as long as <see cref="LoopSocket.WantsWrite"/> is set.</summary>
    void Writable();

    /// <summary>
    /// The connection is gone both ways, and nobody is reading who would find out by that. The last that is told; the socket is
    /// still to be closed.
    /// </summary>
    void Broken();
}
