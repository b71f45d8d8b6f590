using Microsoft.Win32.SafeHandles;

namespace Presence.Host.Links.Loops;

/// <summary>
/// A loop that waits for its sockets itself, by Linux's epoll: between a packet and the link that it is for lies one system call
/// and no other thread.
/// </summary>
/// <remarks>
/// <para>
/// Sockets are level-triggered: they are reported as long as there is something to take, so a short read needs no second one to
/// make sure that nothing is left, and a link may take as much as it likes per turn without starving the others. The price, a
/// system call to turn the interest in writing on and off, is paid only when a client's buffer is full. The wake-up is
/// edge-triggered: each write to it is reported once, and it is never read.
/// </para>
/// <para>
/// Reports of one wait may concern a socket that an earlier one has made its owner close, and the number of its descriptor may
/// belong to another by then. So a report carries the socket's place in a table and the number of its registration.
/// </para>
/// </remarks>
internal sealed class EpollLoop : WorkLoop
{
    /// <summary>How large the shared buffers are, in bytes.</summary>
    public const int ScratchSize = 64 * 1024;

    private const int ReportsPerWait = 512;

    // No place of the table.
    private const ulong WakeUp = ulong.MaxValue;

    private readonly SafeFileHandle _epoll;
    private readonly SafeFileHandle _wakeUp;
    private readonly EpollReports _reports = new(ReportsPerWait);
    private readonly Stack<int> _free = new();
    private LoopSocket?[] _sockets = new LoopSocket?[64];
    private int _used;
    private uint _registrations;

    /// <param name="number">Tells the loops of a process apart.</param>
    /// <param name="log">Where faults of the work go.</param>
    public EpollLoop(int number, ILogger<WorkLoop> log)
        : base(number, log)
    {
        _epoll = Linux.Handle(Linux.EpollCreate(Linux.EpollCloseOnExec));
        _wakeUp = Linux.Handle(Linux.EventFd(0, Linux.EventFdCloseOnExec | Linux.EventFdNonBlocking));
        Control(Linux.EpollAdd, (int)_wakeUp.DangerousGetHandle(), Linux.EpollIn | Linux.EpollEdge, WakeUp);
        Start();
    }

    /// <summary>Whether this system has it.</summary>
    public static bool IsSupported => OperatingSystem.IsLinux();

    /// <summary>A buffer to receive into, shared by all sockets of the loop: what is in it counts until the next receive.</summary>
    public byte[] Scratch { get; } = GC.AllocateUninitializedArray<byte>(ScratchSize, pinned: true);

    /// <summary>A buffer to put together in what is to be sent, shared likewise.</summary>
    public byte[] SendScratch { get; } = GC.AllocateUninitializedArray<byte>(ScratchSize, pinned: true);

    /// <summary>How many sockets there are. On the loop's thread.</summary>
    public int SocketCount => _used - _free.Count;

    /// <summary>
    /// Takes over a connected, non-blocking TCP socket, and reports when there is something to receive. On the loop's thread.
    /// </summary>
    /// <param name="descriptor">The socket; from now on the loop closes it.</param>
    /// <param name="events">Whom to tell.</param>
    /// <param name="once">
    /// Whether to report only what is new since the last report, for those who look without taking; until
    /// <see cref="LoopSocket.PassTo"/>.
    /// </param>
    /// <exception cref="IOException">The system has no room for it; the socket is still the caller's.</exception>
    public LoopSocket Add(int descriptor, ISocketEvents events, bool once = false)
    {
        if (!IsCurrent)
            throw new InvalidOperationException("Only the thread of the loop may add sockets to it.");
        if (!_free.TryPop(out var place))
        {
            place = _used++;
            if (place == _sockets.Length)
                Array.Resize(ref _sockets, place * 2);
        }

        var socket = new LoopSocket(this, descriptor, place, ++_registrations, events, once);
        try
        {
            socket.Register();
        }
        catch
        {
            _free.Push(place);
            throw;
        }

        _sockets[place] = socket;
        return socket;
    }

    /// <summary>Changes what is reported of a descriptor.</summary>
    internal void Control(int operation, int descriptor, uint interest, ulong data)
    {
        if (Linux.EpollControl(_epoll, operation, descriptor, interest, data) < 0)
            throw Linux.Fault("epoll_ctl");
    }

    /// <summary>Forgets a socket: what has been reported of it already is not told any more.</summary>
    internal void Remove(int place)
    {
        _sockets[place] = null;
        _free.Push(place);
    }

    /// <inheritdoc/>
    protected override int Wait(bool mayBlock) => _reports.Wait(_epoll, mayBlock);

    /// <inheritdoc/>
    protected override void Dispatch(int count)
    {
        for (var i = 0; i < count; i++)
        {
            var (flags, data) = _reports[i];
            if (data == WakeUp || _sockets[(int)(uint)data] is not { } socket || !socket.IsOf(data))
                continue;
            try
            {
                socket.Tell(flags);
            }
            catch (Exception fault)
            {
                // Nobody knows what state its owner is in.
                Failed(fault);
                GiveUp(socket);
            }
        }
    }

    /// <inheritdoc/>
    protected override void Wake() => Linux.Signal(_wakeUp);

    /// <inheritdoc/>
    protected override void End()
    {
        for (var place = 0; place < _used; place++)
        {
            if (_sockets[place] is { } socket)
                GiveUp(socket);
        }

        _wakeUp.Dispose();
        _epoll.Dispose();
        _reports.Dispose();
    }

    private void GiveUp(LoopSocket socket)
    {
        try
        {
            socket.TellBroken();
        }
        catch (Exception fault)
        {
            Failed(fault);
        }
        finally
        {
            socket.Abort();
        }
    }
}
