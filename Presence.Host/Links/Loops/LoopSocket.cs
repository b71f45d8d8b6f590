using System.Net;

namespace Presence.Host.Links.Loops;

/// <summary>
/// A connected socket of an event loop. Small, since there are tens of thousands: buffers are the loop's. Everything happens on the
/// loop's thread, nothing blocks and nothing throws; what is asked of a closed socket has no effect.
/// </summary>
internal sealed class LoopSocket
{
    /// <summary>There is nothing to take, or no room.</summary>
    public const int WouldBlock = -1;

    /// <summary>The connection is gone.</summary>
    public const int Gone = -2;

    private readonly int _place;
    private readonly uint _registration;
    private ISocketEvents _events;
    private int _descriptor;

    // What epoll knows; the interest in reading is taken back only when a report comes that is not wanted.
    private uint _registered;
    private bool _isReported;
    private bool _wantsRead = true;
    private bool _wantsWrite;
    private bool _hasEnded;

    /// <summary>A socket that is not registered yet.</summary>
    internal LoopSocket(EpollLoop loop, int descriptor, int place, uint registration, ISocketEvents events, bool once)
    {
        Loop = loop;
        _descriptor = descriptor;
        _place = place;
        _registration = registration;
        _events = events;
        _registered = once ? Linux.EpollIn | Linux.EpollEdge : Linux.EpollIn;
    }

    /// <summary>Whose socket it is.</summary>
    public EpollLoop Loop { get; }

    /// <summary>Whether it has been neither closed nor taken away.</summary>
    public bool IsOpen => _descriptor >= 0;

    /// <summary>Whether <see cref="ISocketEvents.Readable"/> is wanted; it is from the beginning until the end of the stream.</summary>
    public bool WantsRead
    {
        get => _wantsRead;
        set
        {
            if (value == _wantsRead || (value && _hasEnded))
                return;
            _wantsRead = value;
            if (value && (_registered & Linux.EpollIn) == 0)
                Change(_registered | Linux.EpollIn);
        }
    }

    /// <summary>Whether <see cref="ISocketEvents.Writable"/> is wanted; to be set where a send did not take everything.</summary>
    public bool WantsWrite
    {
        get => _wantsWrite;
        set
        {
            if (value == _wantsWrite)
                return;
            _wantsWrite = value;
            Change(value ? _registered | Linux.EpollOut : _registered & ~Linux.EpollOut);
        }
    }

    /// <summary>Where the client is; null if it is gone.</summary>
    public IPEndPoint? RemoteEndPoint => IsOpen ? Linux.EndPointOf(_descriptor, remote: true) : null;

    /// <summary>Where the client has connected to; null if it is gone.</summary>
    public IPEndPoint? LocalEndPoint => IsOpen ? Linux.EndPointOf(_descriptor, remote: false) : null;

    private ulong Data => ((ulong)_registration << 32) | (uint)_place;

    /// <summary>
    /// Takes what has come. Zero: nothing will come any more, because the client has ended its side or because the connection is
    /// gone, and <see cref="WantsRead"/> is off for good. <see cref="WouldBlock"/>: there is nothing now.
    /// </summary>
    public int Receive(Span<byte> into)
    {
        if (!IsOpen || _hasEnded)
            return 0;
        var received = Linux.Receive(_descriptor, into, peek: false);
        if (received is 0 or Gone)
        {
            _hasEnded = true;
            _wantsRead = false;
            return 0;
        }

        return received;
    }

    /// <summary>Looks at what has come and leaves it there; answers as <see cref="Receive"/> does, and changes nothing.</summary>
    public int Peek(Span<byte> into)
    {
        if (!IsOpen || _hasEnded)
            return 0;
        var seen = Linux.Receive(_descriptor, into, peek: true);
        return seen == Gone ? 0 : seen;
    }

    /// <summary>
    /// Sends as much as there is room for. The number of bytes taken, <see cref="WouldBlock"/> if there is no room, or
    /// <see cref="Gone"/>.
    /// </summary>
    public int Send(ReadOnlySpan<byte> bytes) => IsOpen ? Linux.Send(_descriptor, bytes) : Gone;

    /// <summary>Tells the client that nothing more will come, after what has been sent. It may still send.</summary>
    public void ShutdownSend()
    {
        if (IsOpen)
            Linux.ShutdownSend(_descriptor);
    }

    /// <summary>Has the network find out whether a silent client is still there.</summary>
    /// <param name="idle">The silence before the first probe, in seconds.</param>
    /// <param name="interval">The time between probes, in seconds.</param>
    /// <param name="probes">How many go unanswered before the connection is gone.</param>
    public void SetKeepAlive(int idle, int interval, int probes)
    {
        if (IsOpen)
            Linux.SetKeepAlive(_descriptor, idle, interval, probes);
    }

    /// <summary>Lets somebody else have the events, from now on and every one as long as it lasts.</summary>
    public void PassTo(ISocketEvents events)
    {
        _events = events;
        // Has it reported again, too, if something is there already.
        if ((_registered & Linux.EpollEdge) != 0)
            Change(_registered & ~Linux.EpollEdge);
    }

    /// <summary>Closes it; what has been sent still goes out.</summary>
    public void Close()
    {
        if (IsOpen)
            Linux.Close(Forget());
    }

    /// <summary>Closes it and has the client's side fail: what has been sent and is not on its way yet is dropped.</summary>
    public void Abort()
    {
        if (!IsOpen)
            return;
        Linux.DropOnClose(_descriptor);
        Close();
    }

    /// <summary>Takes the socket away from the loop without closing it, and answers its descriptor.</summary>
    public int Release()
    {
        if (!IsOpen)
            throw new InvalidOperationException("The socket is closed.");
        EndReports();
        return Forget();
    }

    /// <summary>Begins the reports.</summary>
    internal void Register()
    {
        Loop.Control(Linux.EpollAdd, _descriptor, _registered, Data);
        _isReported = true;
    }

    /// <summary>Whether a report is of this registration.</summary>
    internal bool IsOf(ulong data) => data == Data;

    /// <summary>Tells the owner what was reported.</summary>
    internal void Tell(uint flags)
    {
        const uint over = Linux.EpollHangUp | Linux.EpollError;
        // An end or an error is found by reading, behind what came before it.
        if ((flags & (Linux.EpollIn | over)) != 0)
        {
            if (_wantsRead)
                _events.Readable();
            else if ((flags & over) != 0)
                TellBroken();
            else
                Change(_registered & ~Linux.EpollIn);
        }

        if ((flags & Linux.EpollOut) != 0 && _wantsWrite && IsOpen)
            _events.Writable();
    }

    /// <summary>Tells the owner that it is over, and ends the reports: of this one the system would go on for ever.</summary>
    internal void TellBroken()
    {
        if (!IsOpen)
            return;
        _hasEnded = true;
        _wantsRead = _wantsWrite = false;
        EndReports();
        _events.Broken();
    }

    private void Change(uint interest)
    {
        if (IsOpen && _isReported && interest != _registered)
            Loop.Control(Linux.EpollModify, _descriptor, interest, Data);
        _registered = interest;
    }

    private void EndReports()
    {
        if (_isReported)
            Loop.Control(Linux.EpollDelete, _descriptor, 0, 0);
        _isReported = false;
    }

    private int Forget()
    {
        var descriptor = _descriptor;
        _descriptor = -1;
        Loop.Remove(_place);
        return descriptor;
    }
}
