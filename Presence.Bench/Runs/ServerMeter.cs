using System.Collections.Immutable;
using System.Globalization;
using Presence.Bench.Sockets;

namespace Presence.Bench.Runs;

/// <summary>
/// Reads what the processes of a server have used, from <c>/proc</c> of Linux. Several processes, such as the nodes of a cluster, are
/// taken together. Without a process it knows nothing, and says so with NaN.
/// </summary>
internal sealed class ServerMeter
{
    private static readonly double TicksPerSecond = OperatingSystem.IsLinux() ? Native.Configuration(Native.ClockTicksPerSecond) : double.NaN;

    private readonly ImmutableArray<int> _processes;

    /// <param name="processes">The ids of the processes.</param>
    /// <exception cref="UsageException">There is no such process.</exception>
    public ServerMeter(ImmutableArray<int> processes)
    {
        _processes = processes;
        foreach (var process in processes)
        {
            if (!File.Exists(Path(process, "stat")))
                throw new UsageException($"There is no process {process.ToString(CultureInfo.InvariantCulture)} on this machine. --pid is the process of the server, read from /proc.");
        }
    }

    /// <summary>The time for which they have kept a core busy, in seconds, to a hundredth.</summary>
    public double CpuSeconds => Sum(process =>
    {
        // Behind the name, which may hold anything, come the state and numbers; the 14th and 15th field of all are user and system time.
        var stat = File.ReadAllText(Path(process, "stat"));
        var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        return (Number(fields[11]) + Number(fields[12])) / TicksPerSecond;
    });

    /// <summary>The time for which all processes of the machine together have kept a core busy, in seconds; NaN where that is not known.</summary>
    public static double MachineCpuSeconds
    {
        get
        {
            if (!OperatingSystem.IsLinux())
                return double.NaN;
            // The first line: user, nice, system, idle, waiting for disks, interrupts.
            var fields = File.ReadLines("/proc/stat").First().Split(' ', StringSplitOptions.RemoveEmptyEntries);
            return (Number(fields[1]) + Number(fields[2]) + Number(fields[3]) + Number(fields[6]) + Number(fields[7])) / TicksPerSecond;
        }
    }

    /// <summary>The memory that they occupy (the resident set), in KiB.</summary>
    public double ResidentKib => Sum(process => Number(
        File.ReadLines(Path(process, "status")).First(line => line.StartsWith("VmRSS:", StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[1]));

    private static string Path(int process, string file) => string.Create(CultureInfo.InvariantCulture, $"/proc/{process}/{file}");

    private static double Number(string text) => double.Parse(text, CultureInfo.InvariantCulture);

    private double Sum(Func<int, double> read)
    {
        if (_processes.IsEmpty)
            return double.NaN;
        try
        {
            return _processes.Sum(read);
        }
        catch (Exception e) when (e is IOException or InvalidOperationException or IndexOutOfRangeException)
        {
            // It has ended; the load itself notices.
            return double.NaN;
        }
    }
}
