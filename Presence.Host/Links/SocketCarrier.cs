using System.Buffers;
using Presence.Host.Links.Loops;

namespace Presence.Host.Links;

/// <summary>
/// Carries a link over a socket of a loop. All of it happens on the loop's thread: what others ask for is posted there.
/// It holds bytes only while they are part of a frame that is not whole, or its link takes no more.
/// </summary>
internal sealed class SocketCarrier : ICarrier, ISocketEvents, IFlush, IThreadPoolWorkItem
{
    // How much is received at a time: as much as a link takes before the others have their turn, so that little has to be kept.
    private const int ReadSize = Link.BytesPerTurn;

    private readonly Link _link;
    private readonly SocketLoop _loop;
    private readonly LoopSocket _socket;

    // What came and was not taken: a part of a rented array.
    private byte[] _rest = [];
    private int _restStart;
    private int _restLength;
    private int _wishes;
    private int _backgroundWishes;

    private SocketCarrier(Link link, LoopSocket socket)
    {
        _link = link;
        _socket = socket;
        _loop = socket.Loop;
    }

    /// <summary>What the link has asked for.</summary>
    [Flags]
    private enum Wish
    {
        Write = 1,
        Read = 2,
        Abort = 4,
        Measure = 8,
        Continue = 16,
        Finish = 32,
    }

    /// <inheritdoc/>
    public bool IsMarked { get; set; }

    /// <summary>Carries a link from now to its end. On the thread of the socket's loop.</summary>
    /// <param name="link">The link.</param>
    /// <param name="socket">A connected socket, of which nobody else takes anything from now on.</param>
    /// <param name="came">What has come already, before what is still in the socket.</param>
    public static void Begin(Link link, LoopSocket socket, ReadOnlySpan<byte> came = default)
    {
        var carrier = new SocketCarrier(link, socket);
        socket.PassTo(carrier);
        link.Begin(carrier);
        carrier.Keep(came);
        // Takes what is there, or finds that the link takes nothing yet.
        carrier.FeedRest();
    }

    /// <inheritdoc/>
    public void WriteSoon()
    {
        if (_loop.IsCurrent)
            _loop.FlushAtEnd(this);
        else
            Ask(Wish.Write);
    }

    /// <inheritdoc/>
    public void ReadSoon() => Ask(Wish.Read);

    /// <inheritdoc/>
    public bool MeasureSoon()
    {
        if (!OperatingSystem.IsLinux())
            return false;
        Ask(Wish.Measure);
        return true;
    }

    /// <inheritdoc/>
    public void ContinueSoon() => AskInBackground(Wish.Continue);

    /// <inheritdoc/>
    public void Finish() => AskInBackground(Wish.Finish);

    /// <inheritdoc/>
    public void Abort() => Ask(Wish.Abort);

    /// <inheritdoc/>
    public void Readable()
    {
        var received = _socket.Receive(_loop.Scratch.AsSpan(0, ReadSize));
        if (received > 0)
            Take(received);
        else if (received == 0)
            EndOfInput();
    }

    /// <inheritdoc/>
    public void Writable(int sent)
    {
        if (sent > 0)
            _link.Wrote(sent);
        Flush();
    }

    /// <inheritdoc/>
    public void Broken() => _link.GiveUp();

    /// <inheritdoc/>
    public void Flush()
    {
        // While the network takes nothing, it will say when it does.
        if (_socket.AwaitsRoom)
            return;
        var room = _loop.SendScratch;
        var copied = _link.CopyOutput(room);
        while (copied > 0)
        {
            var sent = _socket.Send(room.AsSpan(0, copied));
            if (sent == copied)
            {
                copied = _link.CopyNext(sent, room);
            }
            else if (sent == LoopSocket.Gone)
            {
                _link.GiveUp();
                copied = _link.CopyOutput(room);
            }
            else
            {
                if (sent > 0)
                    _link.Wrote(sent);
                _socket.AwaitRoom(room.AsSpan(Math.Max(sent, 0)..copied));
                return;
            }
        }
    }

