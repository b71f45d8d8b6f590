using System.Diagnostics;
using System.Text.RegularExpressions;
using Presence.Tests.Build;
using Presence.Tests.Host;
using Presence.Tests.Semantics.Clients;
using Xunit;

namespace Presence.Tests.Client;

/// <summary>What the library's README shows, run as it stands but for the port and the token.</summary>
public sealed partial class ClientReadmeTests(ServerFixture server) : IClassFixture<ServerFixture>, IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("presence-client-readme-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task The_sample_prints_what_is_shown_and_what_changes()
    {
        await using var alice = await Peers.ConnectAsync(
            server.Http, server.Tcp, LinkKind.TcpJson, Peers.IdentityOf(Peers.NewUser(), "alice"));
        await alice.SetAsync("In a match");
        var samples = Samples();
        var sample = samples[0];
        Assert.InRange(sample.Count(c => c == '\n'), 5, 40);
        var token = Tokens.Sign(Peers.IdentityOf(Peers.NewUser(), "bob"));

        var main = sample.Replace("ws://localhost:7350", $"ws://{server.Http.Authority}", StringComparison.Ordinal)
            .Replace("using Presence.Client;", "using Presence.Client;\nstring? kept = null;", StringComparison.Ordinal)
            .Replace("await client.SetStatusAsync(", "var states = TellStatesAsync();\nawait client.SetStatusAsync(", StringComparison.Ordinal);
        var built = await SampleApp.BuildAsync(_folder.FullName, $$"""
            {{main}}
            {{samples[1]}}
            async Task TellStatesAsync()
            {
            {{samples[2]}}
            }

            static Task<string> LogInAsync(CancellationToken cancel) => Task.FromResult("{{token}}");
            """, SampleApp.Library);

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

    private static string[] Samples() =>
        [.. CodeBlock().Matches(File.ReadAllText(Path.Combine(Repository.Root, "Presence.Client", "README.md"))).Select(block => block.Groups["code"].Value)];

    [GeneratedRegex("^```csharp\n(?<code>.*?)^```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex CodeBlock();
}
