namespace Presence.Host.Links;

/// <summary>
/// Decides whether the client of a link is alive (contract C2, L1). An immutable value without a clock and without I/O: the link reports
/// what happens and asks.
/// </summary>
/// <remarks>
/// <para>
/// A client that answers pings (every WebSocket, and a TCP client whose hello says so) is alive if it sends anything. At most one ping is
/// outstanding. The answer shows more: the client has read everything that was queued before the ping.
/// </para>
/// <para>
/// A client that is silent may be slow: the ping waits behind output that it has not read. Its answer is due after
/// <see cref="LinkTimes.PongWait"/>, or after the time in which a client of <see cref="SlowestRead"/> reads what it is not known to have
/// read before the ping. While its system has no room for more, nothing can be said of it, and only
/// <see cref="LinkTimes.WriteStall"/> without an acknowledged byte ends the link.
/// </para>
/// <para>
/// A client that does not answer pings is alive as long as its system answers. If its system does not acknowledge what is sent, the link
/// ends after <see cref="LinkTimes.PongWait"/>. While nothing is outstanding, the keep-alive probes of TCP check its system; they do not run
/// while data is unacknowledged.
/// </para>
/// <para>
/// TCP_USER_TIMEOUT is not used. Since Linux 5.11 it also ends a connection whose peer has no room for that long, although the peer answers
/// every window probe. A slow reader has no room for minutes (contract L1).
/// </para>
/// </remarks>
internal readonly record struct Liveness
{
    /// <summary>How fast a client reads at least that counts as slow and not as gone, in bytes per second.</summary>
    public const int SlowestRead = 1000;

    // The least time between two pings of a client that is not silent, in milliseconds: with output that goes out anyway, and by itself. Pings
    // by themselves are sent for all links at once, so a busy node would wait for hundreds of them.
    private const long UnreadPeriod = 1000;
    private const long UnreadPeriodAlone = 5000;

    // How much the system of a client usually holds for it, in bytes. A client that is sent more than this per pong wait is not pinged before
    // it is silent: if it hangs, its system has no room when the pong would be due, and then none is due. The ping costs more than it looks,
    // since a client that sends makes its system acknowledge in another way. Over the loopback network a delivery then takes up to 1.5 times
    // the processor time of the server.
    private const long ReceiveBuffer = 128 * 1024;

    // A client that does not answer in time is gone if its system has answered nothing for this long either, in milliseconds.
    private const long SystemSilence = 5000;

    // How often the network is asked whether a client without pings acknowledges, in milliseconds.
    private const long MeasurePeriod = 2000;

    // What was written longer ago than this has reached the system of the server, in milliseconds.
    private const long TransportDelay = 1000;

    /// <summary>Whether the client answers pings.</summary>
    public bool AnswersPings { get; private init; }

    /// <summary>When anything came from the client.</summary>
    public long HeardAt { get; private init; }

    /// <summary>When the transport last took anything, or the client's system acknowledged anything.</summary>
    public long WroteAt { get; private init; }

    /// <summary>The number of the newest ping.</summary>
    public byte LastPing { get; private init; }

    /// <summary>Whether the newest ping is not answered.</summary>
    public bool IsPingOutstanding { get; private init; }

    /// <summary>The number of the next ping.</summary>
    public byte NextPing => (byte)(LastPing + 1);

    private long PingedAt { get; init; }

    // How much had been queued, the newest ping included, when it was sent; and up to where the client is known to have read.
    private long PingPosition { get; init; }

    private long ReadPosition { get; init; }

    // When, and with how much queued, a sample of the output rate has begun.
    private long SampledAt { get; init; }

    private long SampledPosition { get; init; }

    // When a sample has last shown that the client is sent so much that pings are not worth it; 0: none has.
    private long BusyAt { get; init; }

    // Until when the client's system may hold so much that the client has not read yet that no answer can be expected.
    private long SlowUntil { get; init; }

    private long Acknowledged { get; init; }

    private long MeasuredAt { get; init; }

    // Something was written that is not known to have been acknowledged.
    private bool IsUnsettled { get; init; }

    /// <summary>The client is connected.</summary>
    public static Liveness Begin(bool answersPings, long now) => new()
    {
        AnswersPings = answersPings,
        HeardAt = now,
        WroteAt = now,
        PingedAt = now,
        IsUnsettled = true,
    };

    /// <summary>Something has come from the client.</summary>
    public Liveness Heard(long now) => this with { HeardAt = now };

    /// <summary>The transport has taken something.</summary>
    public Liveness Wrote(long now) => this with { WroteAt = now, IsUnsettled = true };

    /// <summary>Whether a ping is to be sent now.</summary>
    /// <param name="queued">How many bytes have been queued for the client in all.</param>
    /// <param name="isAlone">Whether nothing else is about to be sent.</param>
    /// <param name="now">The time.</param>
    /// <param name="times">The times of the link.</param>
    public bool IsPingDue(long queued, bool isAlone, long now, LinkTimes times)
    {
        if (!AnswersPings || IsPingOutstanding)
            return false;
        var since = now - PingedAt;
        if (now - HeardAt > times.PingPeriod && since > times.PingPeriod)
            return true;
        var period = Math.Min(isAlone ? UnreadPeriodAlone : UnreadPeriod, times.PingPeriod);
        return since > period && HasUnread(queued, times) && IsSampled(times) && now - SampledAt > period && !IsBusy(queued, now, times);
    }

    /// <summary>
    /// Whether <see cref="Sampled"/> is to be called: the client may have so much unread that a ping could be worth it, and it is not known
    /// how much it is being sent.
    /// </summary>
    /// <param name="queued">How many bytes have been queued for the client in all.</param>
    /// <param name="now">The time.</param>
    /// <param name="times">The times of the link.</param>
    public bool IsSampleDue(long queued, long now, LinkTimes times) => !IsPingOutstanding && HasUnread(queued, times)
        && (!IsSampled(times) || (now - SampledAt > UnreadPeriod && IsBusy(queued, now, times)));

    /// <summary>From now on it is measured how much the client is sent.</summary>
    /// <param name="queued">How many bytes have been queued for the client in all.</param>
    /// <param name="now">The time.</param>
    /// <param name="times">The times of the link.</param>
    public Liveness Sampled(long queued, long now, LinkTimes times) => this with
    {
        SampledAt = now,
        SampledPosition = queued,
        BusyAt = IsSampled(times) && IsAboveUsefulRate(queued, now, times) ? now : BusyAt,
    };

    /// <summary>
    /// Whether the client may have so much unread that the link should know how far it has read: more than a client of
    /// <see cref="SlowestRead"/> reads in half the pong wait. With less, the answer to a ping is due within the pong wait anyway.
    /// </summary>
    /// <param name="queued">How many bytes have been queued for the client in all.</param>
    /// <param name="times">The times of the link.</param>
    public bool HasUnread(long queued, LinkTimes times) => AnswersPings && queued - ReadPosition > times.PongWait * SlowestRead / 2000;

    /// <summary><see cref="NextPing"/> has been queued.</summary>
    /// <param name="queued">How many bytes have been queued in all, with the ping.</param>
    /// <param name="now">The time.</param>
    public Liveness Pinged(long queued, long now) => this with { LastPing = NextPing, IsPingOutstanding = true, PingedAt = now, PingPosition = queued };

    /// <summary>The client has sent a pong. One without a number, or with another, may be unsolicited: it shows nothing but life.</summary>
    public Liveness Answered(byte? number) => !IsPingOutstanding ? this
        : number == LastPing ? this with { IsPingOutstanding = false, ReadPosition = PingPosition }
        : this with { IsPingOutstanding = false };

    /// <summary>Whether only the network can tell whether the client is alive, although nothing waits in the link.</summary>
    public bool NeedsMeasure(long now, LinkTimes times) => AnswersPings
        ? now - HeardAt > PatienceFor(times)
        : IsUnsettled && now - HeardAt > times.PongWait && now - MeasuredAt >= Math.Min(MeasurePeriod, times.PongWait);

    /// <summary>The network has told how far the client's system is.</summary>
    /// <param name="progress">What it tells.</param>
    /// <param name="isWaiting">Whether something waits in the link.</param>
    /// <param name="now">The time.</param>
    /// <param name="times">The times of the link.</param>
    public Liveness Measured(in PeerProgress progress, bool isWaiting, long now, LinkTimes times)
    {
        var next = this with { MeasuredAt = now };
        if (progress.Acknowledged != Acknowledged)
            next = next with { Acknowledged = progress.Acknowledged, WroteAt = now };
        // When this has gone out, the client's system may still hold as much as the client reads in that time.
        if (isWaiting || progress.HasUnsent)
            next = next with { SlowUntil = now + times.WriteStall };
        if (!progress.HasQueue && !isWaiting && now - next.WroteAt > TransportDelay)
            next = next with { IsUnsettled = false };
        return next;
    }

    /// <summary>Whether the client is alive, from what the network tells; after <see cref="Measured"/>.</summary>
    /// <param name="progress">What the network tells.</param>
    /// <param name="isWaiting">Whether something waits in the link.</param>
    /// <param name="isRead">Whether the client may send, and what it sends is read.</param>
    /// <param name="now">The time.</param>
    /// <param name="times">The times of the link.</param>
    public bool IsAlive(in PeerProgress progress, bool isWaiting, bool isRead, long now, LinkTimes times)
    {
        var isSilent = isRead && IsSilent(now, times);
        if (progress.UnansweredFor > (isSilent ? Math.Min(SystemSilence, times.PongWait) : times.PongWait))
            return false;
        if (isWaiting || progress.HasUnsent || (progress.HasQueue && !isSilent))
            return now - WroteAt <= times.WriteStall;
        return !isSilent || now < SlowUntil;
    }

    /// <summary>Whether the client is alive, where the network tells nothing.</summary>
    /// <param name="isWaiting">Whether something waits in the link.</param>
    /// <param name="isRead">Whether the client may send, and what it sends is read.</param>
    /// <param name="now">The time.</param>
    /// <param name="times">The times of the link.</param>
    public bool IsAlive(bool isWaiting, bool isRead, long now, LinkTimes times) =>
        isWaiting ? now - WroteAt <= times.WriteStall : !isRead || !IsSilent(now, times);

    // Whether a sample has begun since the client may have much unread.
    private bool IsSampled(LinkTimes times) => HasUnread(SampledPosition, times);

    // Whether the client is being sent much: pauses of some seconds do not end that.
    private bool IsBusy(long queued, long now, LinkTimes times) =>
        (BusyAt != 0 && now - BusyAt <= UnreadPeriodAlone) || IsAboveUsefulRate(queued, now, times);

    private bool IsAboveUsefulRate(long queued, long now, LinkTimes times) =>
        (queued - SampledPosition) * times.PongWait > (now - SampledAt) * ReceiveBuffer;

    // Whether the answer to a ping is overdue.
    private bool IsSilent(long now, LinkTimes times) => AnswersPings && now - HeardAt > PatienceFor(times);

    // How long the client may be silent. Without a ping, or with one that waits behind little, that is the pong wait.
    private long PatienceFor(LinkTimes times)
    {
        if (!IsPingOutstanding)
            return times.PongWait;
        var reading = (PingPosition - ReadPosition) * 1000 / SlowestRead;
        return Math.Max(times.PongWait, Math.Min(times.WriteStall, PingedAt - HeardAt + reading));
    }
}
