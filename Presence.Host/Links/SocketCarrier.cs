using System.Buffers;
using Presence.Host.Links.Loops;

namespace Presence.Host.Links;

/// <summary>
/// Carries a link over a socket of a loop. All of it happens on the loop's thread: what others ask for is posted there.
/// It holds bytes only while they are part of a frame that is not whole, or its link takes no more.
/// </summary>
internal sealed class SocketCarrier : ICarrier, ISocketEvents, IFlush, IThreadPoolWorkItem
{
    private readonly Link _link;
    private readonly SocketLoop _loop;
    private readonly LoopSocket _socket;

    // What came and was not taken; rented.
    private byte[] _rest = [];
    private int _restLength;
    private int _wishes;

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
        Finish = 8,
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
        carrier.Feed(carrier._rest, carrier._restLength);
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
    public void Finish() => Ask(Wish.Finish);

    /// <inheritdoc/>
    public void Abort() => Ask(Wish.Abort);

    /// <inheritdoc/>
    public void Readable()
    {
        var received = _socket.Receive(_loop.Scratch);
        if (received > 0)
            Take(received);
        else if (received == 0)
            _link.EndOfInput();
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

        // A loop that has ended, and has closed its sockets, leaves its work to other threads.
        if ((wishes & Wish.Write) != 0 && _loop.IsCurrent)
            _loop.FlushAtEnd(this);
        else if ((wishes & Wish.Write) != 0)
            Flush();
        if ((wishes & Wish.Read) != 0)
            Resume();
        if ((wishes & Wish.Finish) != 0)
            End();
    }

    private void Ask(Wish wish)
    {
        // Whoever finds a wish is not the first, and the first has posted.
        if (Interlocked.Or(ref _wishes, (int)wish) == 0)
            _loop.Post(this);
    }

    private void Take(int received)
    {
        if (_restLength == 0)
        {
            Feed(_loop.Scratch, received);
            return;
        }

        Keep(_loop.Scratch.AsSpan(0, received));
        Feed(_rest, _restLength);
    }

    private void Resume()
    {
        if (!_socket.IsOpen)
            return;
        Feed(_rest, _restLength);
    }

    private void Feed(byte[] bytes, int length)
    {
        var input = new ReadOnlySequence<byte>(bytes, 0, length);
        var appetite = _link.Feed(ref input);
        var left = (int)input.Length;
        if (appetite == Appetite.Done)
            left = 0;
        _socket.WantsRead = appetite == Appetite.Hungry;
        if (bytes != _rest)
        {
            Keep(bytes.AsSpan(length - left, left));
        }
        else if (left == 0)
        {
            Forget();
        }
        else if (left < length)
        {
            _rest.AsSpan(length - left, left).CopyTo(_rest);
            _restLength = left;
        }
    }

    private void Keep(ReadOnlySpan<byte> bytes)
    {
        if (bytes.IsEmpty)
            return;
        if (_restLength + bytes.Length > _rest.Length)
        {
            var larger = ArrayPool<byte>.Shared.Rent(Math.Max(_restLength + bytes.Length, _rest.Length * 2));
            _rest.AsSpan(0, _restLength).CopyTo(larger);
            var length = _restLength;
            Forget();
            (_rest, _restLength) = (larger, length);
        }

        bytes.CopyTo(_rest.AsSpan(_restLength));
        _restLength += bytes.Length;
    }

    private void Forget()
    {
        if (_rest.Length > 0)
            ArrayPool<byte>.Shared.Return(_rest);
        _rest = [];
        _restLength = 0;
    }

    private void End()
    {
        Forget();
        _socket.Close();
        _link.Over();
    }
}
