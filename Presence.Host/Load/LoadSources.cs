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

    /// <summary>All that waits.</summary>
    public long Queued => PostedWork() + FollowsInFlight();
}
