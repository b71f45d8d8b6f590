using System.Runtime.InteropServices;

namespace Presence.Host.Links;

/// <summary>The heap of the C library, in which OpenSSL keeps the state of TLS connections: about 30 KB for each handshake.</summary>
internal static class NativeHeap
{
    private static readonly Func<nuint, int>? MallocTrim = Find();

    /// <summary>
    /// Returns free memory to the system, where the C library is glibc. Glibc keeps it otherwise: a block that is in use holds all that
    /// is below it. Takes some milliseconds per 100 MB, and threads that allocate native memory wait for it.
    /// </summary>
    /// <returns>Whether the C library can do so.</returns>
    public static bool Trim()
    {
        if (MallocTrim is null)
            return false;
        MallocTrim(0);
        return true;
    }

    private static Func<nuint, int>? Find() =>
        OperatingSystem.IsLinux()
        && NativeLibrary.TryLoad("libc.so.6", out var library)
        && NativeLibrary.TryGetExport(library, "malloc_trim", out var address)
            ? Marshal.GetDelegateForFunctionPointer<MallocTrimFunction>(address).Invoke
            : null;

    [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
    private delegate int MallocTrimFunction(nuint pad);
}
