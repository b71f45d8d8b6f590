using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Sockets;

namespace Presence.Host.Links.Loops;

/// <summary>
/// A socket of the framework's, on every system. What it waits for is an operation of the framework's that costs no buffer while
/// nothing comes: a receive of nothing, which ends when there is something. Of a client that is gone it hears only by reading or
/// writing.
/// </summary>
[SuppressMessage("Reliability", "CA1001", Justification = "Whoever closes it, or takes it away, disposes of what it has.")]
internal sealed class PortableSocket : LoopSocket, IThreadPoolWorkItem
{
    // How much goes out in the background before the owner is told that there is room: little, because a client that takes anything
    // within the time of a stall is slow, and not dead (contract L1). Where there is more room, the owner fills it by itself.
    private const int PieceSize = 1024;

    // Nobody tells what is new to who looks without taking: it is told again after this time, then after twice as long, and so on.
    private const int FirstLookAgain = 10;
    private const int LastLookAgain = 1000;

    private readonly Socket _socket;
    private readonly Arrival _arrival;
    private bool _isOpen = true;
    private bool _isAwaited;
    private short _lookAgain = FirstLookAgain;

    /// <param name="loop">Whose socket it is.</param>
    /// <param name="socket">A connected TCP socket that does not block; from now on this closes it.</param>
    public PortableSocket(PortableLoop loop, Socket socket)
        : base(loop)
    {
        _socket = socket;
        OutputBound.Set(socket);
        _arrival = new Arrival(this);
    }

    /// <inheritdoc/>
    public override bool IsOpen => _isOpen;

    /// <inheritdoc/>
    public override IPEndPoint? RemoteEndPoint => EndPointOf(socket => socket.RemoteEndPoint);

    /// <inheritdoc/>
    public override IPEndPoint? LocalEndPoint => EndPointOf(socket => socket.LocalEndPoint);

    /// <inheritdoc/>
    public override PeerProgress? Progress => _isOpen ? PeerProgress.Of(_socket) : null;

    /// <inheritdoc/>
    public override int Send(ReadOnlySpan<byte> bytes)
    {
        if (!_isOpen)
            return Gone;
        var sent = _socket.Send(bytes, SocketFlags.None, out var error);
        return Outcome(sent, error);
    }

    /// <inheritdoc/>
    public override void AwaitRoom(ReadOnlySpan<byte> next)
    {
        if (!_isOpen)
            return;
        AwaitsRoom = true;
        new Departure(this).Begin(_socket, next[..Math.Min(next.Length, PieceSize)]);
    }

    /// <inheritdoc/>
    public override void ShutdownSend()
    {
        if (!_isOpen)
            return;
        try
        {
            _socket.Shutdown(SocketShutdown.Send);
        }
        catch (SocketException)
        {
            // There is nobody to tell.
        }
    }

