using System.Buffers;
using Akka.Actor;
using Presence.Actors.Connections;
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
    // Above the first mark the connection is told to keep back what it can; below the second, to go on.
    private const int HighWater = 64 * 1024;
    private const int LowWater = 16 * 1024;

    private static long s_made;

    private readonly MessageFraming _framing;
    private readonly LinkFormat _format;
    private readonly LinkTimes _times;
    private readonly FrameHolds? _holds;
    private readonly ILinkWatcher? _watcher;

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
    private long _heardAt = Environment.TickCount64;
    private long _pingedAt;
    private long _wroteAt = Environment.TickCount64;
    private long _closingSince;
    private int _demand;
    private State _state;

    /// <param name="format">How messages look.</param>
    /// <param name="maxMessageBytes">The longest message that is taken.</param>
    /// <param name="times">The times of the link.</param>
    /// <param name="holds">
    /// Where the first frame waits for the client or for <see cref="LinkTimes.FirstFrameHold"/>; null: it does not wait.
    /// </param>
    /// <param name="greeting">What the client is told when it is connected, before anything else; null if another tells it.</param>
    /// <param name="watcher">Is told of the connection and of the end.</param>
    public Link(
        LinkFormat format, int maxMessageBytes, LinkTimes times, FrameHolds? holds, byte[]? greeting = null, ILinkWatcher? watcher = null)
    {
        _format = format;
        _framing = format.NewFraming(maxMessageBytes);
        _times = times;
        _holds = holds;
        _greeting = greeting;
        _watcher = watcher;
        _state = State.Held;
    }

    /// <summary>Tells it from all other links of the process; those made later have larger ones.</summary>
    public long Number { get; } = Interlocked.Increment(ref s_made);

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

        /// <summary>More than <see cref="HighWater"/> was waiting, and not yet less than <see cref="LowWater"/>.</summary>
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
            _begunAt = _heardAt = _wroteAt = Environment.TickCount64;
            _carrier = carrier;
            if (_greeting is null)
                BeginHold();
            WriteSoon();
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
                connection.Tell(LinkSignal.Closed.Instance);
            _watcher?.Attached(this);
        }
    }

    /// <inheritdoc/>
    public void Demand(int requests)
    {
        lock (this)
        {
            Start();
            _demand += requests;
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
            _output.Add(_format.Frame(message));
            WriteSoon();
            if (_output.Length > HighWater)
                Set(State.Behind);
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
            if (_framing.HasControlFrames)
                _output.Add(_format.Close(reason.Code, reason.Text));
            else if (reason.Code is >= 1011)
                _output.Add(_format.Frame(new ServerMessage.Failed(null, ErrorCode.RuntimeException, reason.Text)));
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
            if (Is(State.Closing))
                return;
            Close(reason);
            _connection.Tell(LinkSignal.Closed.Instance);
        }
    }

    /// <summary>
    /// Looks at the clock: begins without a connection that keeps its client waiting, pings a client that is silent, gives up one
    /// that is gone. Called every second or so.
    /// </summary>
    public void Watch(long now)
    {
        lock (this)
        {
            if (IsAlive(now))
            {
                if (now - _begunAt > _times.StartPatience)
                    Start();
                if (_framing.HasControlFrames && !Is(State.Closing) && now - _heardAt > _times.PingPeriod && now - _pingedAt > _times.PingPeriod)
                {
                    _pingedAt = now;
                    _output.Add(_format.Ping());
                    WriteSoon();
                }

                return;
            }
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
                _greeting = null;
                _carrier?.Abort();
            }

            EndByClient();
            FinishIfOver();
        }
    }

    // ---- what the carrier asks

    /// <summary>
    /// Takes what has come from the client; called by one thread at a time. What is left over is to be given again with more
    /// behind it when <see cref="Appetite.Hungry"/> is returned, and as it is when the carrier is told to read again after
    /// <see cref="Appetite.Sated"/>.
    /// </summary>
    public Appetite Feed(ref ReadOnlySequence<byte> input)
    {
        if (Is(State.Held))
            Release();
        while (true)
        {
            lock (this)
            {
                _heardAt = Environment.TickCount64;
                if (Is(State.ClientGone))
                    return Appetite.Done;
                if (!Is(State.Closing) && (_demand == 0 || Is(State.Deaf)))
                {
                    Set(State.Paused);
                    return Appetite.Sated;
                }
            }

            if (!_framing.TryRead(ref input, out var frame))
                return Appetite.Hungry;
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
                _connection.Tell(new LinkSignal.Received(ClientRequest.Goodbye.Instance));
            }
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

        _watcher?.Over(this);
    }

    // ---- reading

    /// <summary>Handles one frame.</summary>
    private void Take(in InboundFrame frame)
    {
        switch (frame.Kind)
        {
            case FrameKind.Message:
                var request = _format.Decode(frame.Payload);
                lock (this)
                    TellRequest(request);
                break;
            case FrameKind.Violation:
                lock (this)
                    TellRequest(frame.Fault!);
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
            case FrameKind.Close:
                lock (this)
                {
                    if (!Is(State.Closing))
                        _output.Add(_format.Close(frame.CloseCode, ""));
                    Set(State.ClientGone);
                    EndByClient();
                    FinishIfOver();
                }

                break;
        }
    }

    private void TellRequest(ClientRequest request)
    {
        if (Is(State.Closing))
            return;
        _demand--;
        // Nothing behind it can be read; the connection will close the link.
        if (request is ClientRequest.Malformed)
            Set(State.Deaf);
        _connection.Tell(new LinkSignal.Received(request));
    }

    private void ReadSoon()
    {
        if (!Is(State.Paused) || (Is(State.Deaf) && !Is(State.Closing)))
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
        _wroteAt = Environment.TickCount64;
        _carrier!.WriteSoon();
    }

    private int CopyWaiting(Span<byte> room)
    {
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
        _wroteAt = Environment.TickCount64;
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
        if (!Is(State.Behind) || _output.Length >= LowWater)
            return;
        Unset(State.Behind);
        _connection.Tell(LinkSignal.Drained.Instance);
    }

    private void AddPong()
    {
        if (_pong is null || _output.Length > HighWater)
            return;
        if (!Is(State.Closing))
            _output.Add(_pong);
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
        _connection.Tell(LinkSignal.Closed.Instance);
    }

    private void BeginClosing()
    {
        Set(State.Closing);
        Unset(State.Held);
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

    private bool IsAlive(long now)
    {
        if (Is(State.Closing))
            return now - _closingSince <= _times.CloseWait;
        if (_connection.IsNobody())
            return now - _begunAt <= _times.PongWait;
        if (_output.Length > 0 && !Is(State.Held))
            return now - _wroteAt <= _times.WriteStall;
        return !_framing.HasControlFrames || now - _heardAt <= _times.PongWait;
    }

    private bool Is(State any) => (_state & any) != 0;

    private void Set(State flags) => _state |= flags;

    private void Unset(State flags) => _state &= ~flags;
}
