using System.ComponentModel;
using System.Runtime.InteropServices;

namespace Presence.Tests.Clusters.Kit;

/// <summary>What a process can be sent from outside. The numbers are those of Linux and of macOS.</summary>
public static class Signal
{
    /// <summary>Ends the process at once; it has no say.</summary>
    public const int Kill = 9;

    /// <summary>Asks the process to end.</summary>
    public const int Terminate = 15;

    /// <summary>Halts the process as it is, as a long pause of the machine does; its sockets stay open.</summary>
    public static readonly int Freeze = OperatingSystem.IsMacOS() ? 17 : 19;

    /// <summary>Lets a halted process go on.</summary>
    public static readonly int Thaw = OperatingSystem.IsMacOS() ? 19 : 18;

    /// <summary>Whether this system has signals at all.</summary>
    public static bool Exists => !OperatingSystem.IsWindows();

    public static void Send(int process, int signal)
    {
        if (SendSignal(process, signal) != 0)
            throw new Win32Exception(Marshal.GetLastPInvokeError(), $"Signal {signal} could not be sent to process {process}");
    }

    [DllImport("libc", EntryPoint = "kill", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int SendSignal(int process, int signal);
}
