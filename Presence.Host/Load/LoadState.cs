namespace Presence.Host.Load;

/// <summary>
/// Decides the load level from samples (contract L5). Immutable; knows no clock. The rules:
/// <list type="bullet">
/// <item>The level of a sample is that of its worst measure: overloaded from the limit on, busy from a part of it on.</item>
/// <item>Memory raises the level at once, since what is allocated meanwhile may be too much. Lag and queues raise it when they
/// have been high for <see cref="RiseAfter"/>, since a pause of the collector or a burst is over by then.</item>
/// <item>The level falls when each measure has been clearly below the threshold of that level for <see cref="FallAfter"/>.</item>
/// </list>
/// </summary>
internal sealed record LoadState
{
    /// <summary>How long lag or queues must be high before the level rises.</summary>
    public static readonly TimeSpan RiseAfter = TimeSpan.FromSeconds(1);

    /// <summary>How long all measures must be low before the level falls.</summary>
    public static readonly TimeSpan FallAfter = TimeSpan.FromSeconds(5);

    /// <summary>From which share of memory on an overloaded node stays so.</summary>
    public const double OverloadedMemoryHeldFrom = FallBelowMemory;

    /// <summary>From which share of memory on a busy node stays so.</summary>
    public const double BusyMemoryHeldFrom = BusyMemory * FallBelowMemory;

    // From which part of the limit on the node is busy.
    private const double BusyLag = 0.25;
    private const double BusyQueue = 0.25;
    private const double BusyMemory = 0.85;

    // Below which part of a threshold a measure must be for the level to fall. Memory follows the collector, and is steadier.
    private const double FallBelow = 0.7;
    private const double FallBelowMemory = 0.95;

    private readonly LoadLimits _limits;

    // Since when the samples have asked for a higher or a lower level; null while they do not.
    private TimeSpan? _highSince;
    private TimeSpan? _lowSince;

    /// <summary>The state at the start: calm.</summary>
    /// <param name="limits">From which values on the node is overloaded.</param>
    public LoadState(LoadLimits limits) => _limits = limits;

    /// <summary>The level.</summary>
    public LoadLevel Level { get; private init; }

    /// <summary>The state after one more sample.</summary>
    /// <param name="sample">What was measured.</param>
    /// <param name="now">When; on any clock that does not go back.</param>
    public LoadState After(LoadSample sample, TimeSpan now)
    {
        var memory = OfMemory(sample.Memory);
        var work = OfWork(sample);
        if (memory > Level)
            return Risen(memory);
        if (work > Level)
        {
            var since = _highSince ?? now;
            return now - since >= RiseAfter ? Risen(work) : this with { _highSince = since, _lowSince = null };
        }

        var held = Held(sample);
        if (held >= Level)
            return this with { _highSince = null, _lowSince = null };
        var low = _lowSince ?? now;
        return now - low >= FallAfter
            ? this with { Level = held, _highSince = null, _lowSince = null }
            : this with { _highSince = null, _lowSince = low };
    }

    private LoadState Risen(LoadLevel level) => this with { Level = level, _highSince = null, _lowSince = null };

    private LoadLevel OfWork(LoadSample sample) =>
        Max(Of(sample.Lag / _limits.Lag, BusyLag), Of((double)sample.Queued / _limits.Queued, BusyQueue));

    /// <summary>The level that a sample is high enough to hold.</summary>
    private LoadLevel Held(LoadSample sample) => Max(
        OfMemory(sample.Memory / FallBelowMemory),
        OfWork(sample with { Lag = sample.Lag / FallBelow, Queued = (long)(sample.Queued / FallBelow) }));

    private static LoadLevel OfMemory(double share) => Of(share, BusyMemory);

    private static LoadLevel Of(double share, double busy) =>
        share >= 1 ? LoadLevel.Overloaded : share >= busy ? LoadLevel.Busy : LoadLevel.Calm;

    private static LoadLevel Max(LoadLevel one, LoadLevel other) => one > other ? one : other;
}
