using System.Runtime;

namespace Presence.Host.Links;

/// <summary>
/// Returns memory that nobody uses any more to the system when the node has become idle (<see cref="IdleDetector"/>), unless so much
/// else is in use that moving it together would keep everybody waiting: a node without clients may still hold the entities of others.
/// </summary>
internal sealed partial class MemoryTrimmer(TimeProvider clock, ILogger<MemoryTrimmer> log) : BackgroundService
{
    /// <summary>How often it looks.</summary>
    public static readonly TimeSpan Period = TimeSpan.FromSeconds(5);

    private IdleDetector _idle;

    /// <summary>How much may be in use for a compaction, in bytes: about a tenth of a second's work to move.</summary>
    public long InUseAtMost { get; init; } = 128 * 1024 * 1024;

    /// <summary>Looks at the heap; to be called every <see cref="Period"/>.</summary>
    /// <param name="allocated">How much the process has allocated since it began, in bytes.</param>
    public void Look(long allocated)
    {
        var heap = GC.GetGCMemoryInfo(GCKind.Any);
        var inUse = heap.HeapSizeBytes - heap.FragmentedBytes;
        _idle = _idle.After(allocated, heap.TotalCommittedBytes - inUse, Period);
        switch (_idle.Step)
        {
            case TrimStep.Collect:
                // Beside the work; what it has found is known at the next look.
                GC.Collect(GC.MaxGeneration, GCCollectionMode.Forced, blocking: false, compacting: false);
                break;
            case TrimStep.TrimNative:
                NativeHeap.Trim();
                break;
            case TrimStep.Compact when inUse > InUseAtMost:
                NativeHeap.Trim();
                Kept(heap.TotalCommittedBytes, inUse);
                break;
            case TrimStep.Compact:
                var begin = clock.GetTimestamp();
                GCSettings.LargeObjectHeapCompactionMode = GCLargeObjectHeapCompactionMode.CompactOnce;
                GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
                NativeHeap.Trim();
                var took = clock.GetElapsedTime(begin);
                var after = GC.GetGCMemoryInfo(GCKind.Any).TotalCommittedBytes;
                Returned(heap.TotalCommittedBytes, after, took);
                break;
        }
    }

    /// <inheritdoc/>
    public override Task StartAsync(CancellationToken cancellationToken)
    {
        // By itself the runtime moves the old generation together when thousands of clients have left at one moment, and stops the process for
        // more than a millisecond per megabyte in use. In this mode it does that only when memory is short; otherwise this trimmer decides.
        GCSettings.LatencyMode = GCLatencyMode.SustainedLowLatency;
        return base.StartAsync(cancellationToken);
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Period, clock);
        while (await timer.WaitForNextTickAsync(stoppingToken).ConfigureAwait(false))
            Look(GC.GetTotalAllocatedBytes());
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Returned memory to the system: {After} bytes of {Before} are left of the heap, after {Time}.")]
    private partial void Returned(long before, long after, TimeSpan time);

    [LoggerMessage(Level = LogLevel.Information, Message = "Did not return memory to the system: {InUse} of the heap's {Before} bytes are in use, which is too much to move.")]
    private partial void Kept(long before, long inUse);
}
