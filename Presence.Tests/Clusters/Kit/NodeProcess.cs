using System.Diagnostics;
using System.Net;

namespace Presence.Tests.Clusters.Kit;

/// <summary>
/// One server as a process of its own, at one address: it can be killed, asked to end, halted and started again there. What it
/// writes goes into a file, the end of which a failure shows.
/// </summary>
/// <remarks>Needs a system with signals and a shell. Only one thread at a time may do something to it; any may ask.</remarks>
public sealed class NodeProcess : IAsyncDisposable
{
    /// <summary>How long a node may take until it serves; a whole cluster that starts at once shares two processors.</summary>
    private static readonly TimeSpan StartPatience = TimeSpan.FromSeconds(90);

    private static readonly TimeSpan ExitPatience = TimeSpan.FromSeconds(60);
    private static readonly HttpClient Http = new(new SocketsHttpHandler { UseProxy = false }) { Timeout = TimeSpan.FromSeconds(5) };

    private readonly string _folder;
    private readonly string[] _arguments;
    private readonly string _log;
    private readonly List<Process> _processes = [];
    private volatile Process? _process;
    private Guardian? _guardian;
    private volatile bool _isFrozen;
    private volatile bool _isEnding;
    private volatile bool _hasServed;

    /// <param name="name">What failures call it.</param>
    /// <param name="address">Where it is.</param>
    /// <param name="seeds">The nodes to join through.</param>
    /// <param name="folder">Where <c>Presence.Host.dll</c> is; another folder is another build.</param>
    /// <param name="logs">The folder into which it writes.</param>
    /// <param name="settings">What differs from the settings of Development, as on the command line.</param>
    /// <param name="rehearses">Whether it tries itself out before it serves, as by default; the others leave that out for the tests' time.</param>
    public NodeProcess(
        string name, NodeAddress address, IEnumerable<string> seeds, string folder, string logs, IEnumerable<string> settings, bool rehearses = false)
    {
        Name = name;
        Address = address;
        _folder = folder;
        _log = Path.Combine(logs, $"{name}.log");
        _arguments =
        [
            "--environment=Development",
            .. rehearses ? ["--Logging:LogLevel:Presence.Host.Links.Rehearsing=Debug"] : new[] { "--Presence:Links:Rehearsal=0" },
            $"--Presence:Http:Address={NodeAddress.Host}",
            $"--Presence:Http:Port={address.HttpPort}",
            $"--Presence:Tcp:Address={NodeAddress.Host}",
            $"--Presence:Tcp:Port={address.TcpPort}",
            $"--Presence:Cluster:Hostname={NodeAddress.Host}",
            $"--Presence:Cluster:Port={address.ClusterPort}",
            .. address.BindPort == address.ClusterPort ? [] : new[] { $"--Presence:Cluster:BindPort={address.BindPort}" },
            .. seeds.Select((seed, i) => $"--Presence:Cluster:Seeds:{i}={seed}"),
            .. settings,
        ];
    }

    public string Name { get; }

    public NodeAddress Address { get; }

    /// <summary>Whether it has broken a promise.</summary>
    public bool HasFailed { get; private set; }

    /// <summary>Whether there is a process, halted or not.</summary>
    public bool IsRunning => _process is { HasExited: false };

    /// <summary>Whether it serves as far as anybody knows: it has, and has neither been halted nor asked to end since.</summary>
    public bool IsUp => IsRunning && _hasServed && !_isFrozen && !_isEnding;

    /// <summary>The end of what it has written, over all its lives.</summary>
    public string Tail => File.Exists(_log) ? string.Join('\n', File.ReadLines(_log).TakeLast(40)) : "nothing";

    /// <summary>Whether it has written this, in whichever of its lives.</summary>
    public bool HasWritten(string what) =>
        File.Exists(_log) && File.ReadLines(_log).Any(line => line.Contains(what, StringComparison.Ordinal));

