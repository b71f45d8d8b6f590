using System.Buffers;
using System.IO.Pipelines;
using Akka.Actor;
using Presence.Actors.Connections;
using Presence.Host.Links.Codecs;
using Presence.Host.Links.Framing;

namespace Presence.Host.Links;

/// <summary>
/// The way to one client, over whatever brings and takes bytes: reads requests as far as its connection demands, writes what it
/// is given in order, and notices when the client is gone. Knows how messages look and nothing of what they mean.
/// </summary>
/// <remarks>
/// <para>
/// Writing: messages are appended to a buffer, and whoever finds nobody writing schedules a round that sends all that is there;
/// what comes meanwhile is the next round's. So a burst costs few writes, and no two writes of a link overlap.
/// </para>
/// <para>
/// Ending: there are two ways, and each happens once. The client ends the link: the connection is told
/// <see cref="LinkSignal.Closed"/>. The server ends it by <see cref="Close"/>: nothing more is accepted, what is there goes out,
/// and what the client still sends is read and thrown away for a bounded time, since unread bytes would make the network drop
/// the last words.
/// </para>
/// </remarks>
internal sealed class Link : ILink, IThreadPoolWorkItem
{
    // Above the first mark the connection is told to keep back what it can; below the second, to go on.
    private const int HighWater = 64 * 1024;
    private const int LowWater = 16 * 1024;

    // How much must be taken within the time of a stall.
    private const int PieceSize = 16 * 1024;

    [ThreadStatic]
    private static ArrayBufferWriter<byte>? t_message;

    private readonly Demand _demand = new();
    private readonly MessageFraming _framing;
    private readonly EnvelopeCodec _codec;
    private readonly LinkTimes _times;
    private readonly Action _abort;
    private readonly bool _holdsFirstFrame;
    private readonly TaskCompletionSource _started = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _closing = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _written = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _gate = new();
    private long _startedAt = Environment.TickCount64;

    // Null until the client may be spoken to.
    private IDuplexPipe? _transport;
    private IActorRef _connection = ActorRefs.Nobody;
    private OutputBuffer _waiting = new();
    private OutputBuffer _onTheWay = new();
    private long _heardAt = Environment.TickCount64; // written by the reader alone
    private long _pingedAt;
    private long _wroteAt = Environment.TickCount64;
    private long _closingSince;
    private bool _isHeld;
    private bool _isWriting;
    private bool _isBehind;
    private bool _isClosing;
    private volatile bool _isWriteDead;
    private volatile bool _clientHasClosed;

    /// <param name="framing">How messages are told apart; the link disposes of it.</param>
    /// <param name="codec">How messages are written.</param>
    /// <param name="times">The times of the link.</param>
    /// <param name="holdsFirstFrame">Whether the first frame waits for the client or for <see cref="LinkTimes.FirstFrameHold"/>.</param>
    /// <param name="abort">Cuts the transport.</param>
    public Link(MessageFraming framing, EnvelopeCodec codec, LinkTimes times, bool holdsFirstFrame, Action abort)
    {
        _framing = framing;
        _codec = codec;
        _times = times;
        _holdsFirstFrame = holdsFirstFrame;
        _abort = abort;
        _isHeld = true;
    }

    /// <summary>Completes when the connection is there, or has refused the link: the client may be told that it is connected.</summary>
    public Task Started => _started.Task;

    /// <summary>Carries the link from now to its end.</summary>
    /// <param name="transport">Where bytes come from and go to.</param>
    public async Task RunAsync(IDuplexPipe transport)
    {
        Begin(transport);
        try
        {
            await ReadAsync(transport.Input).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or InvalidOperationException)
        {
            // The transport is gone, or has been given up; either way there is nothing left to read.
        }

        EndByClient();
        await _written.Task.ConfigureAwait(false);
        await LingerAsync(transport.Input).ConfigureAwait(false);
        _framing.Dispose();
        await transport.Output.CompleteAsync().ConfigureAwait(false);
        await transport.Input.CompleteAsync().ConfigureAwait(false);
    }

    private void Begin(IDuplexPipe transport)
    {
        lock (_gate)
        {
            _startedAt = _heardAt = _wroteAt = Environment.TickCount64;
            _transport = transport;
            if (_isClosing)
                FinishWriting();
        }

        if (_holdsFirstFrame)
            _ = ReleaseLaterAsync();
        else
            Release();
    }

    /// <inheritdoc/>
    public void Attach(IActorRef connection)
    {
        lock (_gate)
        {
            _connection = connection;
            if (_isClosing)
                connection.Tell(LinkSignal.Closed.Instance);
        }
    }

    /// <inheritdoc/>
    public void Demand(int requests)
    {
        _started.TrySetResult();
        _demand.Add(requests);
    }

