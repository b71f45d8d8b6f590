using System.Collections.Concurrent;
using Microsoft.Extensions.Time.Testing;

namespace Presence.Tests.Client.Connections;

/// <summary>
/// A clock of the test that can let a wait pass once it has begun, and not before: what is still on its way there finds its time
/// untouched, however long this machine takes for it.
/// </summary>
internal sealed class WaitClock : FakeTimeProvider
{
    // Times are counted in whole milliseconds.
    private static readonly TimeSpan Grain = TimeSpan.FromMilliseconds(1);

    private readonly ConcurrentDictionary<Wait, TimeSpan> _waits = new();

    /// <summary>Whether somebody waits who has begun to wait for this long.</summary>
    public bool IsAwaited(TimeSpan wait) => _waits.Values.Any(begun => (begun - wait).Duration() < Grain);

    /// <summary>Lets this much time pass if somebody waits for it.</summary>
    public bool TryPass(TimeSpan wait)
    {
        if (!IsAwaited(wait))
            return false;
        Advance(wait);
        return true;
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var wait = new Wait(_waits);
        wait.Timer = base.CreateTimer(
            told =>
            {
                wait.End();
                callback(told);
            },
            state,
            Timeout.InfiniteTimeSpan,
            Timeout.InfiniteTimeSpan);
        wait.Change(dueTime, period);
        return wait;
    }

    private sealed class Wait(ConcurrentDictionary<Wait, TimeSpan> waits) : ITimer
    {
        private readonly Lock _gate = new();
        private int _ends;

        public ITimer Timer { get; set; } = null!;

        public void End()
        {
            lock (_gate)
            {
                _ends++;
                waits.TryRemove(this, out _);
            }
        }

        /// <summary>Begins it, and shows it only then: time that passes for one that is shown passes for it.</summary>
        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            var ends = Volatile.Read(ref _ends);
            var isChanged = Timer.Change(dueTime, period);
            lock (_gate)
            {
                // It may have passed already.
                if (_ends == ends)
                    waits[this] = dueTime;
            }

            return isChanged;
        }

        public void Dispose()
        {
            End();
            Timer.Dispose();
        }

        public ValueTask DisposeAsync()
        {
            End();
            return Timer.DisposeAsync();
        }
    }
}
