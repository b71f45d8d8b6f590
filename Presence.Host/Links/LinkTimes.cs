using Presence.Host.Configuration;

namespace Presence.Host.Links;

/// <summary>The times of a link, in milliseconds.</summary>
/// <param name="PingPeriod">A link that is silent for this long is pinged.</param>
/// <param name="PongWait">A link that gives no sign of life for this long has ended (contract C2).</param>
/// <param name="WriteStall">A link whose client acknowledges nothing of what waits for it for this long has ended (contract L1).</param>
/// <param name="FirstFrameHold">How long the first frame is held back that the client did not ask for (protocol difference 0.3).</param>
/// <param name="StartPatience">
/// A client is told that it is connected when it is online; but rather early than never, while a home is being moved: after this.
/// </param>
/// <param name="CloseWait">How long a closing link waits for its client to close, once everything has been sent.</param>
internal sealed record LinkTimes(long PingPeriod, long PongWait, long WriteStall, long FirstFrameHold = 50, long CloseWait = 2000, long StartPatience = 1000)
{
    /// <summary>The times that are configured.</summary>
    public static LinkTimes Of(LimitSettings limits) => new(
        (long)limits.PingPeriod.TotalMilliseconds, (long)limits.PongWait.TotalMilliseconds, (long)limits.IdleWrite.TotalMilliseconds);
}
