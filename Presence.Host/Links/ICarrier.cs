namespace Presence.Host.Links;

/// <summary>
/// What takes the bytes of one <see cref="Link"/> to its client and back: a socket on a loop or, with TLS, a pair of pipes. It
/// knows bytes and no frames, and asks the link for everything: <see cref="Link.Feed"/>, <see cref="Link.CopyOutput"/>. All
/// members may be called from any thread, under the link's lock, and return at once without calling the link back.
/// </summary>
internal interface ICarrier
{
    /// <summary>The link has output: it is to be taken until <see cref="Link.CopyOutput"/> says that there is none.</summary>
    void WriteSoon();

    /// <summary>The link takes input again, after <see cref="Link.Feed"/> has taken no more.</summary>
    void ReadSoon();

    /// <summary>
    /// Has the network asked how far the client has come, and <see cref="Link.Measured"/> told. False: the network does not tell.
    /// </summary>
    bool MeasureSoon() => false;

    /// <summary>
    /// <see cref="Link.Continue"/> is to be called, as background work: it can be large, or the same for thousands of links at one moment
    /// (contract L2).
    /// </summary>
    void ContinueSoon();

    /// <summary>Everything has been said and heard: the transport is to be ended in good order.</summary>
    void Finish();

    /// <summary>The transport is to be cut, whatever is on its way.</summary>
    void Abort();
}
