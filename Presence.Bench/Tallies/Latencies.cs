using HdrHistogram;

namespace Presence.Bench.Tallies;

/// <summary>Durations, from a microsecond to ten minutes, to three significant digits.</summary>
internal sealed class Latencies
{
    private const long Longest = 600_000_000;
    private const int Digits = 3;

    private readonly LongHistogram _microseconds = new(Longest, Digits);

    /// <summary>Adds one, in nanoseconds.</summary>
    public void Add(long nanoseconds) => _microseconds.RecordValue(Math.Clamp(nanoseconds / 1000, 0, Longest));

    /// <summary>Forgets all.</summary>
    public void Restart() => _microseconds.Reset();

    /// <summary>How they are spread; null if there are none.</summary>
    public Spread? Close() => _microseconds.TotalCount == 0 ? null : new Spread(
        _microseconds.TotalCount, At(50), At(90), At(99), At(99.9), At(100), Math.Round(_microseconds.GetMean() / 1000, 3));

    private double At(double percentile) => _microseconds.GetValueAtPercentile(percentile) / 1000.0;
}

/// <summary>How durations are spread, in milliseconds.</summary>
/// <param name="Count">How many there were.</param>
/// <param name="P50">Half of them were at most this long.</param>
/// <param name="P90">Nine of ten.</param>
/// <param name="P99">99 of a hundred.</param>
/// <param name="P999">999 of a thousand.</param>
/// <param name="Max">The longest.</param>
/// <param name="Mean">The mean.</param>
internal sealed record Spread(long Count, double P50, double P90, double P99, double P999, double Max, double Mean);
