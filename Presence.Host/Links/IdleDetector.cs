namespace Presence.Host.Links;

/// <summary>What is to be done about memory that the heap holds and nobody uses.</summary>
internal enum TrimStep
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>Collect beside the work, to learn what is in use; pooled arrays that have not been used for a while are freed as well.</summary>
    Collect,

    /// <summary>Return free memory of the native heap to the system; the managed heap has too little that is free to be moved.</summary>
    TrimNative,

    /// <summary>Move what is in use together and return the rest of both heaps to the system: this stops the process for a moment.</summary>
    Compact,
}

/// <summary>
/// Detects that the node is idle after work that has filled the heap, and says when to collect and when to compact it. Judged by what
/// is allocated and by what is free in the heap, whatever has caused it: clients that have left, or one that is quiet again.
/// </summary>
/// <remarks>
/// The runtime collects when something is allocated, so a node that has become idle keeps what it no longer uses. There are two passes,
/// <see cref="BetweenPasses"/> apart: a part of the memory is in use until entities that nobody follows have stopped, and arrays stay
/// in their pools until they have been unused for a minute.
/// </remarks>
internal readonly record struct IdleDetector
{
    /// <summary>Below this rate of allocation the node is idle, in bytes per second: pings of ten thousand idle links are far below.</summary>
    public const long IdleRate = 8 * 1024 * 1024;

    /// <summary>How much must have been allocated since the last pass for another to be worth it, in bytes.</summary>
    public const long LeastWork = 64 * 1024 * 1024;

    /// <summary>How much must be free in the heap for a compaction to be worth it, in bytes.</summary>
    public const long LeastFree = 32 * 1024 * 1024;

    /// <summary>How long the node must have been idle before the first pass.</summary>
    public static readonly TimeSpan BeforeFirstPass = TimeSpan.FromSeconds(15);

    /// <summary>How long after the first pass the second is.</summary>
    public static readonly TimeSpan BetweenPasses = TimeSpan.FromSeconds(65);

    // How many passes have begun since there was work.
    private int Passes { get; init; }

    private long Allocated { get; init; }

    // What had been allocated when the node was last at rest: at its start, and when the second pass was over.
    private long AllocatedAtRest { get; init; }

    // How long the node has been idle, or since when the last pass began.
    private TimeSpan Idle { get; init; }

    private bool HasCollected { get; init; }

    /// <summary>What is to be done now.</summary>
    public TrimStep Step { get; private init; }

    /// <summary>What is known after a look.</summary>
    /// <param name="allocated">How much the process has allocated since it began, in bytes.</param>
    /// <param name="free">How much of the heap nobody uses, as of the last collection, in bytes.</param>
    /// <param name="passed">How long ago the last look was.</param>
    public IdleDetector After(long allocated, long free, TimeSpan passed)
    {
        var isIdle = allocated - Allocated < IdleRate * passed.TotalSeconds;
        if (!isIdle)
            return this with { Allocated = allocated, Idle = default, Passes = 0, HasCollected = false, Step = TrimStep.None };
        var next = this with { Allocated = allocated, Idle = Idle + passed, Step = TrimStep.None };
        if (HasCollected)
        {
            // The collection of the last look has told what is free.
            return next with
            {
                HasCollected = false,
                AllocatedAtRest = Passes == 2 ? allocated : AllocatedAtRest,
                Step = free >= LeastFree ? TrimStep.Compact : TrimStep.TrimNative,
            };
        }

        var isDue = Passes switch
        {
            0 => next.Idle >= BeforeFirstPass && allocated - AllocatedAtRest >= LeastWork,
            1 => next.Idle >= BetweenPasses,
            _ => false,
        };
        if (isDue)
            return next with { Passes = Passes + 1, Idle = default, HasCollected = true, Step = TrimStep.Collect };
        // Little work now and then adds up.
        return Passes == 2 && allocated - AllocatedAtRest >= LeastWork ? next with { Passes = 0 } : next;
    }
}
