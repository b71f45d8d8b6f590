namespace Presence.Tests.Cli.Kit;

/// <summary>The clock of a machine that sleeps: it goes forward meanwhile, and waits take as long as ever.</summary>
internal sealed class WokenClock : TimeProvider
{
    private long _slept;

    /// <summary>Sleeps.</summary>
    public void Sleep(TimeSpan time) => Interlocked.Add(ref _slept, time.Ticks);

    public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + TimeSpan.FromTicks(Interlocked.Read(ref _slept));
}
