using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Presence.Host.Links.Loops;

/// <summary>
/// The array of <c>struct epoll_event</c> that a wait fills. Its layout depends on the processor: 32 bits of flags and 64 bits of
/// data, without a gap on x86, with one everywhere else.
/// </summary>
internal sealed unsafe class EpollReports(int capacity) : IDisposable
{
    /// <summary>The size of one, in bytes.</summary>
    public static readonly int Stride = RuntimeInformation.ProcessArchitecture is Architecture.X64 or Architecture.X86 ? 12 : 16;

    private byte* _reports = (byte*)NativeMemory.Alloc((nuint)capacity, (nuint)Stride);

    /// <summary>One of those that the last wait has found.</summary>
    public (uint Flags, ulong Data) this[int index] => Read(_reports + (index * Stride));

    /// <summary>Waits; the number of reports found, zero if there are none.</summary>
    public int Wait(SafeHandle epoll, bool mayBlock)
    {
        while (true)
        {
            var found = Linux.EpollWait(epoll, _reports, capacity, mayBlock ? -1 : 0);
            if (found >= 0)
                return found;
            if (Marshal.GetLastPInvokeError() != Linux.Interrupted)
                throw Linux.Fault("epoll_wait");
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        NativeMemory.Free(_reports);
        _reports = null;
    }

    /// <summary>Lays one out.</summary>
    public static void Write(byte* report, uint flags, ulong data)
    {
        Unsafe.WriteUnaligned(report, flags);
        Unsafe.WriteUnaligned(report + Stride - sizeof(ulong), data);
    }

    private static (uint Flags, ulong Data) Read(byte* report) =>
        (Unsafe.ReadUnaligned<uint>(report), Unsafe.ReadUnaligned<ulong>(report + Stride - sizeof(ulong)));
}
