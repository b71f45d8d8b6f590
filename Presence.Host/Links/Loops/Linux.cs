using System.Net;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Presence.Host.Links.Loops;

/// <summary>The system calls of Linux that the event loops are made of, with its names' meanings in their comments.</summary>
internal static unsafe partial class Linux
{
    /// <summary>EPOLLIN: something to receive, or the end of the stream.</summary>
    public const uint EpollIn = 0x001;

    /// <summary>EPOLLOUT: room to send.</summary>
    public const uint EpollOut = 0x004;

    /// <summary>EPOLLERR, reported whether asked for or not.</summary>
    public const uint EpollError = 0x008;

    /// <summary>EPOLLHUP: both directions are shut; reported whether asked for or not.</summary>
    public const uint EpollHangUp = 0x010;

    /// <summary>EPOLLET: report what is new instead of what is there.</summary>
    public const uint EpollEdge = 1u << 31;

    /// <summary>EPOLL_CTL_ADD.</summary>
    public const int EpollAdd = 1;

    /// <summary>EPOLL_CTL_DEL.</summary>
    public const int EpollDelete = 2;

    /// <summary>EPOLL_CTL_MOD.</summary>
    public const int EpollModify = 3;

    /// <summary>EPOLL_CLOEXEC.</summary>
    public const int EpollCloseOnExec = CloseOnExec;

    /// <summary>EFD_CLOEXEC.</summary>
    public const int EventFdCloseOnExec = CloseOnExec;

    /// <summary>EFD_NONBLOCK.</summary>
    public const int EventFdNonBlocking = NonBlocking;

    /// <summary>EINTR: a signal came; the call is to be repeated.</summary>
    public const int Interrupted = 4;

    private const int WouldBlock = 11; // EAGAIN
    private const int CloseOnExec = 0x80000; // O_CLOEXEC, and the flags of that name of every call
    private const int NonBlocking = 0x800; // O_NONBLOCK likewise

    private const int FlagPeek = 0x02; // MSG_PEEK
    private const int FlagDoNotWait = 0x40; // MSG_DONTWAIT
    private const int FlagNoSignal = 0x4000; // MSG_NOSIGNAL
    private const int SideSend = 1; // SHUT_WR

    private const int LevelSocket = 1; // SOL_SOCKET
    private const int LevelTcp = 6; // IPPROTO_TCP
    private const int OptionKeepAlive = 9; // SO_KEEPALIVE
    private const int OptionLinger = 13; // SO_LINGER
    private const int OptionNoDelay = 1; // TCP_NODELAY
    private const int OptionKeepIdle = 4; // TCP_KEEPIDLE
    private const int OptionKeepInterval = 5; // TCP_KEEPINTVL
    private const int OptionKeepCount = 6; // TCP_KEEPCNT
    private const int OptionUnsent = 25; // TCP_NOTSENT_LOWAT

    /// <summary>What the last call of this thread failed of.</summary>
    public static IOException Fault(string call) => new($"{call}: {Marshal.GetLastPInvokeErrorMessage()}", Marshal.GetLastPInvokeError());

    /// <summary>Owns what a call has answered.</summary>
    public static SafeFileHandle Handle(int descriptor) =>
        descriptor >= 0 ? new SafeFileHandle(descriptor, ownsHandle: true) : throw Fault("A descriptor for an event loop");

    /// <summary>Receives without waiting: the number of bytes, zero at the end, or what <see cref="LoopSocket"/> calls them.</summary>
    public static int Receive(int socket, Span<byte> into, bool peek)
    {
        fixed (byte* bytes = into)
        {
            while (true)
            {
                var received = Receive(socket, bytes, (nuint)into.Length, peek ? FlagDoNotWait | FlagPeek : FlagDoNotWait);
                if (received >= 0)
                    return (int)received;
                var error = Marshal.GetLastPInvokeError();
                if (error != Interrupted)
                    return error == WouldBlock ? LoopSocket.WouldBlock : LoopSocket.Gone;
            }
        }
    }

