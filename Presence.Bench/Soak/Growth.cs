namespace Presence.Bench.Soak;

/// <summary>How a figure changed over a time.</summary>
/// <param name="Name">The figure.</param>
/// <param name="Samples">How many samples there are.</param>
/// <param name="First">The mean of the first quarter of them.</param>
/// <param name="Last">The mean of the last quarter.</param>
/// <param name="Least">The least.</param>
/// <param name="Most">The most.</param>
/// <param name="PerMinute">The slope of the line that fits best, per minute.</param>
/// <param name="Grows">Whether it grows beyond noise.</param>
internal sealed record Growth(string Name, int Samples, double First, double Last, double Least, double Most, double PerMinute, bool Grows)
{
    // Fewer samples say nothing.
    private const int LeastSamples = 4;

    // What a runtime varies by itself: a twentieth of the figure, or a few threads or files.
    private const double NoisePart = 0.05;
    private const double LeastNoise = 5;

    /// <summary>Computes it.</summary>
    /// <param name="name">The figure.</param>
    /// <param name="samples">The samples in order of time: seconds and value.</param>
    public static Growth Of(string name, IReadOnlyList<(double Seconds, double Value)> samples)
    {
        if (samples.Count == 0)
            return new Growth(name, 0, 0, 0, 0, 0, 0, false);
        var quarter = Math.Max(1, samples.Count / 4);
        var first = samples.Take(quarter).Average(s => s.Value);
        var last = samples.TakeLast(quarter).Average(s => s.Value);
        var slope = Slope(samples);
        var span = samples[^1].Seconds - samples[0].Seconds;
        var noise = Math.Max(LeastNoise, NoisePart * first);
        // Both: the end is above the beginning, and there is a way that leads there, not one last peak.
        var grows = samples.Count >= LeastSamples && last - first > noise && slope * span > noise;
        return new Growth(
            name, samples.Count, Math.Round(first, 1), Math.Round(last, 1), samples.Min(s => s.Value), samples.Max(s => s.Value), Math.Round(slope * 60, 3), grows);
    }

    private static double Slope(IReadOnlyList<(double Seconds, double Value)> samples)
    {
        var (time, value) = (samples.Average(s => s.Seconds), samples.Average(s => s.Value));
        var spread = samples.Sum(s => (s.Seconds - time) * (s.Seconds - time));
        return spread == 0 ? 0 : samples.Sum(s => (s.Seconds - time) * (s.Value - value)) / spread;
    }
}
