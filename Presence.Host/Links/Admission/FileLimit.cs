using System.Runtime.InteropServices;

namespace Presence.Host.Links.Admission;

/// <summary>
/// The limit of open files of this process, and how much of it is left for client sockets. The runtime ends the process when it
/// finds no descriptor for a thread or an assembly, so that clients never get all of them.
/// </summary>
/// <remarks>
/// .NET raises the soft limit to the hard limit when a process starts, so the soft limit is what counts. It holds two descriptors for
/// each assembly: a node has about 310 open before its first client.
/// </remarks>
internal static unsafe partial class FileLimit
{
    /// <summary>With a lower limit the node does not start: it would serve almost nobody.</summary>
    public const int Least = 400;

    /// <summary>How many refused sockets a node holds at one time, until their answer has been read.</summary>
    public const int MostRefused = 16;

    /// <summary>How many displaced sockets are on their way out at one time, at most.</summary>
    public const int MostDisplaced = 32;

    // For assemblies, files, threads and connections between nodes that come later.
    private const int LeastSpare = 48;
    private const int MostSpare = 256;

    // RLIMIT_NOFILE.
    private static readonly int ResourceFiles = OperatingSystem.IsMacOS() || OperatingSystem.IsFreeBSD() ? 8 : 7;

    /// <summary>The soft limit; null if there is none, or the system has no such limit.</summary>
    public static int? Current
    {
        get
        {
            if (OperatingSystem.IsWindows())
                return null;
            var limits = stackalloc ulong[2];
            return GetLimit(ResourceFiles, limits) == 0 && limits[0] < int.MaxValue ? (int)limits[0] : null;
        }
    }

    /// <summary>How many descriptors this process has open, but for sockets where the system tells them apart.</summary>
    public static int Open
    {
        get
        {
            try
            {
                return OperatingSystem.IsLinux()
                    ? Directory.EnumerateFileSystemEntries("/proc/self/fd").Count(IsNoSocket)
                    : Directory.EnumerateFileSystemEntries("/dev/fd").Count();
            }
            catch (IOException)
            {
                return Least - LeastSpare;
            }
        }
    }

    /// <summary>How many client sockets a limit leaves room for.</summary>
    /// <param name="limit">The limit.</param>
    /// <param name="open">How many descriptors are open for other things.</param>
    public static int Room(int limit, int open) =>
        Math.Max(1, limit - open - Spare(limit) - Math.Min(limit / 16, MostRefused + MostDisplaced));

    /// <summary>How many clients of its own a node can have at one time before it has any other, with both ends of each in this process.</summary>
    /// <param name="limit">The limit; null if there is none.</param>
    /// <param name="open">How many descriptors are open for other things.</param>
    public static int Pairs(int? limit, int open) => limit is { } files ? Math.Max(1, (files - open - (2 * LeastSpare)) / 2) : int.MaxValue;

    /// <summary>Checks that the limit lets a node serve.</summary>
    /// <exception cref="FileLimitException">It does not.</exception>
    public static void Check()
    {
        if (Current is { } files && files < Least)
            throw new FileLimitException(files);
    }

    /// <summary>
    /// Whether a descriptor shows that hardly any is left: the system gives out the lowest number that is free. This is the second
    /// line of defence, for descriptors that nobody has planned for.
    /// </summary>
    /// <param name="limit">The limit; null if there is none.</param>
    /// <param name="descriptor">The descriptor that was just given out.</param>
    public static bool IsScarce(int? limit, nint descriptor) => limit is { } files && descriptor >= files - (Spare(files) / 2);

    private static int Spare(int limit) => Math.Clamp(limit / 16, LeastSpare, MostSpare);

    private static bool IsNoSocket(string entry)
    {
        try
        {
            return new FileInfo(entry).LinkTarget?.StartsWith("socket:", StringComparison.Ordinal) != true;
        }
        catch (IOException)
        {
            // It has been closed meanwhile.
            return false;
        }
    }

    [LibraryImport("libc", EntryPoint = "getrlimit", SetLastError = true)]
    private static partial int GetLimit(int resource, ulong* limits);
}
