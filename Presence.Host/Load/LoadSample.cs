namespace Presence.Host.Load;

/// <summary>What is measured at one moment.</summary>
/// <param name="Lag">How long work that is posted to an event loop waits; the longest of all loops.</param>
/// <param name="Memory">The memory in use as a share of what may be in use; 1 is the limit (<see cref="MemoryFigures.Share"/>).</param>
/// <param name="Queued">How many items of work wait on the loops.</param>
internal readonly record struct LoadSample(TimeSpan Lag, double Memory, long Queued);

/// <summary>From which values on the node is overloaded.</summary>
/// <param name="Lag">The lag of an event loop.</param>
/// <param name="Queued">The number of items that wait.</param>
internal sealed record LoadLimits(TimeSpan Lag, long Queued)
{
    /// <summary>
    /// A loop handles at least 300,000 items per second, so this many are several seconds of work. Ordinary bursts stay below a
    /// tenth of it.
    /// </summary>
    public const long MaxQueued = 1_000_000;
}
