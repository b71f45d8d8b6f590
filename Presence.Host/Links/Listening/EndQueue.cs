using System.Collections.Concurrent;
using System.Diagnostics;

namespace Presence.Host.Links.Listening;

/// <summary>
/// Runs the ends of Kestrel's connections on the thread pool, one after another. To end a connection over TLS takes 0.2 ms, and the network
/// can cut thousands at one moment. The pool has one queue, so the connections that are still there would wait for all of them (contract L2).
/// </summary>
/// <remarks>
/// The pool has one work item for all ends. It runs ends for at most <see cref="Slice"/>, or one that takes longer, and then goes to
/// the end of the pool's queue. So what others have queued waits for one slice, and a busy pool delays an end by less than one pass of its
/// queue per slice (contract C2). Safe from any thread.
/// </remarks>
internal sealed class EndQueue : IThreadPoolWorkItem
{
    /// <summary>How long ends run before the rest of the pool's work has its turn.</summary>
    public static readonly TimeSpan Slice = TimeSpan.FromMilliseconds(1);

    /// <summary>The queue of this process, as the thread pool is one per process.</summary>
    public static EndQueue Shared { get; } = new();

    private readonly ConcurrentQueue<TaskCompletionSource> _waiting = new();

    // The ends that wait, and the one that runs. Whoever raises it from zero queues the work item.
    private int _left;

    /// <summary>Completes when it is the caller's turn to end. What awaits it directly runs as part of the turn.</summary>
    public Task TurnAsync()
    {
        // Its continuation runs in Execute: the next turn comes when that has returned.
        var turn = new TaskCompletionSource();
        _waiting.Enqueue(turn);
        if (Interlocked.Increment(ref _left) == 1)
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        return turn.Task;
    }

    /// <inheritdoc/>
    void IThreadPoolWorkItem.Execute()
    {
        var begin = Stopwatch.GetTimestamp();
        do
        {
            // An end is in the queue before it is counted.
            _waiting.TryDequeue(out var turn);
            turn!.SetResult();
            if (Interlocked.Decrement(ref _left) == 0)
                return;
        }
        while (Stopwatch.GetElapsedTime(begin) < Slice);

        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }
}
