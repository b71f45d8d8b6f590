namespace Presence.Host.Links;

/// <summary>
/// Releases the first frames that links hold back (protocol difference 0.3), each when its time has come or up to
/// <see cref="Grain"/> later. There is one timer for all links: of their own, each would cost more than the frame, and wake a thread
/// for it.
/// </summary>
internal static class FrameHolds
{
    /// <summary>Those whose times lie within this are released together, in milliseconds.</summary>
    public const long Grain = 10;

    private static readonly Lock Gate = new();
    private static readonly PriorityQueue<Link, long> Held = new();
    private static readonly Timer Time = new(static _ => ReleaseDue(), null, Timeout.Infinite, Timeout.Infinite);
    private static bool s_isTimed;

    /// <summary>Has a link released after a time.</summary>
    /// <param name="link">The link; <see cref="Link.Release"/> is called without any lock.</param>
    /// <param name="milliseconds">How long from now.</param>
    public static void Add(Link link, long milliseconds)
    {
        lock (Gate)
        {
            Held.Enqueue(link, Environment.TickCount64 + milliseconds);
            if (Held.Peek() == link || !s_isTimed)
                Await(milliseconds);
        }
    }

    private static void ReleaseDue()
    {
        var now = Environment.TickCount64;
        var due = new List<Link>();
        lock (Gate)
        {
            while (Held.TryPeek(out var link, out var at) && at <= now)
            {
                Held.Dequeue();
                due.Add(link);
            }

            s_isTimed = false;
            if (Held.TryPeek(out _, out var next))
                Await(Math.Max(next - now, Grain));
        }

        foreach (var link in due)
            link.Release();
    }

    private static void Await(long milliseconds)
    {
        s_isTimed = true;
        Time.Change(milliseconds, Timeout.Infinite);
    }
}
