using System.Buffers;
using Microsoft.Extensions.Options;
using Presence.Actors.Connections;
using Presence.Actors.Model;
using Presence.Host.Auth;
using Presence.Host.Configuration;
using Presence.Host.Links.Admission;
using Presence.Host.Links.Codecs;
using Presence.Host.Links.Framing;
using Presence.Host.Links.Listening;
using Presence.Host.Links.Loops;
using Presence.Host.Links.Upgrade;
using Presence.Host.Load;

namespace Presence.Host.Links;

/// <summary>Makes links of the sockets that the loops accept: what <see cref="PipeFront"/> and <see cref="TcpEndpoint"/> are for those with TLS.</summary>
internal sealed partial class SocketFront(
    UpgradeGate gate,
    TokenValidator tokens,
    LinkAdmission admission,
    LinkOpening opening,
    UserLinks users,
    LoadShedding shedding,
    IOptions<PresenceOptions> options,
    ILogger<SocketFront> log) : ILinkFront
{
    private readonly LimitSettings _limits = options.Value.Limits;

    /// <inheritdoc/>
    public async ValueTask<UpgradeOutcome.Upgraded?> DecideAsync(UpgradeRequest request) =>
        await gate.DecideAsync(request).ConfigureAwait(false) as UpgradeOutcome.Upgraded;

    /// <inheritdoc/>
    public void Begin(LoopSocket socket, UpgradeOutcome.Upgraded upgraded)
    {
        var link = opening.Make(upgraded, answers: true);
        SocketCarrier.Begin(link, socket);
        opening.Open(link, upgraded, socket.Loop);
    }

    /// <inheritdoc/>
    public void BeginPlain(LoopSocket socket)
    {
        var probes = PlainLinks.KeepAlive(_limits);
        socket.SetKeepAlive(probes.Idle, probes.Interval, probes.Count);
        if (admission.IsClosed)
            RefuseForStop(socket);
        else if (shedding.Refuses())
            Refuse(socket, LoadShedding.Text, ErrorCode.RuntimeException);
        else
            Greeter.Begin(this, socket);
    }

    private void RefuseForStop(LoopSocket socket) => Refuse(socket, CloseReason.Restart.Text, ErrorCode.RuntimeException);

    private void Refuse(LoopSocket socket, string why, ErrorCode code = ErrorCode.BadInput)
    {
        // The link that tells it has a time of its own.
        socket.Counted?.Establish();
        SocketCarrier.Begin(opening.Refuse(why, code), socket);
    }

    private async Task AdmitAsync(LoopSocket socket, Hello hello, byte[] behind)
    {
        TokenResult result = default;
        try
        {
            result = await tokens.ValidateAsync(hello.Token).ConfigureAwait(false);
        }
        catch (Exception fault)
        {
            // Whatever it is, the client is told something.
            NotChecked(fault);
        }

        socket.Loop.Post(new OnLoop(() => Admit(socket, hello, result, behind)));
    }

    private void Admit(LoopSocket socket, Hello hello, TokenResult result, byte[] behind)
    {
        if (result.Claims?.ToIdentity() is not { } identity)
        {
            Refuse(socket, result.IsUnavailable ? PlainLinks.NoKeys() : PlainLinks.BadToken);
            return;
        }

        // The stop may have begun while the hello was awaited.
        if (admission.IsClosed)
        {
            RefuseForStop(socket);
            return;
        }

        if (users.RefusalOf(identity) is { } refusal)
        {
            users.CountRefusal(refusal.Limit);
            Refuse(socket, refusal.Sentence);
            return;
        }

        var session = SessionId.New();
        var welcome = LinkFormat.Lines.Frame(new ServerMessage.Welcome(identity.User, session, identity.Username));
        var link = opening.Make(identity, LinkFormat.OfPlain(hello.Format), holdsFirstFrame: false, welcome, hello.AnswersPings, hello.ReplyBytes);
        SocketCarrier.Begin(link, socket, behind);
        opening.Open(link, session, identity, hello.ShowsStatus, socket.Loop);
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "A token could not be checked.")]
    private partial void NotChecked(Exception fault);

    /// <summary>Something to be done on a loop.</summary>
    private sealed class OnLoop(Action what) : IThreadPoolWorkItem
    {
        public void Execute() => what();
    }

    /// <summary>Waits for the hello of a plain link, for the time that the client has to authenticate.</summary>
    private sealed class Greeter : ISocketEvents, IPlaceOwner, IDisposable
    {
        private readonly SocketFront _front;
        private readonly LoopSocket _socket;
        private readonly LineFraming _framing;
        private byte[] _line = [];
        private int _length;
        private bool _hasSent;
        private bool _awaitsLineFeed;
        private bool _isOver;

        private Greeter(SocketFront front, LoopSocket socket)
        {
            _front = front;
            _socket = socket;
            _framing = new LineFraming(front._limits.MessageBytes);
        }

        /// <summary>Begins to wait.</summary>
        public static void Begin(SocketFront front, LoopSocket socket)
        {
            var greeter = new Greeter(front, socket);
            socket.PassTo(greeter);
            socket.Counted?.PassTo(greeter);
        }

        public void Readable()
        {
            var scratch = _socket.Loop.Scratch;
            var received = _socket.Receive(scratch);
            if (received < 0)
                return;
            if (received == 0)
            {
                InBackground(() => Refuse(PlainLinks.NoHello));
                return;
            }

            if (!_hasSent)
                _socket.Counted?.HasSent();
            _hasSent = true;
            var came = scratch.AsSpan(0, received);
            Keep(came);
            // Who sends its hello byte by byte costs one look, not one per byte.
            if (came.IndexOfAny((byte)'\n', (byte)'\r') < 0 && !_framing.AwaitsLineFeed && _length <= _framing.MaxMessageBytes)
                return;
            var input = new ReadOnlySequence<byte>(_line, 0, _length);
            if (!_framing.TryRead(ref input, out var frame))
            {
                // Empty lines have been passed over.
                var left = (int)input.Length;
                _line.AsSpan(_length - left, left).CopyTo(_line);
                _length = left;
                if (_framing.AwaitsLineFeed && !_awaitsLineFeed)
                {
                    _awaitsLineFeed = true;
                    _ = AwaitLineFeedAsync();
                }

                return;
            }

            ClientRequest.Malformed? fault = frame.Fault;
            Hello? hello = null;
            if (fault is null)
                Hello.TryRead(frame.Payload, out hello, out fault);
            if (hello is null)
            {
                Refuse(fault?.Message ?? "");
                return;
            }

            Dispose();
            _socket.Counted?.Establish();
            // What the client does while its token is looked at is found out afterwards.
            _socket.WantsRead = false;
            _ = _front.AdmitAsync(_socket, hello, input.ToArray());
        }

        public void Writable(int sent)
        {
        }

        public void Broken() => InBackground(Close);

        void IPlaceOwner.Close(PlaceEnd reason) => InBackground(() => Close(reason));

        public void Dispose()
        {
            _isOver = true;
            _framing.Dispose();
        }

        /// <summary>Refuses a client whose line feed does not follow its carriage return, without waiting for the end of its time.</summary>
        private async Task AwaitLineFeedAsync()
        {
            await Task.Delay(PlainLinks.LineFeedWait).ConfigureAwait(false);
            _socket.Loop.Post(new OnLoop(() =>
            {
                _awaitsLineFeed = false;
                if (!_isOver && _framing.AwaitsLineFeed)
                    Refuse(LineFraming.BareReturn);
            }));
        }

        private void Keep(ReadOnlySpan<byte> came)
        {
            if (_length + came.Length > _line.Length)
                Array.Resize(ref _line, Math.Max(_length + came.Length, _line.Length * 2));
            came.CopyTo(_line.AsSpan(_length));
            _length += came.Length;
        }

        /// <summary>Thousands can go at one moment. From any thread.</summary>
        private void InBackground(Action what) => _socket.Loop.PostBackground(new OnLoop(what));

        private void Close()
        {
            if (_isOver)
                return;
            Dispose();
            _socket.Close();
        }

        private void Close(PlaceEnd reason)
        {
            if (_isOver)
                return;
            // All that has come was taken, so that the close destroys nothing of this.
            _socket.Send((reason == PlaceEnd.Late ? PlainLinks.LateLine : PlainLinks.FullLine).Span);
            Close();
        }

        private void Refuse(string why)
        {
            if (_isOver)
                return;
            Dispose();
            _front.Refuse(_socket, why);
        }
    }
}
