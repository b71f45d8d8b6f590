using Presence.Host.Links.Loops;

namespace Presence.Tests.Host.Links.Loops;

/// <summary>Work for a loop.</summary>
internal sealed class Deed(Action what) : IThreadPoolWorkItem
{
    public void Execute() => what();
}

/// <summary>Something that a loop flushes.</summary>
internal sealed class Tub(Action<Tub> flush) : IFlush
{
    public bool IsMarked { get; set; }

    public int Flushed { get; private set; }

    public void Flush()
    {
        Flushed++;
        flush(this);
    }
}

internal static class LoopCalls
{
    /// <summary>Does something on the loop's thread, and answers what came of it.</summary>
    public static Task<T> OnLoopAsync<T>(this WorkLoop loop, Func<T> what)
    {
        var done = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        loop.Post(new Deed(() =>
        {
            try
            {
                done.TrySetResult(what());
            }
            catch (Exception fault)
            {
                done.TrySetException(fault);
            }
        }));
        return done.Task.WaitAsync(TimeSpan.FromSeconds(30));
    }

    /// <summary>Waits until everything that is marked by now has been flushed.</summary>
    public static async Task FlushedAsync(this WorkLoop loop)
    {
        var flushed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await loop.OnLoopAsync(() => loop.FlushAtEnd(new Tub(_ => flushed.SetResult())));
        await flushed.Task.WaitAsync(TimeSpan.FromSeconds(30));
    }

    /// <summary>Waits until the loop has waited for its sockets once more, and has told what it found.</summary>
    public static async Task TurnedAsync(this WorkLoop loop)
    {
        // What is posted after a flush is done in a turn that began with a wait.
        await loop.FlushedAsync();
        await loop.FlushedAsync();
    }

    public static Task OnLoopAsync(this WorkLoop loop, Action what) => loop.OnLoopAsync(() =>
    {
        what();
        return true;
    });
}
