using Presence.Actors.Limits;
using Presence.Actors.Telemetry;
using Presence.Host.Configuration;

namespace Presence.Host.Links;

/// <summary>What the client of one link may send and leave unread (contract L4). One instance is shared by all links of a node.</summary>
/// <param name="Refusals">Counts what the limits delay and refuse; null: nobody counts.</param>
internal sealed record LinkLimits(Refusals? Refusals)
{
    /// <summary>No rates, and the default bound of output.</summary>
    public static readonly LinkLimits NoRates = new((Refusals?)null);

    /// <summary>
    /// How many bytes of requests may be unanswered before the link reads no further. A request that is read takes a multiple of its
    /// bytes as long as it waits behind others, and a connection lets sixteen wait.
    /// </summary>
    public const int UnansweredBytes = 16 * 1024;

    /// <summary>How many seconds' worth of messages and of bytes a client may send at once.</summary>
    public static readonly TimeSpan Burst = TimeSpan.FromSeconds(4);

    /// <summary>Messages per second. Frames without a message count too: pings, pongs, pieces of messages, and empty lines.</summary>
    public RateLimit Messages { get; init; }

    /// <summary>Bytes per second, as sent: with what frames them, without what TLS adds.</summary>
    public RateLimit Bytes { get; init; }

    /// <summary>
    /// How long a client may be above one of its rates, in milliseconds. Until then the link reads as slowly as the limit allows;
    /// afterwards it is closed.
    /// </summary>
    public long PatienceAboveRate { get; init; } = 10_000;

    /// <summary>
    /// How many bytes may wait for the client before its changes are merged and its requests wait. They do so until less than a quarter
    /// of it waits. One answer may be larger: it is the last that is made until then.
    /// </summary>
    public int OutputBytes { get; init; } = 64 * 1024;

    /// <summary>How long the answer to a follow may be before the rest of it comes as events (<see cref="ReplySplitter"/>); 0: no bound.</summary>
    public int ReplyBytes { get; init; }

    /// <summary>The limits that are configured.</summary>
    public static LinkLimits Of(LimitSettings limits, Refusals refusals) => new(refusals)
    {
        Messages = new RateLimit(limits.MessagesPerSecond, Burst),
        Bytes = new RateLimit(limits.BytesPerSecond, Burst),
        OutputBytes = limits.OutputBytes,
        ReplyBytes = limits.ReplyBytes,
    };
}
