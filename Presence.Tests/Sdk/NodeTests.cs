using System.Diagnostics;
using Presence.Tests.Host;
using Xunit;

namespace Presence.Tests.Sdk;

/// <summary>
/// The JavaScript SDK on Node, in both of its formats. The tests themselves are the <c>.test.mjs</c> files in <c>js</c>.
/// </summary>
public sealed class NodeTests(ServerFixture server, ExpiringServer expiring) : IClassFixture<ServerFixture>, IClassFixture<ExpiringServer>
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    [SkippableFact]
    [Trait("Clause", "A1")]
    [Trait("Clause", "A3")]
    [Trait("Clause", "A5")]
    public Task Sessions_and_accounts() => PassAsync("account.test.mjs", "json");

    [SkippableTheory]
    [InlineData("json")]
    [InlineData("protobuf")]
    [Trait("Clause", "S1")]
    [Trait("Clause", "S2")]
    [Trait("Clause", "S3")]
    [Trait("Clause", "S4")]
    [Trait("Clause", "S5")]
    [Trait("Clause", "S8")]
    [Trait("Clause", "E1")]
    public Task Statuses(string format) => PassAsync("status.test.mjs", format);

    [SkippableTheory]
    [InlineData("json")]
    [InlineData("protobuf")]
    [Trait("Clause", "F1")]
    [Trait("Clause", "F3")]
    [Trait("Clause", "F4")]
    [Trait("Clause", "F7")]
    [Trait("Clause", "F9")]
    [Trait("Clause", "L3")]
    public Task Follows(string format) => PassAsync("follow.test.mjs", format);

    [SkippableTheory]
    [InlineData("json")]
    [InlineData("protobuf")]
    [Trait("Clause", "C2")]
    [Trait("Clause", "E2")]
    [Trait("Clause", "E3")]
    [Trait("Clause", "L1")]
    public Task Heartbeats_and_crowds(string format) => PassAsync("crowd.test.mjs", format);

    [SkippableTheory]
    [InlineData("json")]
    [InlineData("protobuf")]
    [Trait("Clause", "C4")]
    public Task Notices(string format) => PassAsync("notice.test.mjs", format, expiring);

    private async Task PassAsync(string tests, string format, ServerFixture? other = null)
    {
        await NodeModules.InstalledAsync();
        var url = (other ?? server).Http;
        var (exitCode, output) = await RunAsync(["--test", tests], ("PRESENCE_URL", $"{url}"), ("PRESENCE_FORMAT", format));
        Assert.True(exitCode == 0, output);
        // A file without tests would pass too.
        Assert.Matches(@"(?m)^. pass [1-9]", output);
    }

    private static async Task<(int ExitCode, string Output)> RunAsync(
        string[] arguments, params (string Name, string Value)[] environment)
    {
        var start = new ProcessStartInfo("node", arguments)
        {
            WorkingDirectory = NodeModules.Folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (name, value) in environment)
            start.Environment[name] = value;

        using var node = Process.Start(start)!;
        var output = node.StandardOutput.ReadToEndAsync();
        var errors = node.StandardError.ReadToEndAsync();
        using var patience = new CancellationTokenSource(Patience);
        // A run that hangs is cut, and what it said until then is the message.
        await using var cut = patience.Token.Register(() => node.Kill(entireProcessTree: true));
        await node.WaitForExitAsync(CancellationToken.None);
        return (node.ExitCode, await output + await errors);
    }
}