    /// <summary>Does what was asked for, on the loop's thread.</summary>
    void IThreadPoolWorkItem.Execute()
    {
        var wishes = (Wish)Interlocked.Exchange(ref _wishes, 0);
        if ((wishes & Wish.Abort) != 0)
        {
            _socket.Abort();
            // The round of writing ends here, if one was waiting for room.
            _link.CopyOutput([]);
        }

        if ((wishes & Wish.Measure) != 0)
            _link.Measured(_socket.Progress, Environment.TickCount64);

        // A loop that has ended, and has closed its sockets, leaves its work to other threads.
        if ((wishes & Wish.Write) != 0 && _loop.IsCurrent)
            _loop.FlushAtEnd(this);
        else if ((wishes & Wish.Write) != 0)
            Flush();
        if ((wishes & Wish.Read) != 0)
            Resume();
    }

    private void Ask(Wish wish)
    {
        // If another flag was already set, the work item is already queued.
        if (Interlocked.Or(ref _wishes, (int)wish) == 0)
            _loop.Post(this);
    }

    private void AskInBackground(Wish wish)
    {
        if (Interlocked.Or(ref _backgroundWishes, (int)wish) == 0)
            _loop.PostBackground(new Background(this));
    }

    private void DoInBackground()
    {
        var wishes = (Wish)Interlocked.Exchange(ref _backgroundWishes, 0);
        if ((wishes & Wish.Continue) != 0)
            _link.Continue();
        if ((wishes & Wish.Finish) != 0)
            End();
    }

    private void Take(int received)
    {
        if (_restLength == 0)
        {
            var left = Feed(_loop.Scratch, 0, received);
            Keep(_loop.Scratch.AsSpan(received - left, left));
            return;
        }

        Keep(_loop.Scratch.AsSpan(0, received));
        FeedRest();
    }

    private void Resume()
    {
        if (_socket.IsOpen)
            FeedRest();
    }

    private void FeedRest()
    {
        var left = Feed(_rest, _restStart, _restLength);
        _restStart += _restLength - left;
        _restLength = left;
        if (left == 0)
            Forget();
    }

    /// <summary>Gives the link some bytes, and says how many of the last of them it has left over.</summary>
    private int Feed(byte[] bytes, int start, int length)
    {
        var input = new ReadOnlySequence<byte>(bytes, start, length);
        var appetite = _link.Feed(ref input);
        _socket.WantsRead = appetite == Appetite.Hungry;
        // Behind what the other links have to do by now.
        if (appetite == Appetite.More)
            Ask(Wish.Read);
        return appetite == Appetite.Done ? 0 : (int)input.Length;
    }

    private void EndOfInput()
    {
        _loop.ConnectionEnded();
        _link.EndOfInput();
    }

    private void Keep(ReadOnlySpan<byte> bytes)
    {
        if (bytes.IsEmpty)
            return;
        var needed = _restLength + bytes.Length;
        if (needed > _rest.Length)
        {
            var larger = ArrayPool<byte>.Shared.Rent(Math.Max(needed, _rest.Length * 2));
            _rest.AsSpan(_restStart, _restLength).CopyTo(larger);
            var length = _restLength;
            Forget();
            (_rest, _restLength) = (larger, length);
        }
        else if (_restStart + needed > _rest.Length)
        {
            _rest.AsSpan(_restStart, _restLength).CopyTo(_rest);
            _restStart = 0;
        }

        bytes.CopyTo(_rest.AsSpan(_restStart + _restLength));
        _restLength = needed;
    }

    private void Forget()
    {
        if (_rest.Length > 0)
            ArrayPool<byte>.Shared.Return(_rest);
        _rest = [];
        _restStart = _restLength = 0;
    }

    private void End()
    {
        Forget();
        _socket.Close();
        _link.Over();
    }

    /// <summary>What the link asks for at its end, and for long answers. Made each time: most links need it once.</summary>
    private sealed class Background(SocketCarrier carrier) : IThreadPoolWorkItem
    {
        public void Execute() => carrier.DoInBackground();
    }
}
