using System.Runtime.InteropServices;

namespace Presence.Bench.Sockets;

/// <summary>
/// The calls of Linux that the load is made of. The framework's sockets would do as well, but for the price of a layer per call, and
/// there are some hundred thousand calls a second.
/// </summary>
internal static partial class Native
{
    public const int EpollIn = 0x1;
    public const int EpollOut = 0x4;
    public const int EpollErr = 0x8;
    public const int EpollHup = 0x10;
    public const int EpollAdd = 1;
    public const int EpollModify = 3;
    public const int CloseOnExec = 0x80000;
    public const int NonBlocking = 0x800;
    public const int Stream = 1;
    public const int LevelIp = 0;
    public const int LevelTcp = 6;
    public const int NoDelay = 1;
    public const int BindAddressNoPort = 24;
    public const int NoSignal = 0x4000;
    public const int ClockMonotonic = 1;
    public const int ClockTicksPerSecond = 2;

    public const int Interrupted = 4;
    public const int TryAgain = 11;
    public const int TooManyFiles = 24;
    public const int InProgress = 115;

    private const string Library = "libc";

    [LibraryImport(Library, EntryPoint = "socket", SetLastError = true)]
    public static partial int Socket(int family, int type, int protocol);

    [LibraryImport(Library, EntryPoint = "setsockopt", SetLastError = true)]
    public static partial int SetOption(int socket, int level, int name, in int value, int length);

    [LibraryImport(Library, EntryPoint = "bind", SetLastError = true)]
    public static partial int Bind(int socket, ReadOnlySpan<byte> address, int length);

    [LibraryImport(Library, EntryPoint = "connect", SetLastError = true)]
    public static partial int Connect(int socket, ReadOnlySpan<byte> address, int length);

    [LibraryImport(Library, EntryPoint = "recv", SetLastError = true)]
    public static partial nint Receive(int socket, Span<byte> buffer, nint length, int flags);

    [LibraryImport(Library, EntryPoint = "send", SetLastError = true)]
    public static partial nint Send(int socket, ReadOnlySpan<byte> buffer, nint length, int flags);

    [LibraryImport(Library, EntryPoint = "close", SetLastError = true)]
    public static partial int Close(int file);

    [LibraryImport(Library, EntryPoint = "epoll_create1", SetLastError = true)]
    public static partial int CreateEpoll(int flags);

    [LibraryImport(Library, EntryPoint = "epoll_ctl", SetLastError = true)]
    public static partial int ControlEpoll(int epoll, int operation, int file, ReadOnlySpan<byte> happening);

    [LibraryImport(Library, EntryPoint = "epoll_wait", SetLastError = true)]
    public static partial int WaitEpoll(int epoll, Span<byte> happenings, int capacity, int milliseconds);

    [LibraryImport(Library, EntryPoint = "timerfd_create", SetLastError = true)]
    public static partial int CreateTimer(int clock, int flags);

    [LibraryImport(Library, EntryPoint = "timerfd_settime", SetLastError = true)]
    public static partial int SetTimer(int timer, int flags, ReadOnlySpan<long> intervalAndValue, nint old);

    [LibraryImport(Library, EntryPoint = "sysconf", SetLastError = true)]
    public static partial nint Configuration(int name);

    [LibraryImport(Library, EntryPoint = "getrlimit")]
    private static partial int GetLimit(int resource, Span<ulong> softAndHard);

    /// <summary>How many files this process may have open.</summary>
    public static int MaxOpenFiles
    {
        get
        {
            const int ofOpenFiles = 7;
            Span<ulong> limit = stackalloc ulong[2];
            return OperatingSystem.IsLinux() && GetLimit(ofOpenFiles, limit) == 0 ? (int)Math.Min(limit[0], int.MaxValue) : int.MaxValue;
        }
    }

    /// <summary>How many files this process has open.</summary>
    public static int OpenFiles => OperatingSystem.IsLinux() ? Directory.GetFiles("/proc/self/fd").Length : 0;

    [LibraryImport(Library, EntryPoint = "setpriority")]
    private static partial int SetPriority(int which, int who, int priority);

    [LibraryImport(Library, EntryPoint = "nanosleep")]
    private static partial int NanoSleep(ReadOnlySpan<long> secondsAndNanoseconds, nint rest);

    /// <summary>
    /// Sleeps for so many nanoseconds, at most a second. <see cref="Thread.Sleep(TimeSpan)"/> knows whole milliseconds only and would keep the
    /// processor busy for the rest.
    /// </summary>
    public static void Sleep(long nanoseconds)
    {
        if (OperatingSystem.IsLinux())
            _ = NanoSleep([0, Math.Clamp(nanoseconds, 1, 999_999_999)], 0);
        else
            Thread.Sleep(1);
    }

    [LibraryImport(Library, EntryPoint = "sched_setscheduler")]
    private static partial int SetScheduler(int process, int policy, in int priority);

    /// <summary>
    /// Lets the calling thread run before all others that have no such right, where the system allows it; else it stays as it is. It is for
    /// threads that wait nearly all of the time.
    /// </summary>
    public static void Prefer()
    {
        const int roundRobin = 2;
        const int nice = -15;
        // On Linux 0 stands for the calling thread.
        if (OperatingSystem.IsLinux() && SetScheduler(0, roundRobin, 1) < 0)
            _ = SetPriority(0, 0, nice);
    }

    /// <summary>What the last call that failed says of it.</summary>
    public static string LastError => Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError());
}
