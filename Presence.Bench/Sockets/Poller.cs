using System.Runtime.InteropServices;
using Presence.Bench.Runs;

namespace Presence.Bench.Sockets;

/// <summary>Tells which of many sockets can be read or written (epoll), and wakes up to some ten microseconds on time.</summary>
internal sealed class Poller : IDisposable
{
    private const int Capacity = 1024;
    private const uint TimerKey = uint.MaxValue;

    // struct epoll_event is packed on x86-64, and only there.
    private static readonly int KeyOffset = RuntimeInformation.ProcessArchitecture is Architecture.X64 or Architecture.X86 ? 4 : 8;
    private static readonly int Size = KeyOffset + sizeof(ulong);

    private readonly byte[] _happenings = new byte[Capacity * Size];
    private readonly long[] _time = new long[4];
    private readonly int _epoll;
    private readonly int _timer;

    public Poller()
    {
        _epoll = Checked(Native.CreateEpoll(Native.CloseOnExec));
        _timer = Checked(Native.CreateTimer(Native.ClockMonotonic, Native.NonBlocking | Native.CloseOnExec));
        Control(_timer, TimerKey, Native.EpollAdd, Native.EpollIn);
    }

    /// <summary>Begins to watch a socket, for both. Closing it ends that.</summary>
    public void Add(int socket, int key) => Control(socket, (uint)key, Native.EpollAdd, Native.EpollIn | Native.EpollOut);

    /// <summary>Whether it is of interest that a socket can be written.</summary>
    public void Watch(int socket, int key, bool forWriting) =>
        Control(socket, (uint)key, Native.EpollModify, Native.EpollIn | (forWriting ? Native.EpollOut : 0));

    /// <summary>Waits until something can be done, but not longer than told; returns how many things.</summary>
    /// <param name="nanoseconds">How long at most.</param>
    /// <param name="isExact">Whether a wait of less than some milliseconds must end on time, which costs a call.</param>
    public int Wait(long nanoseconds, bool isExact)
    {
        var milliseconds = (int)Math.Min((nanoseconds + Clock.Millisecond - 1) / Clock.Millisecond, 1000);
        if (isExact && nanoseconds > 0 && milliseconds < 100)
        {
            _time[2] = 0;
            _time[3] = nanoseconds;
            Checked(Native.SetTimer(_timer, 0, _time, 0));
            milliseconds = -1;
        }

        var count = Native.WaitEpoll(_epoll, _happenings, Capacity, milliseconds);
        return count >= 0 || Marshal.GetLastPInvokeError() == Native.Interrupted ? Math.Max(count, 0) : Checked(count);
    }

    /// <summary>What has happened; false if that was only the time.</summary>
    public bool TryGet(int index, out int key, out bool canRead, out bool canWrite)
    {
        var happening = _happenings.AsSpan(index * Size, Size);
        var events = MemoryMarshal.Read<int>(happening);
        var found = MemoryMarshal.Read<uint>(happening[KeyOffset..]);
        key = (int)found;
        canRead = (events & (Native.EpollIn | Native.EpollErr | Native.EpollHup)) != 0;
        canWrite = (events & Native.EpollOut) != 0;
        if (found != TimerKey)
            return true;
        _time[3] = 0;
        Checked(Native.SetTimer(_timer, 0, _time, 0));
        return false;
    }

    public void Dispose()
    {
        _ = Native.Close(_timer);
        _ = Native.Close(_epoll);
    }

    private void Control(int file, uint key, int operation, int events)
    {
        Span<byte> happening = stackalloc byte[Size];
        happening.Clear();
        MemoryMarshal.Write(happening, events);
        MemoryMarshal.Write(happening[KeyOffset..], (ulong)key);
        Checked(Native.ControlEpoll(_epoll, operation, file, happening));
    }

    private static int Checked(int result) => result >= 0 ? result : throw new IOException(Native.LastError);
}
