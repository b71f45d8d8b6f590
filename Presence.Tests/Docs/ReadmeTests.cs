using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using Presence.Tests.Build;
using Presence.Tests.Host;
using Presence.Tests.Sdk;
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

        await AssertPrintsAsync("alice: In a match", async () => await alice.SetAsync("Out of mana"), "alice is now: Out of mana", "dotnet", built);
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

    /// <summary>Two terminals, with the packages that the README has its reader install and nothing beside them.</summary>
    [SkippableFact]
    public async Task The_JavaScript_of_two_terminals_tells_what_the_other_shows()
    {
        var readme = File.ReadAllText(Path.Combine(Repository.Root, "README.md"));
        var install = Assert.Single(ShellLine().Matches(readme), line => line.Value.Contains("npm install", StringComparison.Ordinal)).Value;
        var packages = install[(install.IndexOf("../app @", StringComparison.Ordinal) + "../app ".Length)..].Split(' ');
        var modules = await NodeModules.InstalledAsync();
        Assert.Equal(["@heroiclabs/nakama-js", "ws"], packages);
        Directory.CreateSymbolicLink(Path.Combine(_folder.FullName, "node_modules"), modules);
        await File.WriteAllTextAsync(Path.Combine(_folder.FullName, "app.mjs"), Snippet("js"));
        var (first, second) = (Users("alice bob"), Users("bob alice"));

        var ofFirst = AssertPrintsAsync($"{second[0]} is now: In a match", "node", ["app.mjs", .. first]);
        await AssertPrintsAsync($"{first[0]} is now: In a match", "node", ["app.mjs", .. second]);
        await ofFirst;

        // The names of the document, as a terminal of it gives them.
        string[] Users(string names)
        {
            Assert.Contains($"node ../app/app.mjs {names}\n", readme, StringComparison.Ordinal);
            return names.Split(' ');
        }
    }

    /// <summary>Each block of the document logs users in. The server refuses a name that another user has.</summary>
    [Fact]
    public void Samples_share_no_name_unless_they_are_the_same_user()
    {
        var readme = File.ReadAllText(Path.Combine(Repository.Root, "README.md"));
        var sdk = CustomLogin().Matches(readme).Select(login => login.Groups["name"].Value).Concat(["alice", "bob"]).ToHashSet();
        var cli = CliLogin().Matches(readme).Select(login => login.Groups["name"].Value).ToHashSet();

        Assert.Superset(new HashSet<string> { "heidi", "dave", "carol" }, sdk);
        Assert.NotEmpty(cli);
        Assert.Empty(sdk.Intersect(cli));
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

    private Task AssertPrintsAsync(string expected, string program, params string[] arguments) =>
        AssertPrintsAsync(expected, null, expected, program, arguments);

    /// <summary>
    /// An app goes on for as long as it is open, so it is ended once it has printed what it should: a line, and after something was done
    /// another one.
    /// </summary>
    private async Task AssertPrintsAsync(string first, Func<Task>? then, string last, string program, params string[] arguments)
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
                if (line == first && then is not null)
                    await then();
                else if (line == last)
                    return;
            }
        }
        finally
        {
            if (!app.HasExited)
                app.Kill(entireProcessTree: true);
        }

        Assert.Fail($"It ended without '{last}'. It printed:\n{string.Join('\n', printed)}\n{await errors}");
    }

    [GeneratedRegex("(?m)^mkdir ../app .*$")]
    private static partial Regex ShellLine();

    [GeneratedRegex("username=(?<name>\\w+)|AuthenticateCustomAsync\\(\"[\\w-]+\", \"(?<name>\\w+)\"\\)")]
    private static partial Regex CustomLogin();

    [GeneratedRegex("presence login --user (?<name>\\w+)")]
    private static partial Regex CliLogin();

    [GeneratedRegex("^```(?<language>\\w+)\n(?<code>.*?)^```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex CodeBlock();
}
