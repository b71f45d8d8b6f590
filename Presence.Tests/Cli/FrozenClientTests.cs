using System.Diagnostics;
using System.Globalization;
using Presence.Tests.Client;
using Presence.Tests.Host.Links;
using Presence.Tests.Semantics.Clients;
using Xunit;

namespace Presence.Tests.Cli;

/// <summary>
/// A client whose process hangs ends within the pong wait and five seconds, although its system keeps acknowledging (contract C2), on short
/// times. The client is the built tool.
/// </summary>
public sealed class FrozenClientTests(LivenessTests.Server server) : IClassFixture<LivenessTests.Server>
{
    [SkippableTheory]
    [InlineData("http", false)]
    [InlineData("http", true)]
    [InlineData("tcp", false)]
    [InlineData("tcp", true)]
    [Trait("Clause", "C2")]
    public async Task A_client_whose_process_is_stopped_ends_within_the_pong_wait(string scheme, bool hasEvents)
    {
        Skip.If(OperatingSystem.IsWindows(), "needs signals");
        var alice = Peers.IdentityOf(Peers.NewUser(), "alice");
        await using var bob = await server.ConnectAsync(LinkKind.Memory, Peers.NewUser(), "bob");
        // A connection gets the events of its own user's other connections.
        await using var other = await server.ConnectAsync(LinkKind.Memory, alice);
        await bob.FollowAsync(alice.User);
        var address = scheme == "tcp" ? $"tcp://{server.Tcp}" : server.Http.ToString();
        var start = new ProcessStartInfo(Tool[0], [.. Tool[1..], "set", "Here", "--server", address]) { RedirectStandardError = true, RedirectStandardOutput = true };
        start.Environment["PRESENCE_TOKEN"] = Tokens.Sign(alice);
        using var process = Process.Start(start)!;
        try
        {
            Assert.Equal("Here", Assert.Single((await bob.NextAsync<Told.Event>().WaitAsync(Clients.Patience)).Joins).Status);
            Assert.Contains("Here", await process.StandardError.ReadLineAsync().WaitAsync(Clients.Patience), StringComparison.Ordinal);
            var watch = Stopwatch.StartNew();
            await SignalAsync(process, "STOP");
            var gone = LeaveAsync(bob);
            for (var i = 0; !gone.IsCompleted; i++)
            {
                if (hasEvents)
                    await other.SetAsync($"{i}");
                await Task.WhenAny(gone, Task.Delay(300));
            }

            await gone;
            Assert.InRange(watch.Elapsed, TimeSpan.Zero, LivenessTests.PongWait + TimeSpan.FromSeconds(5));
        }
        finally
        {
            process.Kill(entireProcessTree: true);
        }
    }

    private static string[] Tool
    {
        get
        {
            var program = Path.Combine(AppContext.BaseDirectory, "presence");
            return File.Exists(program) ? [program] : ["dotnet", $"{program}.dll"];
        }
    }

    private static async Task LeaveAsync(Peer bob)
    {
        while (!(await bob.NextAsync<Told.Event>()).Leaves.Any(left => left.Status == "Here"))
        {
        }
    }

    private static async Task SignalAsync(Process process, string name)
    {
        using var kill = Process.Start("kill", [$"-{name}", process.Id.ToString(CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync();
    }
}
