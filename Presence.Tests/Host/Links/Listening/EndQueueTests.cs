using System.Diagnostics;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Connections;
using Presence.Host.Links.Listening;
using Presence.Tests.Host.Links.Loops;
using Presence.Tests.Semantics.Clients;
using Xunit;

namespace Presence.Tests.Host.Links.Listening;

/// <summary>How connections of Kestrel's that end at one moment take turns.</summary>
public sealed class EndQueueTests
{
    // Long enough for an end to show in what waits for it.
    private static readonly TimeSpan TimeOfEnd = TimeSpan.FromMilliseconds(0.5);

    [Fact]
    [Trait("Clause", "L2")]
    public async Task Other_work_of_the_thread_pool_waits_for_a_few_ends_and_not_for_all()
    {
        const int count = 1000;
        var queue = new EndQueue();
        var ended = 0;
        var ends = Enumerable.Range(0, count).Select(async _ =>
        {
            await queue.TurnAsync().ConfigureAwait(false);
            Spin();
            ended++;
        }).ToArray();
        for (var round = 0; round < 5; round++)
        {
            var before = Volatile.Read(ref ended);
            var passed = new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously);
            ThreadPool.UnsafeQueueUserWorkItem(_ => passed.SetResult(Volatile.Read(ref ended) - before), null);
            Assert.InRange(await passed.Task.WaitAsync(Peer.Patience), 0, count / 2);
        }

        await Task.WhenAll(ends).WaitAsync(Peer.Patience);
        // Without a lock: no two have run at the same time.
        Assert.Equal(count, ended);
    }

    [Fact]
    [Trait("Clause", "C2")]
    public async Task A_busy_pool_delays_many_ends_by_few_passes_of_its_queue()
    {
        const int count = 2000;
        var queue = new EndQueue();
        var isOver = false;
        var passed = 0;
        // More work than there are threads, so that what is queued waits for a pass.
        using var running = new CountdownEvent(2 * Environment.ProcessorCount);
        void Pass(object? _)
        {
            Spin();
            Interlocked.Increment(ref passed);
            if (Volatile.Read(ref isOver))
                running.Signal();
            else
                ThreadPool.UnsafeQueueUserWorkItem(Pass, null);
        }

        for (var i = 0; i < running.InitialCount; i++)
            ThreadPool.UnsafeQueueUserWorkItem(Pass, null);
        var before = Volatile.Read(ref passed);
        var ends = Enumerable.Range(0, count).Select(async _ => await queue.TurnAsync().ConfigureAwait(false)).ToArray();
        await Task.WhenAll(ends).WaitAsync(Peer.Patience);
        var after = Volatile.Read(ref passed);
        Volatile.Write(ref isOver, true);
        Assert.True(running.Wait(Peer.Patience));
        Assert.InRange(after - before, 0, count / 2);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    [Trait("Clause", "C2")]
    public async Task An_end_waits_for_its_turn_and_what_the_client_sends_does_not(bool isReset)
    {
        using var pair = await SocketPair.ConnectAsync();
        var queue = new EndQueue();
        using var mayGoOn = new ManualResetEventSlim();
        var first = Task.Run(async () =>
        {
            await queue.TurnAsync().ConfigureAwait(false);
            mayGoOn.Wait(Peer.Patience);
        });
        try
        {
            // As the transport of Kestrel does for connections with TLS.
            var received = new Pipe(new PipeOptions(readerScheduler: PipeScheduler.Inline, writerScheduler: PipeScheduler.Inline, useSynchronizationContext: false));
            var input = new QueuedEndTransport(new Transport(received.Reader, new Pipe().Writer), pair.Server, queue).Input;
            var reading = input.ReadAsync().AsTask();
            await received.Writer.WriteAsync(new byte[] { 1, 2, 3 });
            Assert.True(reading.IsCompletedSuccessfully);
            var read = await reading;
            Assert.Equal((3, false), (read.Buffer.Length, read.IsCompleted));
            input.AdvanceTo(read.Buffer.End);

            reading = input.ReadAsync().AsTask();
            if (isReset)
            {
                pair.Server.Dispose();
                await received.Writer.CompleteAsync(new ConnectionResetException("reset"));
            }
            else
            {
                await received.Writer.CompleteAsync();
            }

            Assert.False(reading.IsCompleted);
            mayGoOn.Set();
            if (isReset)
            {
                await Assert.ThrowsAsync<ConnectionResetException>(() => reading);
            }
            else
            {
                Assert.True((await reading).IsCompleted);
                // Who reads on has had the turn.
                input.AdvanceTo(default);
                Assert.True(input.ReadAsync().AsTask().IsCompletedSuccessfully);
            }
        }
        finally
        {
            mayGoOn.Set();
            await first.WaitAsync(Peer.Patience);
        }
    }

    private static void Spin()
    {
        var begin = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(begin) < TimeOfEnd)
        {
        }
    }

    private sealed record Transport(PipeReader Input, PipeWriter Output) : IDuplexPipe;
}
