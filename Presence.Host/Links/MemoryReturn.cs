using System.Runtime;

namespace Presence.Host.Links;

/// <summary>
/// Gives the memory that many links have left behind back to the system, at an <see cref="Ebb"/>, unless so much else is alive that
/// moving it together would keep everybody waiting: a node without clients may still be home to the users of others.
/// </summary>
internal sealed partial class MemoryReturn(LinkSet links, TimeProvider clock, ILogger<MemoryReturn> log) : BackgroundService
{
    /// <summary>How often it looks.</summary>
    public static readonly TimeSpan Period = TimeSpan.FromSeconds(5);

    private Ebb _ebb;

    /// <summary>How much may be alive, in bytes: about a tenth of a second's work to move.</summary>
    public long AliveAtMost { get; init; } = 128 * 1024 * 1024;

    /// <summary>Looks how many links there are; to be called every <see cref="Period"/>.</summary>
    public void Look()
    {
        _ebb = _ebb.After(links.Count, Period);
        if (!_ebb.HasCome)
            return;
        var begin = clock.GetTimestamp();
        // What the runtime does by itself now and then: it frees, moves nothing, and knows what is alive.
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Forced, blocking: true, compacting: false);
        var heap = GC.GetGCMemoryInfo(GCKind.FullBlocking);
        if (heap.HeapSizeBytes - heap.FragmentedBytes > AliveAtMost)
        {
            Kept(_ebb.Most, links.Count, heap.HeapSizeBytes - heap.FragmentedBytes);
            return;
        }

        GCSettings.LargeObjectHeapCompactionMode = GCLargeObjectHeapCompactionMode.CompactOnce;
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        var took = clock.GetElapsedTime(begin);
        Returned(_ebb.Most, links.Count, took);
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Period, clock);
        while (await timer.WaitForNextTickAsync(stoppingToken).ConfigureAwait(false))
            Look();
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Of {Most} links {Links} are left: the memory of the others was given back, in {Time}.")]
    private partial void Returned(int most, int links, TimeSpan time);

    [LoggerMessage(Level = LogLevel.Information, Message = "Of {Most} links {Links} are left: the memory of the others is kept for the next, since {Alive} bytes are alive.")]
    private partial void Kept(int most, int links, long alive);
}
