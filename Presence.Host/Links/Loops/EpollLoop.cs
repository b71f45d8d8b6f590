using System.Net.Sockets;
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
internal sealed class EpollLoop : SocketLoop
{
    // Enough for the ends of thousands of connections that are cut at one moment: who is behind them waits for one turn, not for ten.
    private const int ReportsPerWait = 4096;

    // No place of the table.
    private const ulong WakeUp = ulong.MaxValue;

    private readonly SafeFileHandle _epoll;
    private readonly SafeFileHandle _wakeUp;
    private readonly EpollReports _reports = new(ReportsPerWait);

    // The reports that the last wait has found and that have not been handled yet: from this one on, up to that one. They are handled
    // before the next wait. A new wait would report the same sockets first, and those behind them never.
    private int _next;
    private int _found;

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

    /// <inheritdoc/>
    public override async Task<IAsyncDisposable> AcceptAsync(Socket listening, IArrivals arrivals)
    {
        var acceptor = new EpollAcceptor(this, listening, arrivals);
        await acceptor.BeginAsync().ConfigureAwait(false);
        return acceptor;
    }

    /// <summary>Changes what is reported of a descriptor.</summary>
    internal void Control(int operation, int descriptor, uint interest, ulong data)
    {
        if (Linux.EpollControl(_epoll, operation, descriptor, interest, data) < 0)
            throw Linux.Fault("epoll_ctl");
    }

    /// <inheritdoc/>
    protected override int Wait(bool mayBlock)
    {
        if (_next < _found)
            return _found - _next;
        _next = 0;
        _found = _reports.Wait(_epoll, mayBlock);
        return _found;
    }

    /// <inheritdoc/>
    protected override void Dispatch(int count, ref TurnBudget budget)
    {
        while (_next < _found)
        {
            // What has been reported may be out of date by now: a socket finds nothing to take then, which is harmless.
            var (flags, data) = _reports[_next++];
            if (data == WakeUp || At((int)(uint)data) is not EpollSocket socket || !socket.IsOf(data))
                continue;
            try
            {
                socket.Tell(flags);
            }
            catch (Exception fault)
            {
                GiveUp(socket, fault);
            }

            budget.Spend(1);
            if (budget.IsSpent)
                return;
        }
    }

    /// <inheritdoc/>
    protected override void Wake() => Linux.Signal(_wakeUp);

    /// <inheritdoc/>
    protected override void End()
    {
        base.End();
        _wakeUp.Dispose();
        _epoll.Dispose();
        _reports.Dispose();
    }
}
