namespace Presence.Actors.Dispatch;

/// <summary>
/// One thread that runs what is posted to it, and at the end of each turn writes what its links have to say. Actors that run
/// on the loop of their link cross no thread between a change and the socket, and all that a turn brings a link is one write.
/// </summary>
/// <remarks>Whoever runs on a loop must never block it: everything else on it would wait.</remarks>
public interface ILoop
{
    /// <summary>Whether the caller is on the thread of this loop.</summary>
    bool IsCurrent => false;

    /// <summary>Runs work soon, behind what the same thread has posted before. May be called from any thread.</summary>
    void Post(IThreadPoolWorkItem work);

    /// <summary>
    /// Runs work when nothing else waits, or at least one item per turn: for the parts of what is large and urgent to nobody. May be called
    /// from any thread.
    /// </summary>
    void PostBackground(IThreadPoolWorkItem work) => Post(work);
}
