using Presence.Bench.Runs;
using Presence.Bench.Tallies;

namespace Presence.Bench.Abuse;

/// <summary>The parts of a measurement.</summary>
internal enum Phase
{
    /// <summary>Nothing is measured yet.</summary>
    WarmUp,

    /// <summary>Before the abuse.</summary>
    Before,

    /// <summary>While it goes on.</summary>
    During,

    /// <summary>After it has ended.</summary>
    After,
}

/// <summary>The time line of a measurement: every update belongs to the phase in which it was to be sent. Safe for use by several threads.</summary>
internal sealed class PhaseLine
{
    private readonly long[] _begins = [long.MinValue, long.MaxValue, long.MaxValue, long.MaxValue];

    /// <summary>A phase begins now.</summary>
    public void Begin(Phase phase) => Volatile.Write(ref _begins[(int)phase], Clock.Now);

    /// <summary>The phase of a time.</summary>
    public Phase Of(long time)
    {
        for (var phase = Phase.After; phase > Phase.WarmUp; phase--)
        {
            if (time >= Volatile.Read(ref _begins[(int)phase]))
                return phase;
        }

        return Phase.WarmUp;
    }
}

/// <summary>Durations, apart for each phase. Safe for use by several threads.</summary>
internal sealed class PairTimes(PhaseLine line)
{
    private readonly Latencies[] _phases = [new(), new(), new(), new()];

    /// <summary>Adds the duration from a time until now.</summary>
    public void Add(long from, long now)
    {
        var phase = _phases[(int)line.Of(from)];
        lock (phase)
            phase.Add(now - from);
    }

    /// <summary>The durations of a phase; null if there are none.</summary>
    public Spread? Of(Phase phase)
    {
        lock (_phases[(int)phase])
            return _phases[(int)phase].Close();
    }

    /// <summary>All of them.</summary>
    public PhaseFigures Figures => new(Of(Phase.Before), Of(Phase.During), Of(Phase.After));
}

/// <summary>What pairs of one kind measure together.</summary>
internal sealed class PairClocks(PhaseLine line)
{
    /// <summary>From the time at which an update was due until the follower had it.</summary>
    public PairTimes Deliveries { get; } = new(line);

    /// <summary>The same until the publisher had the acknowledgement.</summary>
    public PairTimes Acknowledgements { get; } = new(line);

    /// <summary>How late updates were sent.</summary>
    public PairTimes Lags { get; } = new(line);
}
