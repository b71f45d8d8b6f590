using System.Diagnostics;

namespace Presence.Bench.Runs;

/// <summary>The time that everything here is measured by: nanoseconds from some instant, never set back.</summary>
internal static class Clock
{
    /// <summary>A second.</summary>
    public const long Second = 1_000_000_000;

    /// <summary>A millisecond.</summary>
    public const long Millisecond = 1_000_000;

    /// <summary>The time.</summary>
    public static long Now => Stopwatch.Frequency == Second
        ? Stopwatch.GetTimestamp()
        : (long)(Stopwatch.GetTimestamp() * ((double)Second / Stopwatch.Frequency));

    /// <summary>Seconds since a time.</summary>
    public static double SecondsSince(long time) => SecondsBetween(time, Now);

    /// <summary>Seconds from one time to another.</summary>
    public static double SecondsBetween(long from, long to) => (to - from) / (double)Second;
}