    /// <inheritdoc/>
    public override void SetKeepAlive(int idle, int interval, int probes)
    {
        if (!_isOpen)
            return;
        try
        {
            _socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
            _socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, idle);
            _socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, interval);
            _socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, probes);
        }
        catch (SocketException)
        {
            // It is gone, which its owner will find out.
        }
    }

    /// <summary>The wait is over. On the loop's thread.</summary>
    void IThreadPoolWorkItem.Execute() => Arrived();

    /// <inheritdoc/>
    protected override void Register(int place, uint registration) => AwaitInput();

    /// <inheritdoc/>
    protected override void EndReports()
    {
        // What is under way finds that nothing is wanted.
    }

    /// <inheritdoc/>
    protected override void AwaitInput()
    {
        if (!_isOpen || _isAwaited)
            return;
        _isAwaited = true;
        // What has come already waits for the next turn: a client that sends without end must not keep this one from its flush.
        if (!_socket.ReceiveAsync(_arrival))
            ((PortableLoop)Loop).ReadNextTurn(this);
    }

    /// <inheritdoc/>
    protected override int Take(Span<byte> into, bool peek)
    {
        var received = _socket.Receive(into, peek ? SocketFlags.Peek : SocketFlags.None, out var error);
        return Outcome(received, error);
    }

    /// <inheritdoc/>
    protected override Socket Detach()
    {
        Forget();
        // A wait that is under way takes nothing from whoever waits next.
        return _socket;
    }

    /// <inheritdoc/>
    protected override void End(bool isAbrupt)
    {
        // To close a socket that somebody waits for would be a reset, unless its end has been told before.
        if (!isAbrupt && (_isAwaited || AwaitsRoom))
            ShutdownSend();
        Forget();
        _socket.Close(isAbrupt ? 0 : -1);
    }

    private static int Outcome(int bytes, SocketError error) => error switch
    {
        SocketError.Success => bytes,
        SocketError.WouldBlock or SocketError.IOPending or SocketError.NoBufferSpaceAvailable => WouldBlock,
        _ => Gone,
    };

    private void Forget()
    {
        _isOpen = false;
        // A wait that is under way keeps it until then.
        _arrival.Dispose();
        Leave();
    }

    /// <summary>What was awaited has come. On the loop's thread.</summary>
    internal void Arrived()
    {
        _isAwaited = false;
        TellReadable();
    }

    private void TellReadable()
    {
        if (!_isOpen || !WantsRead)
            return;
        try
        {
            Events.Readable();
        }
        catch (Exception fault)
        {
            Loop.GiveUp(this, fault);
        }

        if (!_isOpen || !WantsRead)
            return;
        if (IsLookedAt)
            _ = LookAgainAsync();
        else
            AwaitInput();
    }

    private async Task LookAgainAsync()
    {
        await Task.Delay(_lookAgain).ConfigureAwait(false);
        Loop.Post(new Look(this));
    }

    private void TellWritable(int sent)
    {
        if (!AwaitsRoom)
            return;
        AwaitsRoom = false;
        try
        {
            Events.Writable(sent);
        }
        catch (Exception fault)
        {
            Loop.GiveUp(this, fault);
        }
    }

    private IPEndPoint? EndPointOf(Func<Socket, EndPoint?> which)
    {
        try
        {
            return _isOpen ? which(_socket) as IPEndPoint : null;
        }
        catch (SocketException)
        {
            return null;
        }
    }

    /// <summary>Waits until something has come.</summary>
    private sealed class Arrival(PortableSocket socket) : SocketAsyncEventArgs(true)
    {
        protected override void OnCompleted(SocketAsyncEventArgs e) => socket.Loop.Post(socket);
    }

    /// <summary>Waits until something has gone.</summary>
    private sealed class Departure(PortableSocket socket) : SocketAsyncEventArgs(true), IThreadPoolWorkItem
    {
        public void Begin(Socket over, ReadOnlySpan<byte> bytes)
        {
            var piece = ArrayPool<byte>.Shared.Rent(bytes.Length);
            bytes.CopyTo(piece);
            SetBuffer(piece, 0, bytes.Length);
            if (!over.SendAsync(this))
                OnCompleted(this);
        }

        /// <summary>On the loop's thread.</summary>
        public void Execute()
        {
            var sent = SocketError == SocketError.Success ? BytesTransferred : 0;
            ArrayPool<byte>.Shared.Return(Buffer!);
            Dispose();
            // If it has failed, the next send finds out why.
            socket.TellWritable(sent);
        }

        protected override void OnCompleted(SocketAsyncEventArgs e) => socket.Loop.Post(this);
    }

    /// <summary>It is time to look again.</summary>
    private sealed class Look(PortableSocket socket) : IThreadPoolWorkItem
    {
        public void Execute()
        {
            if (!socket.IsLookedAt)
                return;
            socket._lookAgain = (short)Math.Min(socket._lookAgain * 2, LastLookAgain);
            socket.TellReadable();
        }
    }
}
