using System.Diagnostics;
using System.Globalization;
using System.Text;
using Presence.Cli;
using Presence.Tests.Client;
using Presence.Tests.Host;
using Xunit;

namespace Presence.Tests.Cli;

/// <summary>The built tool as a process: streams, signals, exit codes, a real terminal.</summary>
public sealed class ProcessTests(ServerFixture server) : IClassFixture<ServerFixture>, IDisposable
{
    private readonly DirectoryInfo _home = Directory.CreateTempSubdirectory("presence-cli-");

    public void Dispose() => _home.Delete(recursive: true);

    [SkippableFact]
    public async Task It_logs_in_shows_asks_and_ends_with_Ctrl_C()
    {
        Skip.If(OperatingSystem.IsWindows(), "needs signals");
        using var login = Start("login", "--user", "alice");
        Assert.Equal((0, ""), await EndAsync(login));
        using var set = Start("set", "In a match");
        Assert.Equal("alice now shows \"In a match\", until Ctrl+C.", await set.StandardError.ReadLineAsync().WaitAsync(Clients.Patience));
        await using var bob = await server.ConnectAsync(ClientKind.WebSocketJson, "bob");
        await bob.SetStatusAsync("Here");
        using var online = Start("online", "bob");
        Assert.Equal((0, "bob: \"Here\"\n"), await EndAsync(online));
        using var watch = Start("watch", "bob", "--json");
        Assert.Contains("\"state\"", await watch.StandardOutput.ReadLineAsync().WaitAsync(Clients.Patience), StringComparison.Ordinal);
        Signal("INT", set, watch);
        Assert.Equal((130, ""), await EndAsync(set));
        Assert.Equal(130, (await EndAsync(watch)).Code);
        using var terminated = Start("watch", "bob");
        await terminated.StandardOutput.ReadLineAsync().WaitAsync(Clients.Patience);
        Signal("TERM", terminated);
        Assert.Equal(143, (await EndAsync(terminated)).Code);
    }

    [SkippableFact]
    public async Task It_ends_when_nobody_reads_it_any_more()
    {
        Skip.If(OperatingSystem.IsWindows(), "the shell tells nobody");
        using var login = Start("login", "--user", "carol");
        await EndAsync(login);
        await using var dave = await server.ConnectAsync(ClientKind.WebSocketJson, "dave");
        using var watch = Start("watch", "dave");
        await watch.StandardOutput.ReadLineAsync().WaitAsync(Clients.Patience);
        watch.StandardOutput.Close();
        await dave.SetStatusAsync("Here");
        await watch.WaitForExitAsync().WaitAsync(Clients.Patience);
        Assert.Equal(((int)ExitCode.OutputClosed, ""), (watch.ExitCode, await watch.StandardError.ReadToEndAsync()));
    }

    [SkippableTheory]
    [InlineData(null, "xterm-256color", true, true)]
    [InlineData("1", "xterm-256color", true, false)]
    [InlineData(null, "dumb", false, false)]
    public async Task Colours_and_tables_are_for_terminals_that_want_them(string? noColour, string kind, bool hasTable, bool hasColours)
    {
        Skip.If(!File.Exists("/usr/bin/script"), "needs script(1)");
        using var login = Start("login", "--user", "erin");
        await EndAsync(login);
        await using var frank = await server.ConnectAsync(ClientKind.WebSocketJson, "frank");
        await frank.SetStatusAsync("Here");
        // It makes a terminal and tells what was written to it.
        var start = Prepare("/usr/bin/script", "--quiet", "--return", "--command", $"'{Program[0]}' {string.Join(' ', Program[1..])} watch frank --count 1", "/dev/null");
        if (noColour is not null)
            start.Environment["NO_COLOR"] = noColour;
        start.Environment["TERM"] = kind;
        using var script = Process.Start(start)!;
        var output = await ReadToAsync(script, "Here");
        await frank.SetStatusAsync("Away");
        var (code, rest) = await EndAsync(script);
        output += rest;
        Assert.Equal(0, code);
        Assert.Contains("Away", rest, StringComparison.Ordinal);
        Assert.Equal(hasTable, output.Contains('╭', StringComparison.Ordinal));
        Assert.Equal(hasColours, output.Contains("\e[32m", StringComparison.Ordinal) || output.Contains("\e[38;", StringComparison.Ordinal));
        Assert.Equal(hasTable, output.Contains('\e', StringComparison.Ordinal));
    }

    private static string[] Program
    {
        get
        {
            var program = Path.Combine(AppContext.BaseDirectory, OperatingSystem.IsWindows() ? "presence.exe" : "presence");
            return File.Exists(program) ? [program] : ["dotnet", Path.ChangeExtension(program, ".dll")];
        }
    }

    private static void Signal(string name, params IEnumerable<Process> processes)
    {
        foreach (var process in processes)
        {
            using var kill = Process.Start("kill", [$"-{name}", process.Id.ToString(CultureInfo.InvariantCulture)]);
            kill.WaitForExit();
        }
    }

    /// <summary>What a process writes up to and including a text.</summary>
    private static async Task<string> ReadToAsync(Process process, string text)
    {
        using var patience = new CancellationTokenSource(Clients.Patience);
        var output = new StringBuilder();
        var next = new char[1];
        while (!output.ToString().EndsWith(text, StringComparison.Ordinal))
        {
            if (await process.StandardOutput.ReadAsync(next, patience.Token) == 0)
                throw new EndOfStreamException($"Awaited {text}, in vain: {output}");
            output.Append(next);
        }

        return output.ToString();
    }

    private static async Task<(int Code, string Output)> EndAsync(Process process)
    {
        try
        {
            using var patience = new CancellationTokenSource(Clients.Patience);
            var output = await process.StandardOutput.ReadToEndAsync(patience.Token);
            await process.WaitForExitAsync(patience.Token);
            return (process.ExitCode, output);
        }
        finally
        {
            if (!process.HasExited)
                process.Kill(entireProcessTree: true);
        }
    }

    private Process Start(params string[] args) => Process.Start(Prepare(Program[0], [.. Program[1..], .. args]))!;

    private ProcessStartInfo Prepare(string program, params string[] args)
    {
        var start = new ProcessStartInfo(program, args) { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true };
        start.Environment["XDG_CONFIG_HOME"] = _home.FullName;
        start.Environment["PRESENCE_SERVER"] = server.Http.ToString();
        foreach (var name in (string[])["PRESENCE_TOKEN", "PRESENCE_PROFILE", "NO_COLOR"])
            start.Environment.Remove(name);
        return start;
    }
}
