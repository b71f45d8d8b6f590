namespace Presence.Host.Load;

/// <summary>Where the queue lengths come from that count for the load. Each function is called every 250 ms, from any thread.</summary>
internal sealed class LoadSources
{
    /// <summary>How many items of work wait on the event loops.</summary>
    public Func<long> PostedWork { get; set; } = static () => 0;

    /// <summary>How many follows of this node wait for an entity.</summary>
    public Func<long> FollowsInFlight { get; set; } = static () => 0;

    /// <summary>The memory of the process.</summary>
    public Func<MemoryFigures> Memory { get; set; } = MemoryFigures.Current;

    /// <summary>How many collections there have been, of any kind.</summary>
    public Func<int> Collections { get; set; } = static () => GC.CollectionCount(0);

    /// <summary>Collects everything, so that <see cref="Memory"/> tells what is in use. Stops all threads.</summary>
    public Action Collect { get; set; } = static () => GC.Collect(GC.MaxGeneration, GCCollectionMode.Forced, blocking: true, compacting: false);

    /// <summary>All that waits.</summary>
    public long Queued => PostedWork() + FollowsInFlight();
}
