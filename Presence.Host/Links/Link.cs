using System.Buffers;
using Akka.Actor;
using Presence.Actors.Connections;
using Presence.Actors.Limits;
using Presence.Actors.Telemetry;
using Presence.Host.Links.Framing;

namespace Presence.Host.Links;

/// <summary>
/// The way to one client, whatever carries its bytes: cuts requests out of what comes as far as its connection demands, keeps
/// what is to be sent in order, and notices when the client is gone. Knows how messages look and nothing of what they mean;
/// waits for nothing, and has no thread of its own.
/// </summary>
/// <remarks>
/// <para>
/// Locking: a link is its own lock, which nobody else takes. With tens of thousands of links each object of one is memory that a
/// delivery finds in no cache.
/// </para>
/// <para>
/// Writing: frames are queued, and the first of them tells the <see cref="ICarrier"/>, which takes all that is there when it
/// comes to it; what comes meanwhile is taken along or is the next round's. So a burst costs few writes, and no two writes of
/// a link overlap.
/// </para>
/// <para>
/// Ending: there are two ways, and each happens once. The client ends the link: the connection is told
/// <see cref="LinkSignal.Closed"/>. The server ends it by <see cref="Close"/>: nothing more is accepted, what is there goes out,
/// and what the client still sends is read and thrown away for a bounded time, since unread bytes would make the network drop
/// the last words.
/// </para>
/// </remarks>
internal sealed class Link : ILink
{
    /// <summary>How many frames are taken at a time, before the other links have their turn.</summary>
    internal const int FramesPerTurn = 64;

    /// <summary>After how many bytes of an answer the next parts wait until the other links have had their turn: about 0.5 ms of work.</summary>
    internal const int AnswerBytesPerTurn = 64 * 1024;

    /// <summary>After how many bytes no more frames are taken in this turn. The last of them may be longer, up to the longest message.</summary>
    internal const int BytesPerTurn = 16 * 1024;

    private static long s_made;

    private readonly MessageFraming _framing;
    private readonly LinkFormat _format;
    private readonly LinkTimes _times;
    private readonly LinkLimits _limits;
    private readonly FrameHolds? _holds;
    private readonly int _replyBytes;

    // Null until the client may be spoken to.
    private ICarrier? _carrier;
    private IActorRef _connection = ActorRefs.Nobody;
    private TaskCompletionSource? _started;

    // What answers the client's wish to connect; null when that has gone out, or somebody else answers.
    private byte[]? _greeting;
    private OutputQueue _output;

    // The answer to the newest ping, while too much waits for it to go behind that (RFC 6455, section 5.5.3).
    private byte[]? _pong;
    private long _begunAt = Environment.TickCount64;
    private Liveness _liveness;

    // How many bytes have been queued since the link began.
    private long _queued;
    private long _closingSince;

    // The parts of an answer that have not been made yet; everything else that is sent goes behind them. Null: there are none.
    private IEnumerator<byte[]>? _parts;
    private int _demand;

    // Requests that the connection has been told of and has not demanded the next for, and their bytes.
    private int _unanswered;
    private int _unansweredBytes;

    // What the client has used of its rates, and since when it has been above one of them; 0: it is not.
    private TokenBucket _messages;
    private TokenBucket _bytes;
    private long _aboveRateSince;
    private State _state;

    /// <param name="format">How messages look.</param>
    /// <param name="maxMessageBytes">The longest message that is taken.</param>
    /// <param name="times">The times of the link.</param>
    /// <param name="holds">
    /// Where the first frame waits for the client or for <see cref="LinkTimes.FirstFrameHold"/>; null: it does not wait.
    /// </param>
    /// <param name="greeting">What the client is told when it is connected, before anything else; null if another tells it.</param>
    /// <param name="watcher">Is told of the connection and of the end.</param>
    /// <param name="limits">What the client may send and leave unread; null: <see cref="LinkLimits.NoRates"/>.</param>
    /// <param name="answersPings">Whether a client without control frames answers pings; one with control frames does.</param>
    /// <param name="replyBytes">How long an answer may be at most, as the client asks; null: as the limits say.</param>
    public Link(
        LinkFormat format,
        int maxMessageBytes,
        LinkTimes times,
        FrameHolds? holds,
        byte[]? greeting = null,
        ILinkWatcher? watcher = null,
        LinkLimits? limits = null,
        bool answersPings = false,
        int? replyBytes = null)
    {
        _format = format;
        _limits = limits ?? LinkLimits.NoRates;
        _replyBytes = ReplySplitter.BoundOf(_limits.ReplyBytes, replyBytes);
        _framing = format.NewFraming(maxMessageBytes);
        _times = times;
        _holds = holds;
        _liveness = Liveness.Begin(answersPings || _framing.HasControlFrames, Environment.TickCount64);
        _greeting = greeting;
        Watcher = watcher;
        _state = State.Held;
    }

