using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Presence.Bench.Comparing;

/// <summary>A server that this tool has started, on a free port of the loopback; killed when it is done with.</summary>
internal sealed class ServerUnderTest : IAsyncDisposable
{
    private const int LastLines = 10;

    // Below the ports that the system gives to those who connect, so that none of them takes it.
    private const int LowestPort = 15_000;
    private const int HighestPort = 30_000;

    private static readonly TimeSpan StartPatience = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan AnswerPatience = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    // What a server still does when it has begun to serve is no part of what is measured.
    private static readonly TimeSpan Rest = TimeSpan.FromSeconds(1);

    private readonly Queue<string> _said = [];
    private readonly Process _process;
    private readonly TextWriter? _log;

    private ServerUnderTest(Process process, int port, int tcpPort, string? log)
    {
        _process = process;
        _log = log is null ? null : TextWriter.Synchronized(new StreamWriter(log));
        Port = port;
        TcpPort = tcpPort;
        _process.OutputDataReceived += (_, line) => Hear(line.Data);
        _process.ErrorDataReceived += (_, line) => Hear(line.Data);
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        // Whoever ends this tool early does not want to go looking for its servers.
        AppDomain.CurrentDomain.ProcessExit += Kill;
    }

    /// <summary>Where it listens.</summary>
    public int Port { get; }

    /// <summary>Where its TCP port is, if its command has one.</summary>
    public int TcpPort { get; }

    /// <summary>Its process.</summary>
    public int ProcessId => _process.Id;

    /// <summary>
    /// Starts a server and waits until it serves: its port accepts, and <c>/health/ready</c>, if there is such a page, does not answer
    /// that it is not ready.
    /// </summary>
    /// <param name="command">How it is started.</param>
    /// <param name="log">A file for all that it writes; null if that is not kept.</param>
    /// <exception cref="UnreachableException">It does not start.</exception>
    public static async Task<ServerUnderTest> StartAsync(ServerCommand command, string? log = null)
    {
        var port = FreePort();
        var tcpPort = FreePort();
        ServerUnderTest server;
        try
        {
            server = new ServerUnderTest(Process.Start(command.On(port, tcpPort))!, port, tcpPort, log);
        }
        catch (Win32Exception e)
        {
            throw new UnreachableException($"The server '{command.Name}' cannot be started: {e.Message}.");
        }

        try
        {
            var since = Stopwatch.GetTimestamp();
            while (!await server.IsReadyAsync().ConfigureAwait(false))
            {
                if (server._process.HasExited)
                {
                    await server.HearOutAsync().ConfigureAwait(false);
                    throw new UnreachableException($"The server '{command.Name}' has ended with exit code {server.ExitCode}. {server.Said}");
                }

                if (Stopwatch.GetElapsedTime(since) > StartPatience)
                    throw new UnreachableException($"The server '{command.Name}' does not serve on port {port.ToString(CultureInfo.InvariantCulture)} after {StartPatience.TotalSeconds} s. {server.Said}");
                await Task.Delay(Pause).ConfigureAwait(false);
            }

            await Task.Delay(Rest).ConfigureAwait(false);
            return server;
        }
        catch
        {
            await server.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        AppDomain.CurrentDomain.ProcessExit -= Kill;
        Kill(null, EventArgs.Empty);
        await _process.WaitForExitAsync().ConfigureAwait(false);
        _process.Dispose();
        if (_log is not null)
            await _log.DisposeAsync().ConfigureAwait(false);
    }

    /// <summary>How it has ended by itself, with its last lines; null if it is there.</summary>
    public string? End => _process.HasExited ? $"exit code {ExitCode}. {Said}" : null;

    private string ExitCode => _process.ExitCode.ToString(CultureInfo.InvariantCulture);

    private string Said
    {
        get
        {
            lock (_said)
                return _said.Count == 0 ? "It has said nothing." : $"It has said:\n{string.Join('\n', _said)}";
        }
    }

    // Its last words may still be on their way. Whoever it has started may hold its output open for ever.
    private async Task HearOutAsync()
    {
        using var patience = new CancellationTokenSource(AnswerPatience);
        try
        {
            await _process.WaitForExitAsync(patience.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // Then that is all.
        }
    }

    private static int FreePort()
    {
        while (true)
        {
            var port = Random.Shared.Next(LowestPort, HighestPort);
            using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            try
            {
                socket.Bind(new IPEndPoint(IPAddress.Any, port));
                return port;
            }
            catch (SocketException)
            {
                // Somebody has it.
            }
        }
    }

    private async Task<bool> IsReadyAsync()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await socket.ConnectAsync(IPAddress.Loopback, Port).ConfigureAwait(false);
        }
        catch (SocketException)
        {
            return false;
        }

        try
        {
            using var patience = new CancellationTokenSource(AnswerPatience);
            await socket.SendAsync("GET /health/ready HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"u8.ToArray(), patience.Token).ConfigureAwait(false);
            var answer = new byte[256];
            var length = await socket.ReceiveAsync(answer, patience.Token).ConfigureAwait(false);
            var status = Encoding.ASCII.GetString(answer, 0, length);
            return !(status.StartsWith("HTTP/1.", StringComparison.Ordinal) && status.Length > 8 && status.AsSpan(8).StartsWith(" 503", StringComparison.Ordinal));
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException)
        {
            // It accepts, and has no such page.
            return true;
        }
    }

    private void Kill(object? sender, EventArgs e)
    {
        if (!_process.HasExited)
            _process.Kill(entireProcessTree: true);
    }

    private void Hear(string? line)
    {
        if (line is null)
            return;
        lock (_said)
        {
            _log?.WriteLine(line);
            _said.Enqueue(line);
            if (_said.Count > LastLines)
                _said.Dequeue();
        }
    }
}
