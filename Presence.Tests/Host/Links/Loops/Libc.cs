using System.Runtime.InteropServices;

namespace Presence.Tests.Host.Links.Loops;

internal static class Libc
{
    /// <summary>Another descriptor of the same connection.</summary>
    public static int Duplicate(int descriptor) => Dup(descriptor) is var copy and >= 0 ? copy : throw new InvalidOperationException("dup");

    [DllImport("libc", EntryPoint = "dup", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Dup(int descriptor);
}