    /// <summary>Starts it, without waiting for it to serve.</summary>
    public void Start()
    {
        if (IsRunning)
            throw new InvalidOperationException($"{Name} runs already.");
        _guardian?.Dispose();
        var start = new ProcessStartInfo("/bin/sh")
        {
            // The shell becomes the server: one process, whose output is a file that needs nobody to read along.
            ArgumentList = { "-c", "log=$0; exec \"$@\" >>\"$log\" 2>&1", _log, "dotnet", Path.Combine(_folder, "Presence.Host.dll") },
            WorkingDirectory = _folder,
        };
        foreach (var argument in _arguments)
            start.ArgumentList.Add(argument);
        _process = Process.Start(start)!;
        _processes.Add(_process);
        _guardian = new Guardian(_process.Id);
        _isFrozen = false;
        _isEnding = false;
        _hasServed = false;
    }

    /// <summary>
    /// Waits until it serves clients: it is a member of its cluster then. One that could not join in time is started anew, as whatever
    /// watches over a node does.
    /// </summary>
    public async Task ServingAsync()
    {
        var since = Stopwatch.GetTimestamp();
        while (!await IsServingAsync())
        {
            if (_process is { HasExited: true, ExitCode: NodeExit.Removed })
                Start();
            if (!IsRunning)
                throw Failure($"ended with exit code {_process?.ExitCode} instead of serving");
            if (Stopwatch.GetElapsedTime(since) > StartPatience)
                throw Failure($"does not serve after {StartPatience.TotalSeconds} s");
            await Task.Delay(100);
        }

        _hasServed = true;
    }

    public async Task<bool> IsServingAsync()
    {
        if (!IsRunning || _isFrozen)
            return false;
        try
        {
            using var answer = await Http.GetAsync(new Uri(Address.Http, "healthcheck"));
            return answer.StatusCode == HttpStatusCode.OK;
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException)
        {
            return false;
        }
    }

    /// <summary>Ends it as a crash does.</summary>
    public Task<NodeExit> KillAsync() => EndAsync(Signal.Kill);

    /// <summary>Asks it to end, and waits until it has.</summary>
    public Task<NodeExit> TerminateAsync() => EndAsync(Signal.Terminate);

    /// <summary>Halts it as it is.</summary>
    public void Freeze()
    {
        Signal.Send(Running.Id, Signal.Freeze);
        _isFrozen = true;
    }

    /// <summary>Lets it go on.</summary>
    public void Thaw()
    {
        Signal.Send(Running.Id, Signal.Thaw);
        _isFrozen = false;
    }

    /// <summary>Starts it again where it was, once it has ended, and waits until it serves.</summary>
    public async Task RestartAsync()
    {
        Start();
        await ServingAsync();
    }

    /// <summary>Waits until it has ended by itself; null if it goes on.</summary>
    public async Task<NodeExit?> ExitAsync(TimeSpan patience)
    {
        var since = Stopwatch.GetTimestamp();
        using var cancel = new CancellationTokenSource(patience);
        try
        {
            await _process!.WaitForExitAsync(cancel.Token);
            return new NodeExit(_process.ExitCode, Stopwatch.GetElapsedTime(since));
        }
        catch (OperationCanceledException)
        {
            return null;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (IsRunning)
            await KillAsync();
        _guardian?.Dispose();
        foreach (var process in _processes)
            process.Dispose();
    }

    private Process Running => IsRunning ? _process! : throw Failure("does not run");

    private async Task<NodeExit> EndAsync(int signal)
    {
        _isEnding = true;
        Signal.Send(Running.Id, signal);
        return await ExitAsync(ExitPatience) ?? throw Failure($"does not end within {ExitPatience.TotalSeconds} s of signal {signal}");
    }

    /// <summary>What to throw when it has broken a promise.</summary>
    /// <param name="what">What it did.</param>
    public NodeException Failure(string what)
    {
        HasFailed = true;
        return new($"{Name} {what}. All that it wrote is in {_log}; last:\n{Tail}");
    }
}
