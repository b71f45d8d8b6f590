namespace Presence.Host.Load;

/// <summary>What the load is measured by. Each function is called every 250 ms, from any thread.</summary>
internal sealed class LoadSources
{
    /// <summary>How many items of work wait on the event loops.</summary>
    public Func<long> PostedWork { get; set; } = static () => 0;

    /// <summary>The memory of the process.</summary>
    public Func<MemoryFigures> Memory { get; set; } = MemoryFigures.Current;

    /// <summary>How many collections there have been, of any kind.</summary>
    public Func<int> Collections { get; set; } = static () => GC.CollectionCount(0);

    /// <summary>Collects everything, so that <see cref="Memory"/> tells what is in use. Stops all threads.</summary>
    public Action Collect { get; set; } = static () => GC.Collect(GC.MaxGeneration, GCCollectionMode.Forced, blocking: true, compacting: false);
}
