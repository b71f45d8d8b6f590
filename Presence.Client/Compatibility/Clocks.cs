#if NET
namespace Presence.Client;

/// <summary>What the package for older runtimes calls the same.</summary>
internal static class Clocks
{
    public static Task Delay(this TimeProvider clock, TimeSpan time, CancellationToken cancel) => Task.Delay(time, clock, cancel);

    public static CancellationTokenSource CreateCancellationTokenSource(this TimeProvider clock, TimeSpan time) => new(time, clock);
}
#endif
