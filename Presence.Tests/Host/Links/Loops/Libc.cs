using System.Runtime.InteropServices;

namespace Presence.Tests.Host.Links.Loops;

internal static class Libc
{
    /// <summary>Another descriptor of the same connection.</summary>
    public static int Duplicate(int descriptor) => Dup(descriptor) is var copy and >= 0 ? copy : throw new InvalidOperationException("dup");

    /// <summary>Has a descriptor mean what another does, and no more what it meant.</summary>
    public static void Replace(int descriptor, int other)
    {
        if (Dup2(other, descriptor) < 0)
            throw new InvalidOperationException("dup2");
    }

    [DllImport("libc", EntryPoint = "dup2", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Dup2(int descriptor, int asDescriptor);

    [DllImport("libc", EntryPoint = "dup", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Dup(int descriptor);
}