    /// <summary>Sends without waiting: the number of bytes taken, or what <see cref="LoopSocket"/> calls them.</summary>
    public static int Send(int socket, ReadOnlySpan<byte> what)
    {
        fixed (byte* bytes = what)
        {
            while (true)
            {
                var sent = Send(socket, bytes, (nuint)what.Length, FlagDoNotWait | FlagNoSignal);
                if (sent >= 0)
                    return (int)sent;
                var error = Marshal.GetLastPInvokeError();
                if (error != Interrupted)
                    return error == WouldBlock ? LoopSocket.WouldBlock : LoopSocket.Gone;
            }
        }
    }

    /// <summary>
    /// Accepts a connection of a listening, non-blocking socket, ready for a loop: its descriptor, or a negative number of which
    /// <see cref="LastAccept"/> tells the reason.
    /// </summary>
    public static int Accept(int listening, out IPAddress? address)
    {
        var bytes = stackalloc byte[SocketAddress.Size];
        uint length = SocketAddress.Size;
        var descriptor = Accept(listening, bytes, &length, NonBlocking | CloseOnExec);
        address = descriptor < 0 ? null : SocketAddress.Read(new ReadOnlySpan<byte>(bytes, (int)length))?.Address;
        return descriptor;
    }

    /// <summary>Why this thread's last accept has failed.</summary>
    public static AcceptFault LastAccept() => Marshal.GetLastPInvokeError() switch
    {
        WouldBlock => AcceptFault.Nobody,
        // EINTR; EPERM of a firewall; EPROTO, ECONNABORTED and the errors of a connection's network, which Linux reports here.
        Interrupted or 1 or 71 or 103 or 64 or 92 or 95 or 100 or 101 or 112 or 113 => AcceptFault.Theirs,
        _ => AcceptFault.Ours,
    };

    /// <summary>Changes what an epoll reports.</summary>
    public static int EpollControl(SafeHandle epoll, int operation, int descriptor, uint interest, ulong data)
    {
        var change = stackalloc byte[EpollReports.Stride];
        EpollReports.Write(change, interest, data);
        return EpollControl(epoll, operation, descriptor, change);
    }

    /// <summary>Has an event descriptor report something new.</summary>
    public static void Signal(SafeHandle eventDescriptor)
    {
        ulong one = 1;
        // It fails only if it has been signalled 2^64 times.
        _ = Write(eventDescriptor, &one, sizeof(ulong));
    }

    /// <summary>Ends the stream to the other side.</summary>
    public static void ShutdownSend(int socket) => _ = Shutdown(socket, SideSend);

    /// <summary>Sends what is small at once.</summary>
    public static void SetNoDelay(int socket) => SetOption(socket, LevelTcp, OptionNoDelay, 1);

    /// <summary>Has the network look after a silent connection; times in seconds.</summary>
    public static void SetKeepAlive(int socket, int idle, int interval, int probes)
    {
        SetOption(socket, LevelSocket, OptionKeepAlive, 1);
        SetOption(socket, LevelTcp, OptionKeepIdle, idle);
        SetOption(socket, LevelTcp, OptionKeepInterval, interval);
        SetOption(socket, LevelTcp, OptionKeepCount, probes);
    }

    /// <summary>Bounds what the system keeps of what is sent and not on its way yet, in bytes.</summary>
    public static void BoundUnsent(int socket, int bytes) => SetOption(socket, LevelTcp, OptionUnsent, bytes);

    /// <summary>How far the other end has come; null if the system does not tell.</summary>
    public static PeerProgress? ProgressOf(int socket)
    {
        var info = stackalloc byte[PeerProgress.Size];
        uint length = PeerProgress.Size;
        return GetOption(socket, PeerProgress.Level, PeerProgress.Option, info, &length) < 0
            ? null
            : PeerProgress.Read(new ReadOnlySpan<byte>(info, (int)length));
    }

