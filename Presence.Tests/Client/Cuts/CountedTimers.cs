namespace Presence.Tests.Client.Cuts;

/// <summary>The system's clock, which knows how many of its timers have not been given back.</summary>
internal sealed class CountedTimers : TimeProvider
{
    private int _live;

    public int Live => Volatile.Read(ref _live);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        Interlocked.Increment(ref _live);
        return new Timer(base.CreateTimer(callback, state, dueTime, period), this);
    }

    private sealed class Timer(ITimer inner, CountedTimers counted) : ITimer
    {
        private int _isOver;

        public bool Change(TimeSpan dueTime, TimeSpan period) => inner.Change(dueTime, period);

        public void Dispose()
        {
            inner.Dispose();
            if (Interlocked.Exchange(ref _isOver, 1) == 0)
                Interlocked.Decrement(ref counted._live);
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return default;
        }
    }
}
