using System.Collections.Concurrent;
using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Presence.Host.Links.Loops;
using Xunit;

namespace Presence.Tests.Host.Links.Loops;

/// <summary>What every loop does with posted work and with what is marked to be flushed.</summary>
public abstract class WorkLoopSuite
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private protected abstract WorkLoop Create(ILogger<WorkLoop> log);

    [LoopFact]
    public async Task Nothing_posted_is_lost_and_each_poster_keeps_its_order()
    {
        const int posters = 4;
        const int each = 50_000;
        using var loop = Create(NullLogger<WorkLoop>.Instance);
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var next = new int[posters];
        var left = posters * each;
        var faults = new ConcurrentQueue<string>();
        var threads = Enumerable.Range(0, posters).Select(poster => new Thread(() =>
        {
            var pause = new SpinWait();
            for (var i = 0; i < each; i++)
            {
                var mine = i;
                loop.Post(new Deed(() =>
                {
                    if (!loop.IsCurrent || next[poster] != mine)
                        faults.Enqueue($"poster {poster}: {mine} came for {next[poster]}, on the loop: {loop.IsCurrent}");
                    next[poster]++;
                    if (--left == 0)
                        done.SetResult();
                }));
                // Now and then the loop falls asleep.
                if (i % 970 == poster)
                {
                    for (var n = 0; n < 30; n++)
                        pause.SpinOnce();
                    pause.Reset();
                }
            }
        })).ToArray();
        foreach (var thread in threads)
            thread.Start();
        await done.Task.WaitAsync(Patience);
        Assert.Empty(faults);
    }

    [LoopFact]
    public async Task A_sleeping_loop_wakes_for_every_single_post()
    {
        using var loop = Create(NullLogger<WorkLoop>.Instance);
        for (var i = 0; i < 5000; i++)
            Assert.Equal(i, await loop.OnLoopAsync(() => i));
        Assert.False(loop.IsCurrent);
    }

    [LoopFact]
    public async Task A_post_that_meets_the_loop_on_its_way_to_sleep_is_not_lost()
    {
        using var loop = Create(NullLogger<WorkLoop>.Instance);
        var done = 0;
        var deed = new Deed(() => Volatile.Write(ref done, done + 1));
        // Without any wait between the end of one and the post of the next, but for a few steps more each time.
        var lost = await Task.Factory.StartNew(
            () =>
            {
                for (var i = 0; i < 100_000; i++)
                {
                    var until = Environment.TickCount64 + (long)Patience.TotalMilliseconds;
                    for (var steps = i % 256; steps > 0; steps--)
                        Volatile.Read(ref done);
                    loop.Post(deed);
                    var wait = new SpinWait();
                    while (Volatile.Read(ref done) <= i)
                    {
                        if (wait.NextSpinWillYield && Environment.TickCount64 > until)
                            return i;
                        wait.SpinOnce(sleep1Threshold: -1);
                    }
                }

                return -1;
            },
            CancellationToken.None,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default);
        Assert.Equal(-1, lost);
    }

    [LoopFact]
    public async Task What_the_loop_posts_to_itself_keeps_its_order_and_does_not_shut_others_out()
    {
        using var loop = Create(NullLogger<WorkLoop>.Instance);
        var seen = new List<int>();
        var stop = false;
        void Again()
        {
            if (!stop)
                loop.Post(new Deed(Again));
        }

        await loop.OnLoopAsync(() =>
        {
            loop.Post(new Deed(Again));
            for (var i = 0; i < 100; i++)
            {
                var mine = i;
                loop.Post(new Deed(() => seen.Add(mine)));
            }
        });
        // Though the loop never runs out of work of its own, each of these is done; when, among the hundred, is nobody's promise.
        var clock = Stopwatch.StartNew();
        while (await loop.OnLoopAsync(() => seen.Count).WaitAsync(Patience) < 100)
            Assert.True(clock.Elapsed < Patience, "The loop does what others post and not what it posts to itself.");
        Assert.Equal(Enumerable.Range(0, 100), await loop.OnLoopAsync(() => seen.ToArray()));
        await loop.OnLoopAsync(() => stop = true);
    }

    [LoopFact]
    public async Task Work_that_fails_is_logged_and_the_loop_goes_on()
    {
        var log = new FaultLog();
        using var loop = Create(log);
        loop.Post(new Deed(() => throw new InvalidOperationException("work")));
        await loop.OnLoopAsync(() => loop.FlushAtEnd(new Tub(_ => throw new InvalidOperationException("flush"))));
        await loop.FlushedAsync();
        Assert.Equal(7, await loop.OnLoopAsync(() => 7));
        Assert.Equal(["work", "flush"], log.Faults);
    }

    [LoopFact]
    public async Task What_is_marked_several_times_is_flushed_once_and_after_the_work_of_the_turn()
    {
        using var loop = Create(NullLogger<WorkLoop>.Instance);
        var worked = 0;
        var atFlush = -1;
        var flushed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var tub = new Tub(_ =>
        {
            atFlush = worked;
            flushed.SetResult();
        });
        await loop.OnLoopAsync(() =>
        {
            for (var i = 0; i < 100; i++)
            {
                loop.Post(new Deed(() =>
                {
                    worked++;
                    loop.FlushAtEnd(tub);
                }));
            }
        });
        await flushed.Task.WaitAsync(Patience);
        Assert.Equal((100, 1, false), await loop.OnLoopAsync(() => (atFlush, tub.Flushed, tub.IsMarked)));
    }

    [LoopFact]
    public async Task What_others_post_during_a_turn_is_done_before_its_large_flush()
    {
        using var loop = Create(NullLogger<WorkLoop>.Instance);
        var isDone = false;
        var flushing = FlushMuch(loop, () => isDone, () =>
        {
            var other = new Thread(() => loop.Post(new Deed(() => isDone = true)));
            other.Start();
            other.Join();
        });
        Assert.True(await flushing.WaitAsync(Patience));
    }

    [LoopFact]
    public async Task Work_that_goes_on_for_ever_keeps_no_large_flush_waiting_for_longer_than_a_turn_of_it()
    {
        using var loop = Create(NullLogger<WorkLoop>.Instance);
        var done = 0;
        var stop = false;
        void Again()
        {
            done++;
            if (!stop)
                loop.Post(new Deed(Again));
        }

        var flushing = FlushMuch(loop, () => done, () => loop.Post(new Deed(Again)));
        Assert.InRange(await flushing.WaitAsync(Patience), 1, WorkLoop.WorkPerTurn);
        await loop.OnLoopAsync(() => stop = true);
    }

    [LoopFact]
    [Trait("Clause", "L2")]
    public async Task Of_background_work_a_turn_with_other_work_does_one_item()
    {
        using var loop = Create(NullLogger<WorkLoop>.Instance);
        const int items = 50;
        var most = 0;
        var sinceWork = 0;
        var left = items;
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        void Work()
        {
            sinceWork = 0;
            if (left > 0)
                loop.Post(new Deed(Work));
            else
                done.TrySetResult();
        }

        await loop.OnLoopAsync(() =>
        {
            for (var i = 0; i < items; i++)
            {
                loop.PostBackground(new Deed(() =>
                {
                    left--;
                    most = Math.Max(most, ++sinceWork);
                }));
            }

            loop.Post(new Deed(Work));
        });
        await done.Task.WaitAsync(Patience);
        Assert.Equal(1, most);
    }

    [LoopFact]
    [Trait("Clause", "L2")]
    public async Task What_background_work_posts_is_done_before_the_next_turn_of_such_work()
    {
        using var loop = Create(NullLogger<WorkLoop>.Instance);
        var pending = 0;
        var most = 0;
        var left = 200;
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await loop.OnLoopAsync(() =>
        {
            for (var i = left; i > 0; i--)
            {
                loop.PostBackground(new Deed(() =>
                {
                    most = Math.Max(most, ++pending);
                    loop.Post(new Deed(() => pending--));
                    if (--left == 0)
                        done.SetResult();
                }));
            }
        });
        await done.Task.WaitAsync(Patience);
        Assert.InRange(most, 1, WorkLoop.BackgroundPerTurn);
    }

    [LoopFact]
    [Trait("Clause", "L2")]
    public async Task While_a_loop_is_busy_groups_of_items_begin_the_time_of_their_items_apart()
    {
        using var loop = Create(NullLogger<WorkLoop>.Instance);
        var isOver = false;
        await loop.OnLoopAsync(Work);
        Assert.Equal(BusyPace.SmallGroup, await loop.BackgroundGroupAsync(BusyPace.SmallGroup).WaitAsync(Patience));
        var begin = Stopwatch.StartNew();
        for (var group = 0; group < 5; group++)
            Assert.Equal(BusyPace.SmallGroup, await loop.BackgroundGroupAsync(BusyPace.SmallGroup).WaitAsync(Patience));
        Volatile.Write(ref isOver, true);
        Assert.True(begin.Elapsed > 4 * BusyPace.SmallGroup * WorkLoop.BusyPerItem, $"They began within {begin.Elapsed}.");

        void Work()
        {
            var until = Stopwatch.GetTimestamp() + (Stopwatch.Frequency / 1000);
            while (Stopwatch.GetTimestamp() < until)
                Thread.SpinWait(10);
            if (!Volatile.Read(ref isOver))
                loop.Post(new Deed(Work));
        }
    }

    [LoopFact]
    [Trait("Clause", "L2")]
    public async Task Background_work_waits_for_a_short_time_while_many_connections_end()
    {
        using var loop = Create(NullLogger<WorkLoop>.Instance);
        var isOver = false;
        await loop.OnLoopAsync(EndMany);
        var begin = Stopwatch.StartNew();
        await loop.BackgroundGroupAsync(1).WaitAsync(Patience);
        Assert.True(begin.Elapsed > 0.8 * EndBurst.Longest, $"It waited for {begin.Elapsed}.");
        Volatile.Write(ref isOver, true);

        void EndMany()
        {
            for (var end = 0; end <= EndBurst.EndsPerTurn; end++)
                loop.ConnectionEnded();
            if (!Volatile.Read(ref isOver))
                loop.FlushAtEnd(new Tub(_ => loop.Post(new Deed(EndMany))));
        }
    }

    [LoopFact]
    public async Task Background_work_of_another_thread_wakes_a_loop_that_sleeps()
    {
        using var loop = Create(NullLogger<WorkLoop>.Instance);
        for (var i = 0; i < 200; i++)
            await loop.BackgroundGroupAsync(1).WaitAsync(Patience);
    }

    [LoopFact]
    public async Task Background_work_of_a_loop_that_has_ended_is_done_by_another_thread()
    {
        var loop = Create(NullLogger<WorkLoop>.Instance);
        loop.Dispose();
        await loop.BackgroundGroupAsync(1).WaitAsync(Patience);
    }

    [LoopFact]
    [Trait("Clause", "L2")]
    public async Task Slow_work_keeps_a_flush_waiting_for_no_more_than_the_budget_of_a_turn()
    {
        using var loop = Create(NullLogger<WorkLoop>.Instance);
        const int items = 200;
        var done = 0;
        var flushedAfter = -1;
        var flushed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var tub = new Tub(_ =>
        {
            flushedAfter = done;
            flushed.TrySetResult();
        });
        await loop.OnLoopAsync(() =>
        {
            loop.FlushAtEnd(tub);
            for (var i = 0; i < items; i++)
            {
                loop.Post(new Deed(() =>
                {
                    var end = Stopwatch.GetTimestamp() + (long)(WorkLoop.BudgetOfWork.TotalSeconds * Stopwatch.Frequency / 4);
                    while (Stopwatch.GetTimestamp() < end)
                    {
                    }

                    done++;
                }));
            }
        });
        await flushed.Task.WaitAsync(Patience);
        // Four items fill the budget, and the clock is looked at after every few.
        Assert.InRange(flushedAfter, 0, 4 + (2 * TurnBudget.ItemsPerLook));
        var clock = Stopwatch.StartNew();
        while (await loop.OnLoopAsync(() => done) < items)
            Assert.True(clock.Elapsed < Patience);
    }

    [LoopFact]
    public async Task A_flush_that_fails_skips_no_other_and_leaves_no_mark()
    {
        using var loop = Create(NullLogger<WorkLoop>.Instance);
        var bad = new Tub(_ => throw new InvalidOperationException());
        var good = new Tub(_ => { });
        for (var round = 1; round <= 3; round++)
        {
            await loop.OnLoopAsync(() =>
            {
                loop.FlushAtEnd(bad);
                loop.FlushAtEnd(good);
            });
            await loop.FlushedAsync();
            Assert.Equal((round, round, false, false), await loop.OnLoopAsync(() => (bad.Flushed, good.Flushed, bad.IsMarked, good.IsMarked)));
        }
    }

    [LoopFact]
    public async Task What_is_marked_while_flushing_is_flushed_before_the_loop_sleeps()
    {
        using var loop = Create(NullLogger<WorkLoop>.Instance);
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var tub = new Tub(self =>
        {
            if (self.Flushed < 1000)
                loop.FlushAtEnd(self);
            else
                done.SetResult();
        });
        await loop.OnLoopAsync(() => loop.FlushAtEnd(tub));
        // Nothing else wakes the loop.
        await done.Task.WaitAsync(Patience);
    }

    [LoopFact]
    public void Only_the_thread_of_the_loop_may_mark()
    {
        using var loop = Create(NullLogger<WorkLoop>.Instance);
        Assert.Throws<InvalidOperationException>(() => loop.FlushAtEnd(new Tub(_ => { })));
    }

    [LoopFact]
    public async Task The_thread_has_ended_when_the_loop_is_disposed_of_and_later_work_is_still_done()
    {
        var loop = Create(NullLogger<WorkLoop>.Instance);
        var thread = await loop.OnLoopAsync(() => Thread.CurrentThread);
        Assert.StartsWith("presence loop ", thread.Name, StringComparison.Ordinal);
        loop.Dispose();
        Assert.False(thread.IsAlive);
        Assert.True(await loop.OnLoopAsync(() => Thread.CurrentThread.IsThreadPoolThread));
        loop.Dispose();
    }

    [LoopFact]
    public async Task A_loop_that_disposes_of_itself_ends()
    {
        var loop = Create(NullLogger<WorkLoop>.Instance);
        var thread = await loop.OnLoopAsync(() =>
        {
            loop.Dispose();
            return Thread.CurrentThread;
        });
        Assert.True(thread.Join(Patience));
    }

    [LoopFact]
    public async Task Posts_that_race_with_the_end_are_done_all_the_same()
    {
        for (var round = 0; round < 50; round++)
        {
            var loop = Create(NullLogger<WorkLoop>.Instance);
            var left = 2000;
            var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            var posting = Task.Run(() =>
            {
                for (var i = 0; i < 2000; i++)
                {
                    loop.Post(new Deed(() =>
                    {
                        if (Interlocked.Decrement(ref left) == 0)
                            done.SetResult();
                    }));
                }
            });
            Thread.SpinWait(round * 200);
            loop.Dispose();
            await posting;
            await done.Task.WaitAsync(Patience);
        }
    }

    /// <summary>Has so much flushed at the end of a turn that it is large, and does something in that turn.</summary>
    /// <returns>What the last one that is flushed sees.</returns>
    private static Task<T> FlushMuch<T>(WorkLoop loop, Func<T> see, Action inThatTurn)
    {
        var seen = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        loop.Post(new Deed(() =>
        {
            for (var i = 1; i < WorkLoop.LargeFlush; i++)
                loop.FlushAtEnd(new Tub(_ => { }));
            loop.FlushAtEnd(new Tub(_ => seen.SetResult(see())));
            inThatTurn();
        }));
        return seen.Task;
    }

    private sealed class FaultLog : ILogger<WorkLoop>
    {
        public ConcurrentQueue<string> Faults { get; } = [];

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (logLevel == LogLevel.Error && exception is not null)
                Faults.Enqueue(exception.Message);
        }
    }
}