    /// <summary>Makes the close of a socket a reset.</summary>
    public static void DropOnClose(int socket)
    {
        var linger = stackalloc int[2] { 1, 0 };
        _ = SetOption(socket, LevelSocket, OptionLinger, linger, 2 * sizeof(int));
    }

    /// <summary>Where a socket is, or where it leads to; null if that is not known any more.</summary>
    public static IPEndPoint? EndPointOf(int socket, bool remote)
    {
        var address = stackalloc byte[SocketAddress.Size];
        uint length = SocketAddress.Size;
        var answer = remote ? PeerName(socket, address, &length) : SocketName(socket, address, &length);
        return answer < 0 ? null : SocketAddress.Read(new ReadOnlySpan<byte>(address, (int)length));
    }

    /// <summary>Whether the other side has ended its stream, or the connection, whatever is still to be received.</summary>
    public static bool HasPeerEnded(int socket)
    {
        // struct pollfd: the descriptor, POLLRDHUP, and what is answered.
        var question = stackalloc short[4];
        *(int*)question = socket;
        question[2] = 0x2000;
        return Poll(question, 1, 0) > 0;
    }

    /// <summary>Gives a descriptor back.</summary>
    public static void Close(int descriptor) => _ = CloseDescriptor(descriptor);

    /// <summary>epoll_wait.</summary>
    [LibraryImport("libc", EntryPoint = "epoll_wait", SetLastError = true)]
    public static partial int EpollWait(SafeHandle epoll, byte* reports, int capacity, int milliseconds);

    /// <summary>epoll_create1.</summary>
    [LibraryImport("libc", EntryPoint = "epoll_create1", SetLastError = true)]
    public static partial int EpollCreate(int flags);

    /// <summary>eventfd.</summary>
    [LibraryImport("libc", EntryPoint = "eventfd", SetLastError = true)]
    public static partial int EventFd(uint first, int flags);

    private static void SetOption(int socket, int level, int option, int value) => _ = SetOption(socket, level, option, &value, sizeof(int));

    [LibraryImport("libc", EntryPoint = "epoll_ctl", SetLastError = true)]
    private static partial int EpollControl(SafeHandle epoll, int operation, int descriptor, byte* change);

    [LibraryImport("libc", EntryPoint = "accept4", SetLastError = true)]
    private static partial int Accept(int listening, byte* address, uint* length, int flags);

    [LibraryImport("libc", EntryPoint = "poll", SetLastError = true)]
    private static partial int Poll(short* questions, nuint count, int milliseconds);

    [LibraryImport("libc", EntryPoint = "recv", SetLastError = true)]
    private static partial nint Receive(int socket, byte* bytes, nuint length, int flags);

    [LibraryImport("libc", EntryPoint = "send", SetLastError = true)]
    private static partial nint Send(int socket, byte* bytes, nuint length, int flags);

    [LibraryImport("libc", EntryPoint = "write", SetLastError = true)]
    private static partial nint Write(SafeHandle descriptor, void* bytes, nuint length);

    [LibraryImport("libc", EntryPoint = "shutdown", SetLastError = true)]
    private static partial int Shutdown(int socket, int side);

    [LibraryImport("libc", EntryPoint = "setsockopt", SetLastError = true)]
    private static partial int SetOption(int socket, int level, int option, void* value, uint length);

    [LibraryImport("libc", EntryPoint = "getsockopt", SetLastError = true)]
    private static partial int GetOption(int socket, int level, int option, byte* value, uint* length);

    [LibraryImport("libc", EntryPoint = "getpeername", SetLastError = true)]
    private static partial int PeerName(int socket, byte* address, uint* length);

    [LibraryImport("libc", EntryPoint = "getsockname", SetLastError = true)]
    private static partial int SocketName(int socket, byte* address, uint* length);

    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    private static partial int CloseDescriptor(int descriptor);
}
