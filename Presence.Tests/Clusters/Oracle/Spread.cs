namespace Presence.Tests.Clusters.Oracle;

/// <summary>How long many things took.</summary>
public sealed class Spread
{
    private readonly List<double> _milliseconds = [];

    public int Count => _milliseconds.Count;

    public TimeSpan Longest => _milliseconds.Count == 0 ? TimeSpan.Zero : TimeSpan.FromMilliseconds(_milliseconds.Max());

    public void Add(TimeSpan took) => _milliseconds.Add(took.TotalMilliseconds);

    public void Add(Spread other) => _milliseconds.AddRange(other._milliseconds);

    /// <summary>What this part of all stayed within.</summary>
    /// <param name="part">From 0 to 1.</param>
    public TimeSpan Within(double part)
    {
        if (_milliseconds.Count == 0)
            return TimeSpan.Zero;
        _milliseconds.Sort();
        return TimeSpan.FromMilliseconds(_milliseconds[Math.Min(_milliseconds.Count - 1, (int)(part * _milliseconds.Count))]);
    }

    public override string ToString() => Count == 0
        ? "none"
        : $"p50 {Within(0.5).TotalMilliseconds:F1} ms, p99 {Within(0.99).TotalMilliseconds:F1} ms, max {Longest.TotalMilliseconds:F1} ms ({Count})";
}
