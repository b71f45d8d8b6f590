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

    /// <summary>There is room for something to send; told once for each <see cref="LoopSocket.AwaitRoom"/>.</summary>
    /// <param name="sent">How much of what was to be sent next has been sent already.</param>
    void Writable(int sent);

    /// <summary>
    /// The connection is gone both ways, and nobody is reading who would find out by that: not every system tells. Or the loop has
    /// ended. The last that is told; the socket is still to be closed.
    /// </summary>
    void Broken();
}
