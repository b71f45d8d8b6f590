namespace Presence.Host.Configuration;

/// <summary>How the node stops when it is told to (contract C5).</summary>
internal sealed class StopSettings
{
    private static readonly TimeSpan DefaultDrainTime = TimeSpan.FromSeconds(10);

    // Ports and links may take this long to be closed, and the hand-over of the shards with the leave of the cluster as long.
    private static readonly TimeSpan Rest = TimeSpan.FromSeconds(20);

    /// <summary>
    /// Over how long the links that are open are told to go elsewhere; zero tells all of them at once. Null means ten seconds;
    /// in Development it is zero, where nobody waits for others.
    /// </summary>
    public TimeSpan? DrainTime { get; set; }

    /// <summary>The drain time that holds.</summary>
    internal TimeSpan Drain => DrainTime ?? DefaultDrainTime;

    /// <summary>The longest that a stop may take from the signal to the end of the process.</summary>
    internal TimeSpan Whole => Drain + Rest;

    internal IEnumerable<ConfigurationFault> Faults(string key) => Rule.SpanOrNone($"{key}:DrainTime", Drain);
}
