using System.Net;
using System.Net.Sockets;

namespace Presence.Host.Links.Loops;

/// <summary>A socket that an epoll reports of, known by nothing but its descriptor.</summary>
/// <param name="loop">Whose socket it is.</param>
/// <param name="descriptor">A TCP socket that does not block; from now on this closes it.</param>
internal sealed class EpollSocket(EpollLoop loop, int descriptor) : LoopSocket(loop)
{
    private int _descriptor = descriptor;
    private uint _registration;

    // What epoll knows; the interest in reading is taken back only when a report comes that is not wanted.
    private uint _registered;
    private bool _isReported;

    /// <inheritdoc/>
    public override bool IsOpen => _descriptor >= 0;

    /// <inheritdoc/>
    public override IPEndPoint? RemoteEndPoint => IsOpen ? Linux.EndPointOf(_descriptor, remote: true) : null;

    /// <inheritdoc/>
    public override IPEndPoint? LocalEndPoint => IsOpen ? Linux.EndPointOf(_descriptor, remote: false) : null;

    /// <inheritdoc/>
    public override PeerProgress? Progress => IsOpen ? Linux.ProgressOf(_descriptor) : null;

    /// <inheritdoc/>
    public override bool HasClientEnded => IsOpen && Linux.HasPeerEnded(_descriptor);

    private EpollLoop Epoll => (EpollLoop)Loop;

    /// <inheritdoc/>
    public override int Send(ReadOnlySpan<byte> bytes) => IsOpen ? Linux.Send(_descriptor, bytes) : Gone;

    /// <inheritdoc/>
    public override void AwaitRoom(ReadOnlySpan<byte> next)
    {
        if (!IsOpen)
            return;
        AwaitsRoom = true;
        Change(_registered | Linux.EpollOut);
    }

    /// <inheritdoc/>
    public override void ShutdownSend()
    {
        if (IsOpen)
            Linux.ShutdownSend(_descriptor);
    }

    /// <inheritdoc/>
    public override void SetKeepAlive(int idle, int interval, int probes)
    {
        if (IsOpen)
            Linux.SetKeepAlive(_descriptor, idle, interval, probes);
    }

    /// <summary>Takes the descriptor away from the loop without closing it: it is somebody else's to close.</summary>
    public void ReleaseDescriptor()
    {
        EndReports();
        Forget();
    }

    /// <summary>Whether a report is of this registration.</summary>
    internal bool IsOf(ulong data) => data == DataOf(Place, _registration);

    /// <summary>Tells the owner what was reported.</summary>
    internal void Tell(uint flags)
    {
        const uint over = Linux.EpollHangUp | Linux.EpollError;
        // An end or an error is found by reading, behind what came before it.
        if ((flags & (Linux.EpollIn | over)) != 0)
        {
            if (WantsRead)
                Events.Readable();
            else if ((flags & over) != 0)
                TellBroken();
            else
                Change(_registered & ~Linux.EpollIn);
        }

        if ((flags & Linux.EpollOut) == 0 || !AwaitsRoom || !IsOpen)
            return;
        AwaitsRoom = false;
        Events.Writable(0);
        // Most who find room fill it at once, and wait again.
        if (!AwaitsRoom)
            Change(_registered & ~Linux.EpollOut);
    }

    /// <inheritdoc/>
    protected override void Register(int place, uint registration)
    {
        Linux.BoundUnsent(_descriptor, UnsentBytes);
        _registration = registration;
        _registered = IsLookedAt ? Linux.EpollIn | Linux.EpollEdge : Linux.EpollIn;
        Epoll.Control(Linux.EpollAdd, _descriptor, _registered, DataOf(place, registration));
        _isReported = true;
    }

    /// <inheritdoc/>
    protected override void EndReports()
    {
        if (_isReported)
            Epoll.Control(Linux.EpollDelete, _descriptor, 0, 0);
        _isReported = false;
    }

    /// <inheritdoc/>
    protected override void AwaitInput() => Change((_registered | Linux.EpollIn) & ~(IsLookedAt ? 0 : Linux.EpollEdge));

    /// <summary>The kernel would report the end again in each wait.</summary>
    protected override void EndInput() => Change(_registered & ~Linux.EpollIn);

    /// <inheritdoc/>
    protected override int Take(Span<byte> into, bool peek) => Linux.Receive(_descriptor, into, peek);

    /// <inheritdoc/>
    protected override Socket Detach()
    {
        EndReports();
        var handle = new SafeSocketHandle(Forget(), ownsHandle: true);
        try
        {
            return new Socket(handle);
        }
        catch
        {
            handle.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    protected override void End(bool isAbrupt)
    {
        if (isAbrupt)
            Linux.DropOnClose(_descriptor);
        Linux.Close(Forget());
    }

    private static ulong DataOf(int place, uint registration) => ((ulong)registration << 32) | (uint)place;

    private void Change(uint interest)
    {
        if (IsOpen && _isReported && interest != _registered)
            Epoll.Control(Linux.EpollModify, _descriptor, interest, DataOf(Place, _registration));
        _registered = interest;
    }

    private int Forget()
    {
        var descriptor = _descriptor;
        _descriptor = -1;
        Leave();
        return descriptor;
    }
}
