using Presence.Actors.Dispatch;

namespace Presence.Host.Load;

/// <summary>
/// Measures how long posted work waits on one event loop: posts an item that does nothing, and notes when the loop runs it. There
/// is at most one such item in the queue.
/// </summary>
/// <param name="loop">The loop.</param>
/// <param name="clock">The clock.</param>
internal sealed class LoopProbe(ILoop loop, TimeProvider clock) : IThreadPoolWorkItem
{
    private long _postedAt;
    private long _lag;
    private bool _isPosted;

    /// <summary>
    /// The wait of the last item: how long it took or, if it still waits, how long it has waited so far. Posts the next one if none
    /// waits. To be called by one thread at a time.
    /// </summary>
    public TimeSpan Measure()
    {
        if (Volatile.Read(ref _isPosted))
            return clock.GetElapsedTime(_postedAt);
        var lag = new TimeSpan(_lag);
        _postedAt = clock.GetTimestamp();
        Volatile.Write(ref _isPosted, true);
        loop.Post(this);
        return lag;
    }

    /// <summary>The loop has come to the item.</summary>
    void IThreadPoolWorkItem.Execute()
    {
        _lag = clock.GetElapsedTime(_postedAt).Ticks;
        Volatile.Write(ref _isPosted, false);
    }
}
