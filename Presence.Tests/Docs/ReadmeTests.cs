using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using Presence.Cli;
using Presence.Tests.Build;
using Presence.Tests.Host;
using Presence.Tests.Sdk;
using Xunit;

namespace Presence.Tests.Docs;

/// <summary>
/// What the README has a newcomer do with a server, block by block in its order, against one server that is new. The blocks run as they stand
/// but for the port; what only fetches packages or installs the tool is done as these tests can, without a network.
/// </summary>
public sealed partial class ReadmeTests(ServerFixture server) : IClassFixture<ServerFixture>, IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private static readonly string Readme = File.ReadAllText(Path.Combine(Repository.Root, "README.md"));

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("presence-readme-");
    private readonly List<Terminal> _terminals = [];

    private string Clone => Path.Combine(_folder.FullName, "presence");

    public async ValueTask DisposeAsync()
    {
        foreach (var terminal in _terminals)
            await terminal.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    [SkippableFact]
    public async Task The_blocks_that_connect_to_a_server_run_in_their_order()
    {
        Skip.If(OperatingSystem.IsWindows(), "The blocks are of a shell of Linux or macOS.");
        var modules = await NodeModules.InstalledAsync();
        Skip.IfNot(IsInstalled("nc") && IsInstalled("curl"), "curl or nc is not installed: apt-get install curl netcat-openbsd");
        Directory.CreateDirectory(Clone);
        var blocks = new Queue<Match>(CodeBlock().Matches(Section("Connect an app") + Section("From the command line")));

        Assert.Equal("mkdir ../app && npm install --prefix ../app @heroiclabs/nakama-js ws\n", Next("sh"));
        Directory.CreateSymbolicLink(Path.Combine(Directory.CreateDirectory(At("app")).FullName, "node_modules"), modules);
        await File.WriteAllTextAsync(Path.Combine(At("app"), "app.mjs"), Next("js"));
        var alice = Type(Next("sh"));
        var bob = Type(Next("sh"));
        await alice.ExpectAsync("bob is now: In a match");
        await bob.ExpectAsync("alice is now: In a match");

        Assert.Equal("dotnet new console --output ../player\ndotnet add ../player package NakamaClient\n", Next("sh"));
        var player = await BuildAsync("player", Next("csharp"), $"""<PackageReference Include="NakamaClient" Version="{PinnedVersion("NakamaClient")}" />""");
        await Type($"dotnet {player}").ExpectAsync("alice: In a match");

        Assert.Equal("dotnet new console --output ../watch\ndotnet add ../watch reference Presence.Client\n", Next("sh"));
        var watch = await BuildAsync("watch", Next("csharp"), SampleApp.Library);
        await Type($"dotnet {watch} alice").ExpectAsync("alice: In a match");

        var carol = Type(Next("sh"));
        await carol.ExpectAsync("\"status\":\"In a match\"");
        await carol.ExpectAsync("{\"cid\":\"2\"}");
        await carol.ExpectAsync("\"status\":\"Out of mana\"");

        Assert.StartsWith("dotnet pack Presence.Cli --output artifacts/packages\ndotnet tool install ", Next("sh"), StringComparison.Ordinal);
        var frank = Type(Next("sh"));
        await frank.ExpectAsync("frank now shows \"Watering the plants\", until Ctrl+C.");
        var erin = Type(Next("sh"));
        foreach (var line in (string[])["alice: \"In a match\"", "bob: \"In a match\"", "frank: \"Watering the plants\""])
            await erin.ExpectAsync(line);
        var script = Type(Next("sh"));
        await script.ExpectAsync("He is there.");
        Assert.Equal(0, await script.EndAsync());

        Assert.Empty(blocks);
        // Whoever is followed ends, and all who follow hear of it.
        await alice.DisposeAsync();
        await bob.ExpectAsync("alice was: In a match");
        await erin.ExpectAsync("alice: \"In a match\" -> offline");

        string Next(string language)
        {
            var block = blocks.Dequeue();
            Assert.Equal(language, block.Groups["language"].Value);
            return Here(block.Groups["code"].Value);
        }
    }

    private static string PinnedVersion(string package) => Regex.Match(
        File.ReadAllText(Path.Combine(Repository.Root, "Directory.Packages.props")), $"Include=\"{package}\" Version=\"([^\"]+)\"").Groups[1].Value;

    private static bool IsInstalled(string program) =>
        Environment.GetEnvironmentVariable("PATH")!.Split(Path.PathSeparator).Any(folder => File.Exists(Path.Combine(folder, program)));

    private static string Section(string title)
    {
        var from = Readme.IndexOf($"\n## {title}\n", StringComparison.Ordinal);
        Assert.True(from >= 0, $"The README has no section '{title}'.");
        var to = Readme.IndexOf("\n## ", from + 1, StringComparison.Ordinal);
        return Readme[from..to];
    }

    private string At(string folder) => Path.Combine(_folder.FullName, folder);

    /// <summary>With this server in place of the one that a reader has started.</summary>
    private string Here(string code) => code
        .Replace("7350", server.Http.Port.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal)
        .Replace("7352", server.Tcp.Port.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal);

    private Task<string> BuildAsync(string name, string code, string reference) =>
        SampleApp.BuildAsync(Directory.CreateDirectory(At(name)).FullName, code, reference);

    /// <summary>A terminal of its own in the clone, in which a block is typed.</summary>
    private Terminal Type(string block)
    {
        var tool = Path.Combine(Directory.CreateDirectory(At("bin")).FullName, "presence");
        if (!File.Exists(tool))
        {
            File.WriteAllText(tool, $"#!/bin/sh\nexec dotnet '{typeof(ExitCode).Assembly.Location}' \"$@\"\n");
            if (!OperatingSystem.IsWindows())
                File.SetUnixFileMode(tool, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }

        var start = new ProcessStartInfo("sh", ["-c", block]) { WorkingDirectory = Clone };
        start.Environment["PATH"] = At("bin") + Path.PathSeparator + start.Environment["PATH"];
        start.Environment["XDG_CONFIG_HOME"] = At("config");
        start.Environment["PRESENCE_SERVER"] = server.Http.ToString();
        foreach (var variable in (string[])["PRESENCE_TOKEN", "PRESENCE_PROFILE", "PRESENCE_SERVER_KEY"])
            start.Environment.Remove(variable);
        var terminal = new Terminal(start);
        _terminals.Add(terminal);
        return terminal;
    }

    [GeneratedRegex("^```(?<language>\\w+)\n(?<code>.*?)^```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex CodeBlock();

    /// <summary>What a block prints, on standard output and error, while it runs.</summary>
    private sealed class Terminal : IAsyncDisposable
    {
        private readonly Process _shell;
        private readonly ConcurrentQueue<string> _printed = new();
        private readonly SemaphoreSlim _changed = new(0);
        private readonly Task _read;

        public Terminal(ProcessStartInfo start)
        {
            start.RedirectStandardOutput = start.RedirectStandardError = true;
            _shell = Process.Start(start)!;
            _read = Task.WhenAll(ReadAsync(_shell.StandardOutput), ReadAsync(_shell.StandardError));
        }

        /// <summary>Waits for a line that has this in it.</summary>
        public async Task ExpectAsync(string text)
        {
            using var patience = new CancellationTokenSource(Patience);
            while (!_printed.Any(line => line.Contains(text, StringComparison.Ordinal)))
            {
                Assert.False(_read.IsCompleted && _changed.CurrentCount == 0, $"It ended without '{text}'. It printed:\n{string.Join('\n', _printed)}");
                try
                {
                    await Task.WhenAny(_read, _changed.WaitAsync(patience.Token));
                    patience.Token.ThrowIfCancellationRequested();
                }
                catch (OperationCanceledException)
                {
                    Assert.Fail($"There is no '{text}'. It printed:\n{string.Join('\n', _printed)}");
                }
            }
        }

        /// <summary>Waits for the end of the block.</summary>
        /// <returns>Its exit code.</returns>
        public async Task<int> EndAsync()
        {
            using var patience = new CancellationTokenSource(Patience);
            await _shell.WaitForExitAsync(patience.Token);
            return _shell.ExitCode;
        }

        public async ValueTask DisposeAsync()
        {
            if (!_shell.HasExited)
                _shell.Kill(entireProcessTree: true);
            await _read;
            await _shell.WaitForExitAsync();
        }

        private async Task ReadAsync(StreamReader reader)
        {
            while (await reader.ReadLineAsync() is { } line)
            {
                _printed.Enqueue(line);
                _changed.Release();
            }
        }
    }
}
