using System.Collections.Immutable;
using Presence.Bench.Abuse;

namespace Presence.Bench.Soak;

/// <summary>What a soak has found. Its JSON form is part of the tool's interface (docs/performance.md).</summary>
internal sealed record SoakReport
{
    /// <summary>The version of the form.</summary>
    public int Format { get; init; } = 1;

    /// <summary>When it began.</summary>
    public required DateTimeOffset StartedAt { get; init; }

    /// <summary>What was run.</summary>
    public required SoakSettings Settings { get; init; }

    /// <summary>How many rounds there were, each of which ended with a check of every client.</summary>
    public required int Rounds { get; init; }

    /// <summary>How many actions of each kind there were.</summary>
    public required ImmutableArray<AnswerCount> Actions { get; init; }

    /// <summary>How many events were checked against the chain rule (contract E2).</summary>
    public required long Events { get; init; }

    /// <summary>How often a picture was compared with the truth: once for each followed user, client and round.</summary>
    public required long Comparisons { get; init; }

    /// <summary>How many faults there were.</summary>
    public required long Faults { get; init; }

    /// <summary>The first faults in words.</summary>
    public required ImmutableArray<string> Examples { get; init; }

    /// <summary>How the figures of the server changed after the first minutes; empty without a process.</summary>
    public required ImmutableArray<Growth> Growth { get; init; }

    /// <summary>Every sample.</summary>
    public required ImmutableArray<SoakSample> Series { get; init; }

    /// <summary>How the tool ends because of it.</summary>
    public ExitCode Outcome => Faults == 0 && Events > 0 && Growth.All(g => !g.Grows) ? ExitCode.Clean : ExitCode.Faulty;
}

/// <summary>The server at one time of a soak.</summary>
/// <param name="Seconds">When, in seconds since the beginning.</param>
/// <param name="At">What was done: <c>before</c>, <c>acting</c>, <c>rest</c> at the end of a round, or <c>gone</c> after all have left.</param>
/// <param name="ResidentMib">Resident memory, in MiB.</param>
/// <param name="OpenFiles">Open file descriptors.</param>
/// <param name="Threads">Threads.</param>
/// <param name="Metrics">What the server itself offers; null without an address for that.</param>
internal sealed record SoakSample(double Seconds, string At, double ResidentMib, int OpenFiles, int Threads, IReadOnlyDictionary<string, double>? Metrics);