    /// <summary>Tells it from all other links of the process; those made later have larger ones.</summary>
    public long Number { get; } = Interlocked.Increment(ref s_made);

    /// <summary>Who keeps account of the link; null: nobody.</summary>
    public ILinkWatcher? Watcher { get; }

    /// <summary>What is true of a link.</summary>
    [Flags]
    private enum State
    {
        /// <summary>The connection is there, or has refused the link, or has been waited for long enough.</summary>
        Started = 1,

        /// <summary>The first frame is being held back.</summary>
        Held = 1 << 1,

        /// <summary>The carrier knows that there is output.</summary>
        Writing = 1 << 2,

        /// <summary>More than <see cref="LinkLimits.OutputBytes"/> was waiting, and not yet less than a quarter of that.</summary>
        Behind = 1 << 3,

        /// <summary>The carrier waits until it may read again.</summary>
        Paused = 1 << 4,

        /// <summary>Nothing more that the client says is a request.</summary>
        Deaf = 1 << 5,

        /// <summary>Nothing more is accepted from the connection.</summary>
        Closing = 1 << 6,

        /// <summary>The client has said that it goes, or sends nothing more.</summary>
        ClientGone = 1 << 7,

        /// <summary>Nothing more can be sent.</summary>
        Cut = 1 << 8,

        /// <summary>The carrier has been told to end the transport.</summary>
        Finished = 1 << 9,

        /// <summary>The node ends all links: a closing link gets no more time than <see cref="LinkTimes.CloseWait"/>.</summary>
        Hurried = 1 << 10,

        /// <summary><see cref="Continue"/> tells the connection that the client sends nothing more and waits for replies.</summary>
        GoodbyeDue = 1 << 11,

        /// <summary><see cref="Continue"/> tells the connection that the link is closed.</summary>
        ClosedDue = 1 << 12,
    }