    /// <inheritdoc/>
    public bool Send(ServerMessage message)
    {
        lock (_gate)
        {
            if (_isClosing || _isWriteDead)
                return true;
            Append(message);
            WriteSoon();
            _isBehind |= _waiting.Length + _onTheWay.Length > HighWater;
            return !_isBehind;
        }
    }

    /// <inheritdoc/>
    public void Close(CloseReason reason)
    {
        lock (_gate)
        {
            if (_isClosing)
                return;
            if (_framing.HasControlFrames)
                _framing.WriteClose(_waiting, reason.Code, reason.Text);
            else if (reason.Code is >= 1011)
                Append(new ServerMessage.Failed(null, ErrorCode.RuntimeException, reason.Text));
            BeginClosing();
        }
    }

    /// <summary>Ends the connection from the server's side, by whoever is not its connection.</summary>
    public void End(CloseReason reason)
    {
        lock (_gate)
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
        lock (_gate)
        {
            if (_isClosing)
                return;
            Close(reason);
            Tell(LinkSignal.Closed.Instance);
        }
    }

    /// <summary>Looks at the clock: pings a client that is silent, gives up one that is gone. Called every second or so.</summary>
    public void Watch(long now)
    {
        lock (_gate)
        {
            if (IsAlive(now))
            {
                if (_framing.HasControlFrames && !_isClosing && now - _heardAt > _times.PingPeriod && now - _pingedAt > _times.PingPeriod)
                {
                    _pingedAt = now;
                    _framing.WritePing(_waiting);
                    WriteSoon();
                }

                return;
            }
        }

        GiveUp();
    }

    /// <summary>One round of writing; on the thread pool, so that an actor that tells a thousand links waits for none.</summary>
    void IThreadPoolWorkItem.Execute() => _ = WriteAsync();

    // ---- reading

    private async Task ReadAsync(PipeReader input)
    {
        while (await _demand.TakeAsync().ConfigureAwait(false))
        {
            var inHand = true;
            while (inHand)
            {
                var read = await input.ReadAsync().ConfigureAwait(false);
                if (read.IsCanceled)
                    return;
                _heardAt = Environment.TickCount64;
                Release();
                var rest = read.Buffer;
                while (inHand && _framing.TryRead(ref rest, out var frame))
                {
                    switch (Take(frame))
                    {
                        case Taken.Request:
                            inHand = _demand.TryTake();
                            break;
                        case Taken.LastWord:
                            input.AdvanceTo(rest.Start);
                            await _closing.Task.ConfigureAwait(false);
                            return;
                        case Taken.Farewell:
                            input.AdvanceTo(rest.Start);
                            _clientHasClosed = true;
                            return;
                    }
                }

                // Without demand there may be whole messages left: they count as unseen, so that the next read brings them.
                input.AdvanceTo(rest.Start, inHand ? rest.End : rest.Start);
                if (read.IsCompleted && inHand)
                {
                    await EndOfInputAsync().ConfigureAwait(false);
                    return;
                }
            }
        }
    }

    /// <summary>Handles one frame; says what it means for those behind it.</summary>
    private Taken Take(in InboundFrame frame)
    {
        switch (frame.Kind)
        {
            case FrameKind.Message:
                var request = _codec.Decode(frame.Payload);
                Tell(new LinkSignal.Received(request));
                return request is ClientRequest.Malformed ? Taken.LastWord : Taken.Request;
            case FrameKind.Violation:
                Tell(new LinkSignal.Received(frame.Fault!));
                return Taken.LastWord;
            case FrameKind.Ping:
                lock (_gate)
                {
                    if (!_isClosing)
                    {
                        _framing.WritePong(_waiting, frame.Payload);
                        WriteSoon();
                    }
                }

                return Taken.Control;
            case FrameKind.Close:
                lock (_gate)
                {
                    if (!_isClosing)
                        _framing.WriteClose(_waiting, frame.CloseCode, "");
                }

                return Taken.Farewell;
            default:
                return Taken.Control;
        }
    }

    /// <summary>
    /// The client sends nothing more. A WebSocket that ends without a close is lost; a plain link may have been half-closed, and
    /// its client still waits for the replies to what it has asked.
    /// </summary>
    private Task EndOfInputAsync()
    {
        if (_framing.HasControlFrames)
            return Task.CompletedTask;
        Tell(new LinkSignal.Received(ClientRequest.Goodbye.Instance));
        return _closing.Task;
    }

    /// <summary>Reads and forgets until the client has closed too, or <see cref="Watch"/> cuts the link.</summary>
    private async Task LingerAsync(PipeReader input)
    {
        try
        {
            while (!_clientHasClosed && !_isWriteDead)
            {
                var read = await input.ReadAsync().ConfigureAwait(false);
                var rest = read.Buffer;
                while (!_clientHasClosed && _framing.TryRead(ref rest, out var frame))
                    _clientHasClosed = frame.Kind == FrameKind.Close;
                input.AdvanceTo(rest.Start, rest.End);
                _clientHasClosed |= read.IsCompleted;
            }
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or InvalidOperationException)
        {
            // The client went without a word.
        }
    }

