using System.Net;
using Presence.Host.Links.Admission;
using Presence.Host.Links.Loops;
using Presence.Host.Links.Upgrade;

namespace Presence.Host.Links.Listening;

/// <summary>
/// A connection that has not said yet whether it is a link's or the HTTP server's. Its first bytes are looked at and left where they
/// are until that is decided, so that the server can be given all of them. The server gets it when its first bytes are whole
/// (<see cref="FirstBytes"/>); one that never sends them costs a socket, for the time that it has to authenticate.
/// </summary>
internal sealed class Newcomer : ISocketEvents, IThreadPoolWorkItem, IPlaceOwner
{
    // A client that needs more looks sends byte by byte, and each look costs as much as all bytes so far: from then on there is a pause
    // before each.
    private const int LooksWithoutPause = 16;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(250);

    private readonly Lobby _lobby;
    private readonly IPAddress? _address;
    private int _looks;
    private int _seen;
    private int _headLength;
    private bool _isHere = true;
    private bool _isDecidedAbout;
    private bool _hasSent;
    private Timer? _pause;
    private bool _pauses;
    private UpgradeOutcome.Upgraded? _decision;

    public Newcomer(Lobby lobby, LoopSocket socket, IPAddress? address)
    {
        _lobby = lobby;
        _address = address;
        Socket = socket;
        // A look takes nothing, so what has been seen must not be reported again and again.
        lobby.Loop.Add(socket, this, once: true);
        lobby.Add(this);
        socket.Counted?.PassTo(this);
    }

    /// <summary>The connection, while it is here.</summary>
    public LoopSocket Socket { get; }

    /// <inheritdoc/>
    public void Readable()
    {
        if (_isDecidedAbout || _pauses)
            return;
        Look();
    }

    /// <inheritdoc/>
    public void Writable(int sent)
    {
    }

    /// <inheritdoc/>
    public void Broken() => EndSoon(null);

    /// <summary>Closes it, if it is still here.</summary>
    public void Close()
    {
        if (!_isHere)
            return;
        Leave();
        Socket.Close();
    }

    /// <inheritdoc/>
    void IPlaceOwner.Close(PlaceEnd reason) => EndSoon(reason);

    /// <summary>The decision has taken its time.</summary>
    void IThreadPoolWorkItem.Execute() => Conclude(_decision);

    private void Look()
    {
        var scratch = Socket.Loop.Scratch;
        var seen = Socket.Peek(scratch);
        if (seen == 0)
        {
            EndSoon(null);
        }
        else if (seen > 0)
        {
            if (!_hasSent)
                Socket.Counted?.HasSent();
            _hasSent = true;
            // A report without anything new is that of an end.
            if (seen == _seen && Socket.HasClientEnded)
            {
                EndSoon(null);
                return;
            }

            _seen = seen;
            if (_lobby.Kind == PortKind.Tls)
                LookForTls(scratch.AsSpan(0, seen));
            else
                LookForRequest(scratch.AsSpan(0, seen));
        }
    }

    private void LookForTls(ReadOnlySpan<byte> bytes) => Conclude(FirstBytes.OfTls(bytes));

    private void LookForRequest(ReadOnlySpan<byte> bytes)
    {
        switch (RequestHead.TryParse(bytes, _address, out var request, out _headLength))
        {
            case HeadVerdict.Incomplete:
                AwaitMore();
                break;
            case HeadVerdict.Ours:
                _isDecidedAbout = true;
                Socket.Counted?.Establish();
                var decision = _lobby.Front.DecideAsync(request!);
                if (decision.IsCompletedSuccessfully)
                    Conclude(decision.Result);
                else
                    _ = ConcludeLaterAsync(decision);
                break;
            default:
                Conclude(FirstBytes.OfHttp(bytes));
                break;
        }
    }

    private void Conclude(FirstBytesVerdict verdict)
    {
        switch (verdict)
        {
            case FirstBytesVerdict.Complete:
                GiveToServer();
                break;
            case FirstBytesVerdict.Wrong:
                Close();
                break;
            default:
                AwaitMore();
                break;
        }
    }

    private void AwaitMore()
    {
        if (++_looks < LooksWithoutPause)
            return;
        _pauses = true;
        _pause ??= new Timer(static newcomer => ((Newcomer)newcomer!).PostEndOfPause(), this, Timeout.Infinite, Timeout.Infinite);
        _pause.Change(Pause, Timeout.InfiniteTimeSpan);
    }

    private void PostEndOfPause() => _lobby.Loop.Post(new EndOfPause(this));

    private void GiveToServer()
    {
        if (!_isHere || _isDecidedAbout)
            return;
        Leave();
        _lobby.GiveToServer(Socket);
    }

    /// <summary>Ends it as background work: thousands can go at one moment. From any thread.</summary>
    private void EndSoon(PlaceEnd? reason) => _lobby.Loop.PostBackground(new Ending(this, reason));

    /// <param name="reason">Why the server closes it; null: its client is gone.</param>
    private void End(PlaceEnd? reason)
    {
        if (!_isHere || (_isDecidedAbout && reason is not null))
            return;
        if (reason != PlaceEnd.Late || !_hasSent || _lobby.Kind != PortKind.Http)
        {
            Close();
            return;
        }

        Leave();
        _lobby.Farewells.Send(Socket, RefusalAnswers.Late(DateTimeOffset.UtcNow), isAdded: true);
    }

    private async Task ConcludeLaterAsync(ValueTask<UpgradeOutcome.Upgraded?> decision)
    {
        try
        {
            _decision = await decision.ConfigureAwait(false);
        }
        catch (Exception)
        {
            // The server will meet the same, and knows how to tell of it.
        }

        Socket.Loop.Post(this);
    }

    private void Conclude(UpgradeOutcome.Upgraded? upgraded)
    {
        _isDecidedAbout = false;
        _decision = null;
        if (!_isHere)
            return;
        if (upgraded is null)
        {
            GiveToServer();
            return;
        }

        var isBegun = false;
        try
        {
            Leave();
            if (!TryTake(_headLength))
                return;
            _lobby.Front.Begin(Socket, upgraded);
            isBegun = true;
        }
        finally
        {
            if (!isBegun)
                Socket.Close();
        }
    }

    /// <summary>Takes the request, all of which has been seen.</summary>
    private bool TryTake(int length)
    {
        while (length > 0)
        {
            var taken = Socket.Receive(Socket.Loop.Scratch.AsSpan(0, length));
            if (taken <= 0)
                return false;
            length -= taken;
        }

        return true;
    }

    private void Leave()
    {
        if (!_isHere)
            return;
        _isHere = false;
        _pause?.Dispose();
        _lobby.Remove(this);
    }

    /// <summary>Its client is gone, its place is somebody else's, or its time is over.</summary>
    private sealed class Ending(Newcomer newcomer, PlaceEnd? reason) : IThreadPoolWorkItem
    {
        public void Execute() => newcomer.End(reason);
    }

    /// <summary>It may be looked at again.</summary>
    private sealed class EndOfPause(Newcomer newcomer) : IThreadPoolWorkItem
    {
        public void Execute()
        {
            newcomer._pauses = false;
            if (newcomer._isHere && !newcomer._isDecidedAbout)
                newcomer.Look();
        }
    }
}
