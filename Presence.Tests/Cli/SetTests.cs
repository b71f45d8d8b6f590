using System.Net;
using Microsoft.Extensions.Time.Testing;
using Presence.Cli;
using Presence.Tests.Cli.Kit;
using Presence.Tests.Client;
using Presence.Tests.Client.Faults;
using Presence.Tests.Host;
using Presence.Tests.Sdk;
using Xunit;

namespace Presence.Tests.Cli;

/// <summary><c>presence set</c>.</summary>
public sealed class SetTests(ServerFixture server) : IClassFixture<ServerFixture>
{
    [Theory]
    [InlineData("In a match")]
    [InlineData("")]
    [InlineData("@somebody has a file of this name")]
    [InlineData("""{"map":"dust"}""")]
    [Trait("Clause", "S5")]
    public async Task A_status_is_shown_until_Ctrl_C_and_no_longer(string status)
    {
        using var shell = new Shell(server.Http);
        var name = await shell.LoginAsync("alice");
        await using var watcher = await server.ConnectAsync(ClientKind.WebSocketJson, "watcher");
        await using var told = watcher.Subscribe();
        Assert.Empty(await watcher.FollowAsync([name]));
        await using var set = shell.Start("set", status);
        await set.Error.SaysAsync($"{name} now shows \"{status}\", until Ctrl+C.\n");
        await Until.TrueAsync(() => watcher.Roster.Count == 1, "the status");
        Assert.Equal((name, status), watcher.Roster.Select(p => (p.Username, p.Status)).Single());

        set.Interrupt();

        Assert.Equal(ExitCode.Interrupted, await set.EndAsync());
        Assert.Equal("", set.Output.Text);
        await Until.TrueAsync(() => watcher.Roster.Count == 0, "the end of the status");
    }

    [Fact]
    public async Task A_status_may_be_shown_for_a_time()
    {
        var clock = new FakeTimeProvider(DateTimeOffset.UtcNow);
        using var shell = new Shell(server.Http) { Clock = clock };
        await shell.LoginAsync("alice");
        await using var set = shell.Start("set", "briefly", "--for", "2m");
        await set.Error.SaysAsync("now shows \"briefly\", for 2m.");
        await Until.TrueAsync(
            () =>
            {
                clock.Advance(TimeSpan.FromSeconds(10));
                return set.HasEnded;
            },
            "the end");
        Assert.Equal(ExitCode.Done, await set.EndAsync());
    }

    [Fact]
    [Trait("Clause", "S2")]
    public async Task A_status_that_the_server_refuses_is_an_error()
    {
        using var shell = new Shell(server.Http);
        await shell.LoginAsync("alice");
        var set = await shell.RunAsync("set", new string('x', 2049));
        Assert.Equal(ExitCode.Refused, set.Code);
        Assert.StartsWith("presence: The server refuses: ", set.Error.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_status_survives_the_loss_of_its_connection()
    {
        await using var wire = new FaultyWire(new IPEndPoint(IPAddress.Loopback, server.Http.Port), _ => Fault.None);
        using var shell = new Shell(new Uri($"http://{wire.Address}"));
        var name = await shell.LoginAsync("alice");
        await using var set = shell.Start("set", "still here");
        await set.Error.SaysAsync("now shows");
        // It does not come back before the loss was told: who looks too late misses a state that has passed.
        wire.HoldNew();
        wire.CutAll();
        await set.Error.SaysAsync("No connection: ");
        wire.LetNew();
        await set.Error.SaysAsync("Connected again.\n");
        await using var watcher = await server.ConnectAsync(ClientKind.WebSocketJson, "watcher");
        await watcher.FollowAsync([name]);
        // The server may have noticed the new connection before the end of the old one.
        await Until.TrueAsync(() => watcher.Roster.Count == 1, "the end of the lost connection");
        Assert.Equal("still here", Assert.Single(watcher.Roster).Status);
    }

    public sealed class Expiring(ExpiringServer server) : IClassFixture<ExpiringServer>
    {
        [Fact]
        [Trait("Clause", "C4")]
        public async Task A_status_survives_the_end_of_its_token()
        {
            using var shell = new Shell(server.Http);
            var name = await shell.LoginAsync("alice");
            await using var set = shell.Start("set", "still here");
            // The token lasts for eight seconds from the login. The connection goes on by a newer one.
            var end = DateTimeOffset.UtcNow.AddSeconds(9);
            await set.Error.SaysAsync("now shows");
            await Until.TrueAsync(() => DateTimeOffset.UtcNow > end, "the end of the token");
            Assert.DoesNotContain("No connection", set.Error.Text, StringComparison.Ordinal);
            await using var watcher = await server.ConnectAsync(ClientKind.WebSocketJson, "watcher");
            Assert.Equal("still here", Assert.Single(await watcher.FollowAsync([name])).Status);
        }
    }
}