    /// <summary>Completes when the connection is there, or has refused the link: the client may be told that it is connected.</summary>
    public Task Started
    {
        get
        {
            lock (this)
            {
                if (Is(State.Started))
                    return Task.CompletedTask;
                return (_started ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
            }
        }
    }

    /// <summary>The client may be spoken to, and may speak.</summary>
    public void Begin(ICarrier carrier)
    {
        lock (this)
        {
            _begunAt = Environment.TickCount64;
            _liveness = Liveness.Begin(_liveness.AnswersPings, _begunAt);
            _carrier = carrier;
            if (_greeting is null)
                BeginHold();
            WriteSoon();
            CatchUp();
            FinishIfOver();
        }
    }

    /// <inheritdoc/>
    public void Attach(IActorRef connection)
    {
        lock (this)
        {
            _connection = connection;
            if (Is(State.Closing))
            {
                Unset(State.ClosedDue);
                connection.Tell(LinkSignal.Closed.Instance);
            }

            Watcher?.Attached(this);
        }
    }

    /// <inheritdoc/>
    public void Demand(int requests)
    {
        lock (this)
        {
            Start();
            _demand += requests;
            // The oldest are answered first; of the bytes of each, nothing is known but their sum.
            var answered = Math.Min(requests, _unanswered);
            if (answered > 0)
            {
                _unansweredBytes -= (int)((long)_unansweredBytes * answered / _unanswered);
                _unanswered -= answered;
            }

            ReadSoon();
        }
    }

    /// <inheritdoc/>
    public bool Send(ServerMessage message)
    {
        lock (this)
        {
            if (Is(State.Closing | State.Cut))
                return true;
            if (message is ServerMessage.Snapshot answer)
                QueueAnswer(_format.Frames(answer, _replyBytes));
            else
                Queue(_format.Frame(message));
            WriteSoon();
            if (_output.Length > _limits.OutputBytes && !Is(State.Behind))
            {
                Set(State.Behind);
                _limits.Refusals?.Count(Limit.OutputBytes);
            }

            return !Is(State.Behind);
        }
    }

    /// <inheritdoc/>
    public void Close(CloseReason reason)
    {
        lock (this)
        {
            if (Is(State.Closing))
                return;
            Unset(State.GoodbyeDue);
            if (_framing.HasControlFrames)
                Queue(_format.Close(reason.Code, reason.Text));
            else if (reason.Code is >= 1011)
                Queue(_format.Frame(new ServerMessage.Failed(null, ErrorCode.RuntimeException, reason.Text)));
            BeginClosing();
        }
    }

    /// <summary>Ends the connection from the server's side, by whoever is not its connection.</summary>
    public void End(CloseReason reason)
    {
        lock (this)
        {
            if (_connection.IsNobody())
                Close(reason);
            else
                _connection.Tell(new Connection.Kick(reason));
        }
    }

    /// <summary>Closes the link over the head of its connection: from now on the client gets nothing that it says.</summary>
    public void Cut(CloseReason reason)
    {
        lock (this)
        {
            Set(State.Hurried);
            if (Is(State.Closing))
                return;
            Close(reason);
            _connection.Tell(LinkSignal.Closed.Instance);
        }
    }

    /// <summary>
    /// Looks at the clock: begins without a connection that keeps its client waiting, reads on when the client's rates allow it, pings
    /// a client that is silent, gives up one that is gone. Called every second or so.
    /// </summary>
    public void Watch(long now)
    {
        lock (this)
        {
            ReadSoon();
            if (_framing.AwaitsLineFeed && !Is(State.Paused | State.Deaf) && now - _liveness.HeardAt > PlainLinks.LineFeedWait.TotalMilliseconds)
                TellRequest(new ClientRequest.Malformed(ErrorCode.BadInput, LineFraming.BareReturn, CloseReason.Malformed), 0);
            var isMeasured = NeedsMeasure(now) && _carrier!.MeasureSoon();
            if (IsAlive(now, isMeasured))
            {
                if (now - _begunAt > _times.StartPatience)
                    Start();
                PingIfDue(isAlone: true, now);
                WriteSoon();
                return;
            }
        }

        GiveUp();
    }

    /// <summary>
    /// The network tells how far the client has come, after <see cref="ICarrier.MeasureSoon"/>. A client that acknowledges what it is
    /// sent is slow, however little that is, and not gone (contract L1).
    /// </summary>
    /// <param name="progress">What the network tells; null: nothing.</param>
    /// <param name="now">The time.</param>
    public void Measured(PeerProgress? progress, long now)
    {
        lock (this)
        {
            if (Is(State.Cut | State.Finished))
                return;
            if (progress is { } known)
                _liveness = _liveness.Measured(known, IsWaiting, now, _times);
            if (progress is { } peer ? IsAlive(now, peer) : IsAlive(now, isMeasured: false))
                return;
        }

        GiveUp();
    }

    /// <summary>The client is gone, or as good as: nothing more is sent, and the transport is cut.</summary>
    public void GiveUp()
    {
        lock (this)
        {
            if (!Is(State.Cut))
            {
                Set(State.Cut);
                _output.Clear();
                _parts = null;
                _greeting = null;
                _carrier?.Abort();
            }

            EndByClient();
            FinishIfOver();
        }
    }

    // ---- what the carrier asks

    /// <summary>
    /// Takes what has come from the client, up to a bound; called by one thread at a time. What is left over is to be given again: with
    /// more behind it after <see cref="Appetite.Hungry"/>, as it is after <see cref="Appetite.More"/>, once the other links have had
    /// their turn, and as it is when the carrier is told to read again after <see cref="Appetite.Sated"/>.
    /// </summary>
    public Appetite Feed(ref ReadOnlySequence<byte> input)
    {
        // Reading on without new bytes is no sign of the client.
        if (Is(State.Held) && !input.IsEmpty)
            Release();
        var now = Environment.TickCount64;
        var begin = input.Length;
        var last = begin;
        for (var frames = 0; ; frames++)
        {
            lock (this)
            {
                if (begin > 0 && _liveness.HeardAt != now)
                    _liveness = _liveness.Heard(now);
                if (frames > 0)
                    Charge(1 + _framing.Skipped, (int)(last - input.Length), now);
                if (Is(State.ClientGone))
                    return Appetite.Done;
                if (!Is(State.Closing) && MustPause(now))
                {
                    Set(State.Paused);
                    return Appetite.Sated;
                }
            }

            last = input.Length;
            if (frames == FramesPerTurn || begin - last >= BytesPerTurn)
                return Appetite.More;
            if (!_framing.TryRead(ref input, out var frame))
            {
                if (_framing.Skipped == 0)
                    return Appetite.Hungry;
                lock (this)
                    Charge(_framing.Skipped, (int)(last - input.Length), now);
                return Appetite.Hungry;
            }

            Take(frame);
        }
    }

    /// <summary>The client sends nothing more, and what it has sent has been taken.</summary>
    public void EndOfInput()
    {
        lock (this)
        {
            // A plain link may have been half-closed, and its client still waits for the replies to what it has asked. A WebSocket
            // that ends without a close is lost.
            if (Is(State.Closing) || _framing.HasControlFrames)
            {
                Set(State.ClientGone);
                EndByClient();
                FinishIfOver();
            }
            else if (!Is(State.Deaf))
            {
                Set(State.ClientGone | State.Deaf);
                TellEndSoon(State.GoodbyeDue);
            }
        }
    }

    /// <summary>
    /// Does what may wait until the other links have had their turn: makes the next parts of an answer, tells the connection that the client
    /// has ended the link or its side of it. Called after <see cref="ICarrier.ContinueSoon"/>.
    /// </summary>
    public void Continue()
    {
        lock (this)
        {
            if (_parts is not null && _output.Length <= _limits.OutputBytes)
            {
                AddParts();
                WriteSoon();
                CatchUp();
            }

            if (Is(State.ClosedDue))
                _connection.Tell(LinkSignal.Closed.Instance);
            else if (Is(State.GoodbyeDue))
                _connection.Tell(new LinkSignal.Received(ClientRequest.Goodbye.Instance));
            Unset(State.ClosedDue | State.GoodbyeDue);
        }
    }

    /// <summary>
    /// Copies what is to be sent next, as much as there is room for; what has gone out is told by <see cref="Wrote"/>. 0: there is
    /// nothing, and the carrier will be told when there is.
    /// </summary>
    public int CopyOutput(Span<byte> room)
    {
        lock (this)
            return CopyWaiting(room);
    }

    /// <summary><see cref="Wrote"/> and then <see cref="CopyOutput"/>, at once.</summary>
    public int CopyNext(int wrote, Span<byte> room)
    {
        lock (this)
        {
            TakeAway(wrote);
            return CopyWaiting(room);
        }
    }

    /// <summary>Bytes that were copied have gone out.</summary>
    public void Wrote(int bytes)
    {
        lock (this)
            TakeAway(bytes);
    }

    /// <summary>The carrier has ended the transport: nothing of the link is used any more.</summary>
    public void Over()
    {
        lock (this)
        {
            Set(State.Cut | State.ClientGone | State.Finished);
            EndByClient();
            _output.Clear();
            _framing.Dispose();
        }

        Watcher?.Over(this);
    }

    // ---- reading

    /// <summary>Handles one frame.</summary>
    private void Take(in InboundFrame frame)
    {
        switch (frame.Kind)
        {
            case FrameKind.Message when Is(State.Closing):
                // It would be thrown away.
                break;
            case FrameKind.Message:
                var request = _format.Decode(frame.Payload);
                lock (this)
                {
                    // The pong of a client that answers pings is the link's. Its connection need not wake up for it.
                    if (request is ClientRequest.Ignored && _liveness.AnswersPings && !_framing.HasControlFrames)
                        _liveness = _liveness.Answered(_liveness.LastPing);
                    else
                        TellRequest(request, (int)frame.Payload.Length);
                }

                break;
            case FrameKind.Violation:
                lock (this)
                    TellRequest(frame.Fault!, 0);
                break;
            case FrameKind.Ping:
                var pong = _format.Pong(frame.Payload);
                lock (this)
                {
                    _pong = pong;
                    AddPong();
                    WriteSoon();
                }

                break;
            case FrameKind.Pong:
                lock (this)
                    _liveness = _liveness.Answered(frame.Payload.Length == 1 ? frame.Payload.FirstSpan[0] : null);
                break;
            case FrameKind.Close:
                lock (this)
                {
                    if (!Is(State.Closing))
                        Queue(_format.Close(frame.CloseCode, ""));
                    Set(State.ClientGone);
                    EndByClient();
                    FinishIfOver();
                }

                break;
        }
    }

    private void TellRequest(ClientRequest request, int bytes)
    {
        if (Is(State.Closing))
            return;
        _demand--;
        _unanswered++;
        _unansweredBytes += bytes;
        // Nothing behind it can be read; the connection will close the link.
        if (request is ClientRequest.Malformed)
            Set(State.Deaf);
        _connection.Tell(new LinkSignal.Received(request));
    }

    /// <summary>Whether nothing more is to be read for now.</summary>
    private bool MustPause(long now) =>
        _demand <= 0 || Is(State.Deaf) || _unansweredBytes >= LinkLimits.UnansweredBytes || _messages.IsOverdrawn(_limits.Messages, now) || _bytes.IsOverdrawn(_limits.Bytes, now);

    /// <summary>
    /// Counts what was read against the client's rates. A client that is above one is read no faster than the limit; one that stays
    /// above it is told so and closed.
    /// </summary>
    private void Charge(int messages, int bytes, long now)
    {
        _messages.Use(_limits.Messages, messages, now);
        _bytes.Use(_limits.Bytes, bytes, now);
        var isAboveMessages = _messages.IsOverdrawn(_limits.Messages, now);
        if (!isAboveMessages && !_bytes.IsOverdrawn(_limits.Bytes, now))
        {
            if (_aboveRateSince != 0 && _messages.IsHalfFull(_limits.Messages, now) && _bytes.IsHalfFull(_limits.Bytes, now))
                _aboveRateSince = 0;
            return;
        }

        if (Is(State.Closing | State.Deaf))
            return;
        var limit = isAboveMessages ? Limit.MessagesPerSecond : Limit.BytesPerSecond;
        if (_aboveRateSince == 0)
        {
            _aboveRateSince = now;
            _limits.Refusals?.Count(limit);
        }
        else if (now - _aboveRateSince > _limits.PatienceAboveRate)
        {
            _limits.Refusals?.Count(limit);
            TellRequest(
                new ClientRequest.Malformed(
                    ErrorCode.BadInput, isAboveMessages ? "Too many messages per second." : "Too many bytes per second.", CloseReason.RateExceeded),
                0);
        }
    }

    private void ReadSoon()
    {
        if (!Is(State.Paused) || (!Is(State.Closing) && MustPause(Environment.TickCount64)))
            return;
        Unset(State.Paused);
        _carrier?.ReadSoon();
    }

    // ---- writing

    private bool MayWrite => _carrier is not null && !Is(State.Cut) && (_greeting is not null ? Is(State.Started) : !Is(State.Held));

    private void WriteSoon()
    {
        if (Is(State.Writing) || !MayWrite || (_output.Length == 0 && _greeting is null))
            return;
        Set(State.Writing);
        _liveness = _liveness.Wrote(Environment.TickCount64);
        _carrier!.WriteSoon();
    }

    private void PingIfDue(bool isAlone, long now)
    {
        if (Is(State.Closing | State.ClientGone))
            return;
        if (_liveness.IsPingDue(_queued, isAlone, now, _times))
        {
            Queue(_format.Ping(_liveness.NextPing));
            _liveness = _liveness.Pinged(_queued, now);
        }
        else if (_liveness.IsSampleDue(_queued, now, _times))
        {
            _liveness = _liveness.Sampled(_queued, now, _times);
        }
    }

    private int CopyWaiting(Span<byte> room)
    {
        if (_liveness.HasUnread(_queued, _times) && _output.Length > 0)
            PingIfDue(isAlone: false, Environment.TickCount64);
        var copied = !MayWrite ? 0
            : _greeting is null ? _output.CopyTo(room)
            : CopyGreeting(_greeting, room);
        if (copied == 0)
        {
            Unset(State.Writing);
            FinishIfOver();
        }

        return copied;
    }

    private void TakeAway(int bytes)
    {
        _liveness = _liveness.Wrote(Environment.TickCount64);
        if (Is(State.Cut))
            return;
        if (_greeting is not null)
        {
            _greeting = bytes < _greeting.Length ? _greeting[bytes..] : null;
            if (_greeting is null)
                BeginHold();
            return;
        }

        _output.Remove(bytes);
        AddPong();
        CatchUp();
    }

    /// <summary>Goes on with the answer that is being sent, or asks the connection for more, if there is little to send.</summary>
    private void CatchUp()
    {
        if (!Is(State.Behind) || _output.Length >= _limits.OutputBytes / 4)
            return;
        if (_parts is not null)
        {
            _carrier?.ContinueSoon();
            return;
        }

        Unset(State.Behind);
        _connection.Tell(LinkSignal.Drained.Instance);
    }

    private void QueueAnswer(IEnumerable<byte[]> frames)
    {
        if (frames is byte[][] { Length: 1 } whole)
        {
            Queue(whole[0]);
            return;
        }

        _parts = frames.GetEnumerator();
        AddParts();
        if (_parts is null)
            return;
        // The connection keeps what comes meanwhile.
        Set(State.Behind);
        CatchUp();
    }

    private void AddParts()
    {
        var end = _queued + AnswerBytesPerTurn;
        while (_queued < end)
        {
            if (!_parts!.MoveNext())
            {
                _parts = null;
                return;
            }

            Queue(_parts.Current);
        }
    }

    private void Queue(byte[] frame)
    {
        _queued += frame.Length;
        _output.Add(frame);
    }

    private void AddPong()
    {
        if (_pong is null || _output.Length > _limits.OutputBytes)
            return;
        if (!Is(State.Closing))
            Queue(_pong);
        _pong = null;
    }

    private static int CopyGreeting(byte[] greeting, Span<byte> room)
    {
        var copied = Math.Min(greeting.Length, room.Length);
        greeting.AsSpan(0, copied).CopyTo(room);
        return copied;
    }

    // ---- the start, and the hold of the first frame

    private void Start()
    {
        if (Is(State.Started))
            return;
        Set(State.Started);
        _started?.TrySetResult();
        WriteSoon();
    }

    private void BeginHold()
    {
        if (_holds is not null && !Is(State.Closing))
            _holds.Add(this, _times.FirstFrameHold);
        else
            Unset(State.Held);
    }

    /// <summary>The first frame has been held back for long enough.</summary>
    internal void Release()
    {
        lock (this)
        {
            if (!Is(State.Held) || _greeting is not null)
                return;
            Unset(State.Held);
            WriteSoon();
        }
    }

    // ---- ending

    /// <summary>The client has ended the link. What is there still goes out: the echo of its close, if nothing else.</summary>
    private void EndByClient()
    {
        if (Is(State.Closing))
            return;
        BeginClosing();
        TellEndSoon(State.ClosedDue);
    }

    private void TellEndSoon(State due)
    {
        Set(due);
        if (_carrier is null)
            Continue();
        else
            _carrier.ContinueSoon();
    }

    private void BeginClosing()
    {
        Set(State.Closing);
        Unset(State.Held);
        _parts = null;
        _closingSince = Environment.TickCount64;
        Start();
        WriteSoon();
        ReadSoon();
        FinishIfOver();
    }

    private void FinishIfOver()
    {
        // A round of writing that is under way still uses the transport; it ends by asking for more.
        if (_carrier is null || Is(State.Finished | State.Writing) || !Is(State.Closing))
            return;
        if (!Is(State.Cut) && (_output.Length > 0 || _greeting is not null || !Is(State.ClientGone)))
            return;
        Set(State.Finished);
        _carrier.Finish();
    }

    // Something waits for the client, and may go out.
    private bool IsWaiting => _output.Length > 0 && !Is(State.Held);

    // Whether the client can be expected to answer a ping, and its answer to be read.
    private bool IsAnswerRead => !Is(State.Closing | State.Paused | State.ClientGone);

    /// <summary>Whether only the network can tell a slow client from one that is gone.</summary>
    private bool NeedsMeasure(long now) => MayWrite && !Is(State.Finished)
        && (IsWaiting || (!Is(State.Closing) && (Is(State.Paused) || _liveness.NeedsMeasure(now, _times))));

    /// <param name="now">The time.</param>
    /// <param name="isMeasured">Whether the network is being asked, and <see cref="Measured"/> decides.</param>
    private bool IsAlive(long now, bool isMeasured)
    {
        if (Is(State.Closing))
        {
            return IsWaiting && !Is(State.Hurried)
                ? isMeasured || now - _liveness.WroteAt <= _times.WriteStall
                : now - (Is(State.Hurried) ? _closingSince : Math.Max(_closingSince, _liveness.WroteAt)) <= _times.CloseWait;
        }

        if (_connection.IsNobody())
            return now - _begunAt <= _times.PongWait;
        if (isMeasured)
            return true;
        // A client that has ended its side waits for replies, and not for longer than for a sign of life: its connection may have failed.
        if (!IsWaiting && Is(State.ClientGone))
            return now - _liveness.HeardAt <= _times.PongWait;
        return _liveness.IsAlive(IsWaiting, IsAnswerRead, now, _times);
    }

    /// <summary>Whether the client is there, from what the network tells.</summary>
    private bool IsAlive(long now, in PeerProgress progress) => _liveness.IsAlive(progress, IsWaiting, IsAnswerRead, now, _times);

    private bool Is(State any) => (_state & any) != 0;

    private void Set(State flags) => _state |= flags;

    private void Unset(State flags) => _state &= ~flags;
}
