using System.Collections.Immutable;
using Presence.Bench.Runs;
using Presence.Bench.Tallies;
using Presence.Bench.Wire;

namespace Presence.Bench.Abuse;

/// <summary>
/// What one abuse did to the well-behaved pairs and to the server. Its JSON form is part of the tool's interface
/// (docs/performance.md): names stay, and what was not measured is null.
/// </summary>
internal sealed record AbuseReport
{
    /// <summary>The version of the form; a field that changes its meaning changes it.</summary>
    public int Format { get; init; } = 1;

    /// <summary>The name of the scenario.</summary>
    public required string Scenario { get; init; }

    /// <summary>How the server was started, in a word; null if the tool did not start it.</summary>
    public string? Server { get; init; }

    /// <summary>When the run began.</summary>
    public required DateTimeOffset StartedAt { get; init; }

    /// <summary>How many clients the abuse had.</summary>
    public required int Clients { get; init; }

    /// <summary>How long the abuse took, in seconds.</summary>
    public required double Seconds { get; init; }

    /// <summary>The well-behaved pairs.</summary>
    public required ImmutableArray<PairReport> Pairs { get; init; }

    /// <summary>New links of well-behaved clients.</summary>
    public required ProbeReport Probe { get; init; }

    /// <summary>What the clients of the abuse have done.</summary>
    public required ImmutableArray<AnswerCount> Done { get; init; }

    /// <summary>What they were answered.</summary>
    public required ImmutableArray<AnswerCount> Answers { get; init; }

    /// <summary>What the server did wrong to those of them that it must serve.</summary>
    public required ImmutableArray<string> AbuserFaults { get; init; }

    /// <summary>The server's process; null if it is not known.</summary>
    public ProcessFigures? Process { get; init; }

    /// <summary>
    /// How the tool ends because of it: faulty if a pair was cut or told something wrong, or the server has ended. Latencies are figures,
    /// not faults.
    /// </summary>
    public ExitCode Outcome => Pairs.All(p => p.IsExact) && AbuserFaults.IsEmpty && Process is not { EndedAt: not null } ? ExitCode.Clean : ExitCode.Faulty;
}

/// <summary>What the pairs on one kind of link have seen.</summary>
internal sealed record PairReport
{
    private const int MaxExamples = 5;

    /// <summary>What carried its links.</summary>
    public required LinkKind Link { get; init; }

    /// <summary>How many pairs there are.</summary>
    public int Pairs { get; init; } = 1;

    /// <summary>How many updates were sent.</summary>
    public required long Updates { get; init; }

    /// <summary>How many were acknowledged, those included that were refused.</summary>
    public required long Acknowledged { get; init; }

    /// <summary>How many events showed an update to the follower.</summary>
    public required long Received { get; init; }

    /// <summary>How many updates were shown only by an event of a later one. Not lost.</summary>
    public required long Merged { get; init; }

    /// <summary>How many acknowledged updates the follower never learned of.</summary>
    public required long Lost { get; init; }

    /// <summary>How many events showed what had been shown before.</summary>
    public required long Duplicated { get; init; }

    /// <summary>How many changes broke the chain rule (contract E2).</summary>
    public required long ChainBreaks { get; init; }

    /// <summary>The first breaks in words.</summary>
    public required ImmutableArray<string> Examples { get; init; }

    /// <summary>Which of its links was cut, and how; null if none.</summary>
    public string? Cut { get; init; }

    /// <summary>The first error that an update was answered with, or the first message that cannot be read; null if there was none.</summary>
    public string? Refused { get; init; }

    /// <summary>From the time at which an update was due until the follower had it, in milliseconds.</summary>
    public required PhaseFigures Delivery { get; init; }

    /// <summary>The same until the publisher had the acknowledgement.</summary>
    public required PhaseFigures Acknowledgement { get; init; }

    /// <summary>
    /// How late updates were sent, in milliseconds. It is part of the latencies, and the machine's doing: this tool did not get the
    /// processor, or the server did not read.
    /// </summary>
    public required PhaseFigures SendLag { get; init; }

    /// <summary>Combines the reports of several pairs of one kind, which were measured with the same clock.</summary>
    public static PairReport Together(IReadOnlyList<PairReport> reports, PairClocks clocks) => new()
    {
        Link = reports[0].Link,
        Pairs = reports.Count,
        Updates = reports.Sum(r => r.Updates),
        Acknowledged = reports.Sum(r => r.Acknowledged),
        Received = reports.Sum(r => r.Received),
        Merged = reports.Sum(r => r.Merged),
        Lost = reports.Sum(r => r.Lost),
        Duplicated = reports.Sum(r => r.Duplicated),
        ChainBreaks = reports.Sum(r => r.ChainBreaks),
        Examples = [.. reports.SelectMany(r => r.Examples).Take(MaxExamples)],
        Cut = reports.Where(r => r.Cut is not null).ToArray() is [var first, ..] cut
            ? FormattableString.Invariant($"{(reports.Count == 1 ? "" : $"{cut.Length} of {reports.Count} pairs: ")}{first.Cut}")
            : null,
        Refused = reports.Select(r => r.Refused).FirstOrDefault(r => r is not null),
        Delivery = clocks.Deliveries.Figures,
        Acknowledgement = clocks.Acknowledgements.Figures,
        SendLag = clocks.Lags.Figures,
    };

    /// <summary>Whether nothing was lost, repeated, refused or cut.</summary>
    internal bool IsExact => Lost + Duplicated + ChainBreaks == 0 && Cut is null && Refused is null;
}

/// <summary>Durations in milliseconds, by the phase in which they began.</summary>
internal sealed record PhaseFigures(Spread? Before, Spread? During, Spread? After);

/// <summary>What a client saw that opened a link again and again.</summary>
/// <param name="Opened">How many links were opened while the abuse went on.</param>
/// <param name="Failed">How many were not.</param>
/// <param name="Milliseconds">How long an opening took.</param>
/// <param name="Failures">The first failures in words.</param>
internal sealed record ProbeReport(int Opened, int Failed, Spread? Milliseconds, ImmutableArray<string> Failures);

/// <summary>What the server's process held.</summary>
/// <param name="Before">Before the abuse.</param>
/// <param name="Peak">The most of each figure.</param>
/// <param name="End">When the abuse ended.</param>
/// <param name="After">At the end of the measurement.</param>
/// <param name="EndedAt">When the process was seen to have ended, in seconds; null if it is there.</param>
/// <param name="CoresDuring">How many cores it kept busy while the abuse went on.</param>
/// <param name="ToolCoresDuring">How many cores this tool did.</param>
/// <param name="OtherCoresDuring">How many cores all other processes of the machine did: with more than a little, the machine is measured.</param>
/// <param name="Series">Every sample.</param>
internal sealed record ProcessFigures(
    ProcessSample Before,
    ProcessSample Peak,
    ProcessSample End,
    ProcessSample After,
    double? EndedAt,
    double? CoresDuring,
    double ToolCoresDuring,
    double? OtherCoresDuring,
    ImmutableArray<ProcessSample> Series);
