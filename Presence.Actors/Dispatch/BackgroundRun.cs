using Akka.Dispatch;

namespace Presence.Actors.Dispatch;

/// <summary>
/// What a dispatcher on loops runs as background work (<see cref="ILoop.PostBackground"/>), on the loop of the caller. Other dispatchers
/// run it as any other work.
/// </summary>
/// <param name="run">What to do; it may be scheduled again and again.</param>
public sealed class BackgroundRun(Action run) : IRunnable
{
    /// <inheritdoc/>
    public void Run() => run();

    /// <inheritdoc/>
    public void Execute() => run();
}
