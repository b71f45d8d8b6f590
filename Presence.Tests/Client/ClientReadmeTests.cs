using System.Diagnostics;
using System.Text.RegularExpressions;
using Presence.Tests.Build;
using Presence.Tests.Host;
using Presence.Tests.Semantics.Clients;
using Xunit;

namespace Presence.Tests.Client;

/// <summary>What the library's README shows, built and run as it stands but for the port. Nothing is added to it.</summary>
public sealed partial class ClientReadmeTests(ServerFixture server) : IClassFixture<ServerFixture>, IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("presence-client-readme-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task The_files_of_the_sample_print_what_is_shown_and_what_changes()
    {
        await using var alice = await Peers.ConnectAsync(
            server.Http, server.Tcp, LinkKind.TcpJson, Peers.IdentityOf(Peers.NewUser(), "alice"));
        await alice.SetAsync("In a match");
        var readme = await File.ReadAllTextAsync(Path.Combine(Repository.Root, "Presence.Client", "README.md"));
        var files = NamedFile().Matches(readme).ToDictionary(block => block.Groups["file"].Value, block => block.Groups["code"].Value);
        // No block of C# is without a file to put it into.
        Assert.Equal(CSharpBlock().Count(readme), files.Count);
        Assert.Equal(["Login.cs", "Program.cs"], files.Keys.Order(StringComparer.Ordinal));
        Assert.Contains("dotnet new console --output ../game\ndotnet add ../game reference Presence.Client\n", readme, StringComparison.Ordinal);
        await File.WriteAllTextAsync(Path.Combine(_folder.FullName, "Login.cs"), Here(files["Login.cs"]));
        var built = await SampleApp.BuildAsync(_folder.FullName, Here(files["Program.cs"]), SampleApp.Library);

        using var app = Process.Start(new ProcessStartInfo("dotnet", built)
        {
            RedirectStandardOutput = true,
        })!;
        try
        {
            using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(2));
            var states = new List<string?>();
            Assert.Equal("alice: In a match", await OfAliceAsync());
            await alice.SetAsync("Out of mana");
            Assert.Equal("alice: In a match -> Out of mana", await OfAliceAsync());
            await alice.EraseAsync();
            Assert.Equal("alice: Out of mana -> offline", await OfAliceAsync());
            Assert.Equal(["Connected"], states);

            // The states are told beside it.
            async Task<string?> OfAliceAsync()
            {
                while (await app.StandardOutput.ReadLineAsync(patience.Token) is { } line)
                {
                    if (line.StartsWith("alice:", StringComparison.Ordinal))
                        return line;
                    states.Add(line);
                }

                return null;
            }
        }
        finally
        {
            app.Kill(entireProcessTree: true);
        }
    }

    private string Here(string code) => code.Replace("//localhost:7350", $"//{server.Http.Authority}", StringComparison.Ordinal);

    [GeneratedRegex("Put this into `../game/(?<file>\\w+\\.cs)`[^`]*(`[^`]+`[^`]*)?\n\n```csharp\n(?<code>.*?)^```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex NamedFile();

    [GeneratedRegex("^```csharp\n", RegexOptions.Multiline)]
    private static partial Regex CSharpBlock();
}