public sealed class PortableLoopTests : WorkLoopSuite
{
    private protected override WorkLoop Create(ILogger<WorkLoop> log) => new PortableLoop(0, log);
}

/// <summary>The same for Linux's own.</summary>
[LinuxOnly]
public sealed class EpollLoopTests : WorkLoopSuite
{
    private protected override WorkLoop Create(ILogger<WorkLoop> log) => new EpollLoop(0, log);
}

public sealed class LoopSetTests
{
    [Fact]
    public void Loops_take_turns_and_end_together()
    {
        var set = new LoopSet(number => new PortableLoop(number, NullLogger<WorkLoop>.Instance), count: 3);
        Assert.Equal(set.All.Concat(set.All), Enumerable.Range(0, 6).Select(_ => set.Next()));
        set.Dispose();
        Assert.True(LoopSet.DefaultCount >= 1);
    }

    [Fact]
    public void A_set_that_cannot_be_completed_leaves_no_loop_behind()
    {
        var made = new List<PortableLoop>();
        Assert.Throws<IOException>(() => new LoopSet(
            number =>
            {
                if (number == 2)
                    throw new IOException();
                made.Add(new PortableLoop(number, NullLogger<WorkLoop>.Instance));
                return made[^1];
            },
            count: 3));
        // What has ended does its work elsewhere.
        Assert.All(made, loop => Assert.True(loop.OnLoopAsync(() => Thread.CurrentThread.IsThreadPoolThread).Result));
    }
}
