using System.Collections.Immutable;
using Presence.Bench.Plans;
using Presence.Bench.Tallies;

namespace Presence.Bench.Reports;

/// <summary>
/// What a run has measured. Its JSON form is part of the tool's interface (docs/performance.md): names stay, and what was not
/// measured is null.
/// </summary>
internal sealed record LoadReport
{
    /// <summary>The version of the form; a field that changes its meaning changes it.</summary>
    public int Format { get; init; } = 1;

    /// <summary>The name of the scenario.</summary>
    public required string Scenario { get; init; }

    /// <summary>When the run began.</summary>
    public required DateTimeOffset StartedAt { get; init; }

    /// <summary>Where the servers were.</summary>
    public required ImmutableArray<string> Servers { get; init; }

    /// <summary>What was run.</summary>
    public required LoadSettings Settings { get; init; }

    /// <summary>How the connections came.</summary>
    public required ConnectFigures Connect { get; init; }

    /// <summary>How the follows went; null in a storm.</summary>
    public FollowFigures? Follow { get; init; }

    /// <summary>How many cores the server keeps busy while nobody does anything; null in a storm, and without a process.</summary>
    public double? IdleCores { get; init; }

    /// <summary>What has become of the deliveries of the warm-up; null if there was none.</summary>
    public Deliveries? WarmUp { get; init; }

    /// <summary>How the updates went; null in a storm.</summary>
    public RunFigures? Run { get; init; }

    /// <summary>How long deliveries took, in milliseconds; null if none arrived.</summary>
    public Spread? LatencyMs { get; init; }

    /// <summary>How late updates were sent, in milliseconds. It is in the latencies, and the generator's doing.</summary>
    public Spread? SendLagMs { get; init; }

    /// <summary>How the connections went.</summary>
    public required DisconnectFigures Disconnect { get; init; }

    /// <summary>The rounds of a storm; null in other scenarios.</summary>
    public ImmutableArray<StormRound>? Storm { get; init; }

    /// <summary>The server's memory.</summary>
    public required MemoryFigures MemoryMib { get; init; }

    /// <summary>What went wrong.</summary>
    public required FaultFigures Faults { get; init; }

    /// <summary>How the tool ends because of it.</summary>
    public ExitCode Outcome => Faults.Any || WarmUp is { IsExact: false } || Run is { Deliveries.IsExact: false } or { Updates: 0 }
        ? ExitCode.Faulty
        : ExitCode.Clean;
}

/// <summary>How connections came.</summary>
/// <param name="Connected">How many did; in a storm those of all rounds.</param>
/// <param name="Seconds">From the first request to the last answer.</param>
/// <param name="PerSecond">How many a second.</param>
/// <param name="CpuUsEach">The server's processor time for each, in microseconds.</param>
/// <param name="KibEach">By how much the server's memory has grown for each, in KiB.</param>
internal sealed record ConnectFigures(int Connected, double Seconds, double PerSecond, double? CpuUsEach, double? KibEach);

/// <summary>How follows went.</summary>
/// <param name="Follows">How many there are: pairs of a follower and a followed.</param>
/// <param name="Presences">How many presences the answers have listed.</param>
/// <param name="Seconds">From the first request to the last answer.</param>
/// <param name="CpuUsEach">The server's processor time for each follow, in microseconds.</param>
/// <param name="KibPerConnection">The server's memory for each connection since before it came, its follows included, in KiB.</param>
internal sealed record FollowFigures(long Follows, long Presences, double Seconds, double? CpuUsEach, double? KibPerConnection);

/// <summary>How updates went.</summary>
/// <param name="Seconds">From the first update to the last delivery or answer.</param>
/// <param name="Updates">How many were sent.</param>
/// <param name="Acknowledged">How many were acknowledged.</param>
/// <param name="UpdatesPerSecond">How many a second.</param>
/// <param name="Deliveries">What has become of the deliveries.</param>
/// <param name="DeliveriesPerSecond">How many of those that were received a second.</param>
/// <param name="CpuUsPerDelivery">The server's processor time for each that was received, in microseconds.</param>
/// <param name="ServerCores">How many cores the server kept busy.</param>
/// <param name="GeneratorCores">How many this tool did. It has one thread for the load: near 1 it is the tool that is measured.</param>
internal sealed record RunFigures(
    double Seconds,
    long Updates,
    long Acknowledged,
    double UpdatesPerSecond,
    Deliveries Deliveries,
    double DeliveriesPerSecond,
    double? CpuUsPerDelivery,
    double? ServerCores,
    double GeneratorCores);

/// <summary>How connections went.</summary>
/// <param name="Connections">How many were closed; in a storm those of all rounds.</param>
/// <param name="CpuUsEach">The server's processor time for each until it has come to rest, in microseconds.</param>
internal sealed record DisconnectFigures(int Connections, double? CpuUsEach);

/// <summary>A round of a storm.</summary>
/// <param name="Connected">How many came.</param>
/// <param name="Seconds">From the first request to the last answer.</param>
/// <param name="PerSecond">How many a second.</param>
/// <param name="ConnectCpuUsEach">The server's processor time for each that came, in microseconds.</param>
/// <param name="DisconnectCpuUsEach">The same for each that went.</param>
/// <param name="ConnectedMib">The server's memory when all were there, in MiB.</param>
/// <param name="GoneMib">Its memory after all had gone, and it had come to rest.</param>
internal sealed record StormRound(
    int Connected, double Seconds, double PerSecond, double? ConnectCpuUsEach, double? DisconnectCpuUsEach, double? ConnectedMib, double? GoneMib);

/// <summary>The server's memory (resident set), in MiB.</summary>
/// <param name="Before">Before anybody came.</param>
/// <param name="Connected">When all were there; in a storm of the last round.</param>
/// <param name="Following">When all followed.</param>
/// <param name="Ran">After the last delivery.</param>
/// <param name="Gone">After all had gone, and it had come to rest.</param>
internal sealed record MemoryFigures(double? Before, double? Connected, double? Following, double? Ran, double? Gone);

/// <summary>What went wrong.</summary>
/// <param name="Refused">How many connections were not let in, or not in time.</param>
/// <param name="CutOff">How many were cut off.</param>
/// <param name="Errors">How many errors the server sent.</param>
/// <param name="Unanswered">How many follows and updates of those who were still there it did not answer in time.</param>
/// <param name="Examples">The first different ones in words.</param>
internal sealed record FaultFigures(int Refused, int CutOff, int Errors, int Unanswered, ImmutableArray<string> Examples)
{
    /// <summary>Whether anything did.</summary>
    internal bool Any => Refused + CutOff + Errors + Unanswered > 0;
}