    // ---- writing

    private void Append(ServerMessage message)
    {
        if (message is ServerMessage.StatusEvent change)
        {
            _framing.Write(_waiting, _codec.Form(change).Span);
            return;
        }

        var body = t_message ??= new ArrayBufferWriter<byte>(1024);
        body.ResetWrittenCount();
        _codec.Encode(message, body);
        _framing.Write(_waiting, body.WrittenSpan);
        if (body.Capacity > HighWater)
            t_message = null;
    }

    private void WriteSoon()
    {
        if (_isWriting || _isHeld || _waiting.Length == 0 || _transport is null)
            return;
        _isWriting = true;
        _wroteAt = Environment.TickCount64;
        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: true);
    }

    private async Task WriteAsync()
    {
        var output = _transport!.Output;
        try
        {
            while (TakeRound())
            {
                // In pieces: a client that takes a large answer slowly is slow, and not dead, as long as it takes anything.
                for (var rest = _onTheWay.Written; !rest.IsEmpty;)
                {
                    var piece = rest[..Math.Min(rest.Length, PieceSize)];
                    output.Write(piece.Span);
                    var flushed = await output.FlushAsync().ConfigureAwait(false);
                    if (flushed.IsCompleted || flushed.IsCanceled)
                        throw new IOException("The client takes nothing more.");
                    Volatile.Write(ref _wroteAt, Environment.TickCount64);
                    rest = rest[piece.Length..];
                }

                EndRound();
            }
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or InvalidOperationException)
        {
            lock (_gate)
                _isWriting = false;
            GiveUp();
        }
    }

    private bool TakeRound()
    {
        lock (_gate)
        {
            if (_waiting.Length > 0)
            {
                (_waiting, _onTheWay) = (_onTheWay, _waiting);
                return true;
            }

            _isWriting = false;
            if (_isClosing)
                _written.TrySetResult();
            return false;
        }
    }

    private void EndRound()
    {
        bool hasCaughtUp;
        lock (_gate)
        {
            _onTheWay.Clear();
            hasCaughtUp = _isBehind && _waiting.Length < LowWater;
            if (hasCaughtUp)
                _isBehind = false;
        }

        if (hasCaughtUp)
            Tell(LinkSignal.Drained.Instance);
    }

    // ---- the hold of the first frame

    private async Task ReleaseLaterAsync()
    {
        await Task.Delay(TimeSpan.FromMilliseconds(_times.FirstFrameHold)).ConfigureAwait(false);
        Release();
    }

    private void Release()
    {
        if (!_isHeld)
            return;
        lock (_gate)
        {
            _isHeld = false;
            WriteSoon();
        }
    }

    // ---- ending

    /// <summary>The client has ended the link. What is there still goes out: the echo of its close, if nothing else.</summary>
    private void EndByClient()
    {
        lock (_gate)
        {
            if (_isClosing)
                return;
            BeginClosing();
        }

        Tell(LinkSignal.Closed.Instance);
    }

    private void BeginClosing()
    {
        _isClosing = true;
        _closingSince = Environment.TickCount64;
        _started.TrySetResult();
        _demand.End();
        _closing.TrySetResult();
        if (_transport is null)
            return;
        FinishWriting();
        _transport.Input.CancelPendingRead();
    }

    private void FinishWriting()
    {
        _isHeld = false;
        WriteSoon();
        if (!_isWriting)
            _written.TrySetResult();
    }

    /// <summary>The client is gone, or as good as: nothing more is sent, and the transport is cut.</summary>
    public void GiveUp()
    {
        lock (_gate)
        {
            _isWriteDead = true;
            _waiting.Clear();
        }

        EndByClient();
        _abort();
        // A write that is under way ends by the abort, and must have ended before the transport is let go.
        lock (_gate)
        {
            if (!_isWriting)
                _written.TrySetResult();
        }
    }

    private bool IsAlive(long now)
    {
        if (_isClosing)
            return now - _closingSince <= _times.CloseWait;
        if (_connection.IsNobody())
            return now - _startedAt <= _times.PongWait;
        if (_waiting.Length + _onTheWay.Length > 0 && !_isHeld)
            return now - Volatile.Read(ref _wroteAt) <= _times.WriteStall;
        return !_framing.HasControlFrames || now - _heardAt <= _times.PongWait;
    }

    private void Tell(LinkSignal signal) => _connection.Tell(signal);

    /// <summary>What a frame means for those behind it.</summary>
    private enum Taken
    {
        /// <summary>It used up demand.</summary>
        Request,

        /// <summary>It was between link and client.</summary>
        Control,

        /// <summary>Nothing behind it can be read; the connection will close the link.</summary>
        LastWord,

        /// <summary>The client closes the link.</summary>
        Farewell,
    }
}
