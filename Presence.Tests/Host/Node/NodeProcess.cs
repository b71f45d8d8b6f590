using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;
using Xunit;

namespace Presence.Tests.Host.Node;

/// <summary>The built server as a process, to which signals can be sent, and whose exit code and words can be read.</summary>
internal sealed partial class NodeProcess : IAsyncDisposable
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly Process _process;
    private readonly List<string> _output = [];
    private readonly List<string> _error = [];
    private readonly TaskCompletionSource<Uri> _http = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<IPEndPoint> _tcp = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private NodeProcess(ProcessStartInfo start)
    {
        _process = Process.Start(start)!;
        _process.OutputDataReceived += (_, line) => Hear(line.Data);
        _process.ErrorDataReceived += (_, line) =>
        {
            lock (_error)
            {
                if (line.Data is not null)
                    _error.Add(line.Data);
            }
        };
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    /// <summary>Where HTTP and <c>/ws</c> are, once it serves.</summary>
    public Task<Uri> Http => OrItsEndAsync(_http.Task);

    /// <summary>Where the TCP links are, once it serves.</summary>
    public Task<IPEndPoint> Tcp => OrItsEndAsync(_tcp.Task);

    /// <summary>The id of the process.</summary>
    public int Id => _process.Id;

    /// <summary>Whether it serves.</summary>
    public bool IsServing => _http.Task.IsCompleted;

    /// <summary>Starts a server in Development on free ports.</summary>
    /// <param name="settings">What differs, e.g. <c>Cluster:Port=7354</c>.</param>
    public static NodeProcess Start(params string[] settings) => Start([], settings);

    /// <summary>Starts a server in Development on free ports that may have so many files open.</summary>
    public static NodeProcess StartWithFiles(int limit, params string[] settings)
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "needs a limit of open files");
        var start = new ProcessStartInfo("bash")
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = AppContext.BaseDirectory,
        };
        foreach (var argument in (string[])["-c", $"ulimit -n {limit}; exec dotnet \"$@\"", "bash", .. Arguments(settings)])
            start.ArgumentList.Add(argument);
        return new NodeProcess(start);
    }

    /// <summary>Starts a server in Development on free ports, with more in its environment.</summary>
    public static NodeProcess Start((string Name, string Value)[] environment, params string[] settings)
    {
        Skip.If(OperatingSystem.IsWindows(), "needs signals");
        var start = new ProcessStartInfo("dotnet")
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = AppContext.BaseDirectory,
        };
        foreach (var argument in Arguments(settings))
            start.ArgumentList.Add(argument);
        foreach (var (name, value) in environment)
            start.Environment[name] = value;
        return new NodeProcess(start);
    }

    public void Terminate() => Signal("TERM");

    public void Interrupt() => Signal("INT");

    /// <summary>What it has said on its output so far.</summary>
    public IReadOnlyList<string> Lines
    {
        get
        {
            lock (_output)
                return [.. _output];
        }
    }

    /// <summary>Waits until it has said something on its output, after so many lines.</summary>
    public async Task SaysAsync(string text, int after = 0)
    {
        using var patience = new CancellationTokenSource(Patience);
        while (!Lines.Skip(after).Any(line => line.Contains(text, StringComparison.Ordinal)))
        {
            if (_process.HasExited || patience.IsCancellationRequested)
                throw new InvalidOperationException($"The server has not said '{text}', but:\n{Output}");
            await Task.Delay(50);
        }
    }

    /// <summary>Waits for its end: the exit code, and the lines of standard error.</summary>
    public async Task<(int Code, IReadOnlyList<string> Error)> EndAsync()
    {
        using var patience = new CancellationTokenSource(Patience);
        try
        {
            await _process.WaitForExitAsync(patience.Token);
        }
        catch (OperationCanceledException)
        {
            throw new TimeoutException($"The server did not end. It has said:\n{Output}");
        }

        lock (_error)
            return (_process.ExitCode, [.. _error]);
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
            _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    private string Output => string.Join('\n', Lines);

    private static IEnumerable<string> Arguments(string[] settings) =>
    [
        Path.Combine(AppContext.BaseDirectory, "Presence.Host.dll"),
        "--environment=Development",
        "--Presence:Http:Address=127.0.0.1",
        "--Presence:Http:Port=0",
        "--Presence:Tcp:Address=127.0.0.1",
        "--Presence:Tcp:Port=0",
        .. settings.Select(setting => $"--Presence:{setting}"),
    ];

    private void Hear(string? line)
    {
        if (line is null)
            return;
        lock (_output)
            _output.Add(line);
        if (Serving().Match(line) is { Success: true } http)
            _http.TrySetResult(new Uri(http.Groups["address"].Value));
        if (ServingTcp().Match(line) is { Success: true } tcp)
            _tcp.TrySetResult(IPEndPoint.Parse(tcp.Groups["address"].Value));
    }

    private async Task<T> OrItsEndAsync<T>(Task<T> awaited)
    {
        if (await Task.WhenAny(awaited, _process.WaitForExitAsync(), Task.Delay(Patience)) == awaited)
            return await awaited;
        throw new InvalidOperationException($"The server does not serve. It has said:\n{Output}\n{string.Join('\n', _error)}");
    }

    private void Signal(string name)
    {
        using var kill = Process.Start("kill", [$"-{name}", _process.Id.ToString(CultureInfo.InvariantCulture)]);
        kill.WaitForExit();
        Assert.Equal(0, kill.ExitCode);
    }

    [GeneratedRegex(@"serves SDKs on (?<address>\S+)", RegexOptions.ExplicitCapture)]
    private static partial Regex Serving();

    [GeneratedRegex(@"serves TCP clients on tcp://(?<address>\S+)", RegexOptions.ExplicitCapture)]
    private static partial Regex ServingTcp();
}
