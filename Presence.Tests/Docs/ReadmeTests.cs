using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using Presence.Tests.Build;
using Presence.Tests.Host;
using Presence.Tests.Semantics.Clients;
using Xunit;

namespace Presence.Tests.Docs;

/// <summary>What the README shows an author of clients, run as it stands but for the port.</summary>
public sealed partial class ReadmeTests(ServerFixture server) : IClassFixture<ServerFixture>, IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("presence-readme-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task The_CSharp_follows_somebody_by_name_and_prints_what_is_shown()
    {
        await using var alice = await Peers.ConnectAsync(
            server.Http, server.Tcp, LinkKind.TcpJson, Peers.IdentityOf(Peers.NewUser(), "alice"));
        await alice.SetAsync("In a match");
        var reference = $"""<PackageReference Include="NakamaClient" Version="{PinnedVersion("NakamaClient")}" />""";

        var built = await SampleApp.BuildAsync(_folder.FullName, Snippet("csharp"), reference);

        await AssertPrintsAsync("alice: In a match", "dotnet", built);
    }

    [Fact]
    public async Task The_app_with_the_library_tells_what_somebody_shows()
    {
        await using var alice = await Peers.ConnectAsync(
            server.Http, server.Tcp, LinkKind.TcpJson, Peers.IdentityOf(Peers.NewUser(), "alice"));
        await alice.SetAsync("In a match");
        var app = Snippet("csharp", which: 1);
        Assert.InRange(app.Count(c => c == '\n'), 10, 40);

        var built = await SampleApp.BuildAsync(_folder.FullName, app, SampleApp.Library);

        await AssertPrintsAsync("alice: In a match", "dotnet", built, "alice");
    }

    [SkippableFact]
    public async Task The_JavaScript_sets_a_status_and_prints_its_events()
    {
        var modules = Path.Combine(Repository.Root, "Presence.Tests", "Sdk", "js", "node_modules");
        Skip.IfNot(Directory.Exists(modules), "The JavaScript SDK is not installed.");
        Directory.CreateSymbolicLink(Path.Combine(_folder.FullName, "node_modules"), modules);
        await File.WriteAllTextAsync(Path.Combine(_folder.FullName, "browser.mjs"), "import { WebSocket } from 'ws'; globalThis.WebSocket = WebSocket;\n");
        await File.WriteAllTextAsync(Path.Combine(_folder.FullName, "readme.mjs"), Snippet("js"));

        await AssertPrintsAsync("alice is now: In a match", "node", "--import", "./browser.mjs", "readme.mjs");
    }

    private static string PinnedVersion(string package) => Regex.Match(
        File.ReadAllText(Path.Combine(Repository.Root, "Directory.Packages.props")), $"Include=\"{package}\" Version=\"([^\"]+)\"").Groups[1].Value;

    /// <summary>A code block of a language, with this server in place of the one that a reader has started.</summary>
    private string Snippet(string language, int which = 0)
    {
        var block = CodeBlock().Matches(File.ReadAllText(Path.Combine(Repository.Root, "README.md")))
            .Where(b => b.Groups["language"].Value == language).ElementAt(which).Groups["code"].Value;
        Assert.Contains("7350", block, StringComparison.Ordinal);
        return block
            .Replace("7350", server.Http.Port.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal)
            .Replace("localhost", server.Http.Host, StringComparison.Ordinal);
    }

    /// <summary>An app goes on for as long as it is open, so it is ended once it has printed what it should.</summary>
    private async Task AssertPrintsAsync(string expected, string program, params string[] arguments)
    {
        using var app = Process.Start(new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = _folder.FullName,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        var errors = app.StandardError.ReadToEndAsync();
        var printed = new List<string>();
        using var patience = new CancellationTokenSource(Patience);
        try
        {
            while (await app.StandardOutput.ReadLineAsync(patience.Token) is { } line)
            {
                printed.Add(line);
                if (line == expected)
                    return;
            }
        }
        finally
        {
            if (!app.HasExited)
                app.Kill(entireProcessTree: true);
        }

        Assert.Fail($"It ended without '{expected}'. It printed:\n{string.Join('\n', printed)}\n{await errors}");
    }

    [GeneratedRegex("^```(?<language>\\w+)\n(?<code>.*?)^```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex CodeBlock();
}
