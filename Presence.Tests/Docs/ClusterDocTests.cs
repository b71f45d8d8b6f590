using System.Diagnostics;
using System.Text.RegularExpressions;
using Presence.Host.Configuration;
using Presence.Tests.Build;
using Xunit;

namespace Presence.Tests.Docs;

/// <summary>What the page on clusters has its reader do.</summary>
public sealed partial class ClusterDocTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("presence-");

    public void Dispose() => _folder.Delete(recursive: true);

    [SkippableFact]
    [Trait("Clause", "A4")]
    public async Task The_commands_for_certificates_make_what_nodes_take()
    {
        var commands = Assert.Single(ShellBlock().Matches(File.ReadAllText(Path.Combine(Repository.Root, "docs", "cluster.md"))), block =>
            block.Groups["code"].Value.StartsWith("openssl ", StringComparison.Ordinal)).Groups["code"].Value;
        var start = new ProcessStartInfo("sh", ["-ec", commands]) { WorkingDirectory = _folder.FullName, RedirectStandardError = true };
        using var shell = Process.Start(start)!;
        var said = await shell.StandardError.ReadToEndAsync();
        await shell.WaitForExitAsync();
        Skip.If(shell.ExitCode == 127, "OpenSSL is not installed: apt-get install openssl");
        Assert.True(shell.ExitCode == 0, said);

        var settings = new ClusterSettings
        {
            Hostname = "node1.example",
            Certificate = new() { Path = At("node.pem"), KeyPath = At("node.key") },
            Authorities = [At("nodes-ca.pem")],
        };
        Assert.Empty(settings.Faults("Presence:Cluster", development: false));
    }

    private string At(string file) => Path.Combine(_folder.FullName, file);

    [GeneratedRegex("^```sh\n(?<code>.*?)^```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex ShellBlock();
}
