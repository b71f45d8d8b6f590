using System.Globalization;

namespace Presence.Bench.Runs;

/// <summary>What a process holds at one time, from <c>/proc</c> of Linux.</summary>
/// <param name="Seconds">When, in seconds since the first sample.</param>
/// <param name="ResidentMib">Resident memory, in MiB.</param>
/// <param name="OpenFiles">Open file descriptors.</param>
/// <param name="Threads">Threads.</param>
internal readonly record struct ProcessSample(double Seconds, double ResidentMib, int OpenFiles, int Threads)
{
    /// <summary>Reads a process.</summary>
    /// <param name="process">The process.</param>
    /// <param name="seconds">The time of the sample.</param>
    /// <param name="hasEnded">Whether the process has ended.</param>
    /// <returns>Null if it has ended, or cannot be read just now because this process has no file descriptor left.</returns>
    public static ProcessSample? TryRead(int process, double seconds, out bool hasEnded)
    {
        hasEnded = false;
        var folder = string.Create(CultureInfo.InvariantCulture, $"/proc/{process}");
        try
        {
            double? resident = null;
            int? threads = null;
            foreach (var line in File.ReadLines($"{folder}/status"))
            {
                if (line.StartsWith("VmRSS:", StringComparison.Ordinal))
                    resident = Number(line) / 1024.0;
                else if (line.StartsWith("Threads:", StringComparison.Ordinal))
                    threads = (int)Number(line);
            }

            // A process that has ended and was not waited for has no memory any more.
            hasEnded = resident is null;
            return resident is { } r && threads is { } t
                ? new ProcessSample(Math.Round(seconds, 1), Math.Round(r, 1), Directory.GetFiles($"{folder}/fd").Length, t)
                : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            hasEnded = !Directory.Exists(folder);
            return null;
        }
    }

    private static long Number(string line) => long.Parse(line.Split(' ', '\t').First(w => w.Length > 0 && char.IsAsciiDigit(w[0])), CultureInfo.InvariantCulture);
}

/// <summary>Samples a process again and again on a thread of its own, until it is disposed.</summary>
internal sealed class ProcessSampler : IDisposable
{
    private readonly List<ProcessSample> _samples = [];
    private readonly ManualResetEventSlim _stopped = new();
    private readonly Thread _thread;
    private readonly int _process;
    private readonly long _start = Clock.Now;

    /// <param name="process">The process.</param>
    /// <param name="pause">The time between two samples.</param>
    public ProcessSampler(int process, TimeSpan pause)
    {
        _process = process;
        Take();
        _thread = new Thread(() =>
        {
            while (!_stopped.Wait(pause))
                Take();
        })
        { IsBackground = true, Name = "samples" };
        _thread.Start();
    }

    /// <summary>When the process was seen to have ended, in seconds since the first sample; null if it is there.</summary>
    public double? EndedAt { get; private set; }

    /// <summary>The samples.</summary>
    public ProcessSample[] Samples
    {
        get
        {
            lock (_samples)
                return [.. _samples];
        }
    }

    /// <summary>Takes a sample now.</summary>
    public ProcessSample? Take()
    {
        lock (_samples)
        {
            var seconds = Clock.SecondsSince(_start);
            if (EndedAt is not null)
                return null;
            var sample = ProcessSample.TryRead(_process, seconds, out var hasEnded);
            if (sample is { } taken)
                _samples.Add(taken);
            if (hasEnded)
                EndedAt = Math.Round(seconds, 1);
            return sample;
        }
    }

    public void Dispose()
    {
        _stopped.Set();
        _thread.Join();
        _stopped.Dispose();
    }
}
