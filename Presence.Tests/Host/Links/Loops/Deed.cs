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

    public static Task OnLoopAsync(this WorkLoop loop, Action what) => loop.OnLoopAsync(() =>
    {
        what();
        return true;
    });
}
