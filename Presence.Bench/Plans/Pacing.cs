using Presence.Bench.Runs;

namespace Presence.Bench.Plans;

/// <summary>
/// When updates are sent. Times are in nanoseconds of <see cref="Clock"/>. The latency of a delivery counts from the time that
/// <see cref="TryTake"/> gives, which in an open loop is when the update should have been sent: an update that had to wait for a busy
/// server or generator was late for its follower as well, and leaving that out would make a stall look like one slow update.
/// </summary>
internal abstract class Pacing
{
    /// <summary>The pacing of a load that begins now.</summary>
    public static Pacing Of(LoadSettings settings, double seconds, long start) => settings.Rate is { } rate
        ? new OpenLoop(rate, seconds, start)
        : new ClosedLoop(settings.Window!.Value, seconds, start);

    /// <summary>Takes the next update if it is time for it.</summary>
    /// <param name="now">The time.</param>
    /// <param name="intended">The time from which its latency counts.</param>
    public abstract bool TryTake(long now, out long intended);

    /// <summary>Whether there will be no more updates.</summary>
    public abstract bool HasEnded(long now);

    /// <summary>How long from now nothing is to be sent unless an update is acknowledged, in nanoseconds.</summary>
    public abstract long Wait(long now);

    /// <summary>Whether a wait must end on time, not a little later.</summary>
    public abstract bool IsExact { get; }

    /// <summary>An update has been answered.</summary>
    public abstract void Answered();
}

/// <summary>
/// So many updates a second, whatever the server does. All that were due before the end are sent, however late.
/// </summary>
internal sealed class OpenLoop(double rate, double seconds, long start) : Pacing
{
    private readonly long _count = (long)Math.Round(rate * seconds);
    private long _taken;

    /// <inheritdoc/>
    public override bool IsExact => true;

    /// <inheritdoc/>
    public override bool TryTake(long now, out long intended)
    {
        intended = Intended(_taken);
        if (_taken >= _count || intended > now)
            return false;
        _taken++;
        return true;
    }

    /// <inheritdoc/>
    public override bool HasEnded(long now) => _taken >= _count;

    /// <inheritdoc/>
    public override long Wait(long now) => Math.Max(0, Intended(_taken) - now);

    /// <inheritdoc/>
    public override void Answered()
    {
    }

    private long Intended(long update) => start + (long)(update * (Clock.Second / rate));
}

/// <summary>So many updates are unanswered at any time: how much a server can do.</summary>
internal sealed class ClosedLoop(int window, double seconds, long start) : Pacing
{
    private readonly long _end = start + (long)(seconds * Clock.Second);
    private int _free = window;

    /// <inheritdoc/>
    public override bool IsExact => false;

    /// <inheritdoc/>
    public override bool TryTake(long now, out long intended)
    {
        intended = now;
        if (_free == 0 || HasEnded(now))
            return false;
        _free--;
        return true;
    }

    /// <inheritdoc/>
    public override bool HasEnded(long now) => now >= _end;

    /// <inheritdoc/>
    public override long Wait(long now) => _free > 0 ? 0 : Math.Max(0, _end - now);

    /// <inheritdoc/>
    public override void Answered() => _free++;
}
