namespace Presence.Host.Links;

/// <summary>
/// Releases the first frames that links hold back (protocol difference 0.3), each when its time has come or up to
/// <see cref="Grain"/> later. There is one timer for all links: of their own, each would cost more than the frame, and wake a thread
/// for it.
/// </summary>
internal sealed partial class FrameHolds : IDisposable
{
    /// <summary>Those whose times lie within this are released together, in milliseconds.</summary>
    public const long Grain = 10;

    private readonly Lock _gate = new();
    private readonly PriorityQueue<Link, long> _held = new();
    private readonly TimeProvider _clock;
    private readonly ILogger _log;
    private readonly long _begin;
    private readonly ITimer _timer;
    private bool _isTimed;

    /// <param name="clock">What the times are measured by.</param>
    /// <param name="log">Where is told of a link that cannot be released.</param>
    public FrameHolds(TimeProvider clock, ILogger<FrameHolds> log)
    {
        _clock = clock;
        _log = log;
        _begin = clock.GetTimestamp();
        _timer = clock.CreateTimer(static holds => ((FrameHolds)holds!).ReleaseDue(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    private long Now => (long)_clock.GetElapsedTime(_begin).TotalMilliseconds;

    /// <summary>Has a link released after a time.</summary>
    /// <param name="link">The link; <see cref="Link.Release"/> is called without any lock.</param>
    /// <param name="milliseconds">How long from now.</param>
    public void Add(Link link, long milliseconds)
    {
        lock (_gate)
        {
            _held.Enqueue(link, Now + milliseconds);
            if (_held.Peek() == link || !_isTimed)
                Await(milliseconds);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _timer.Dispose();

    private void ReleaseDue()
    {
        var now = Now;
        var due = new List<Link>();
        lock (_gate)
        {
            while (_held.TryPeek(out var link, out var at) && at <= now)
            {
                _held.Dequeue();
                due.Add(link);
            }

            _isTimed = false;
            if (_held.TryPeek(out _, out var next))
                Await(Math.Max(next - now, Grain));
        }

        foreach (var link in due)
            Release(link);
    }

    /// <summary>A link that fails must not take the others along, nor the process, in which nobody would catch it.</summary>
    private void Release(Link link)
    {
        try
        {
            link.Release();
        }
        catch (Exception fault)
        {
            Failed(_log, fault);
        }
    }

    private void Await(long milliseconds)
    {
        _isTimed = true;
        _timer.Change(TimeSpan.FromMilliseconds(milliseconds), Timeout.InfiniteTimeSpan);
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "The first frame of a link could not be released; the others are.")]
    private static partial void Failed(ILogger log, Exception fault);
}
