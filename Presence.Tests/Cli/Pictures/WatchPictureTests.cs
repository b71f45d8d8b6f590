using Presence.Cli;
using Presence.Client;
using Presence.Tests.Build;
using Presence.Tests.Cli.Kit;
using Presence.Tests.Client;
using Presence.Tests.Host;
using Presence.Tests.Semantics.Clients;
using Xunit;

namespace Presence.Tests.Cli.Pictures;

/// <summary>
/// The picture of <c>presence watch</c> in the README is what a run shows. With <c>PRESENCE_PICTURES=write</c> in the environment the run
/// makes the picture instead.
/// </summary>
public sealed class WatchPictureTests(ServerFixture server) : IClassFixture<ServerFixture>
{
    private static readonly string File = Path.Combine(Repository.Root, "docs", "presence-watch.svg");

    [Fact]
    public async Task The_picture_shows_what_the_tool_shows()
    {
        var terminal = new Terminal(width: 80);
        var clock = new WallClock { Now = new DateTimeOffset(2026, 11, 24, 20, 15, 2, TimeSpan.Zero) };
        using var shell = new Shell(server.Http) { Terminal = terminal, Clock = clock, ["PRESENCE_TOKEN"] = Tokens.Sign(Peers.IdentityOf(Peers.NewUser(), "erin")) };
        await using var alice = await server.ConnectAsync(ClientKind.WebSocketJson, "alice");
        var bob = Peers.NewUser();
        await using var phone = await PresenceClient.ConnectAsync(Clients.OptionsOf(server, ClientKind.TcpProtobuf, bob, "bob"));
        await using var carol = await server.ConnectAsync(ClientKind.TcpJson, "carol");
        await alice.SetStatusAsync("In the lobby");
        await phone.SetStatusAsync("On the train");
        await carol.SetStatusAsync("Out of mana");
        await using var watch = shell.Start("watch", "alice", "bob", "carol", "dave");
        await terminal.ShowsAsync("● In the lobby", "● On the train", "● Out of mana", "○ not known");

        // Each is seen before the next happens, so that each has its time.
        await alice.SetStatusAsync("In a match, 3:1");
        await terminal.ShowsAsync("20:15:02");
        clock.Now += TimeSpan.FromSeconds(39);
        await carol.DisposeAsync();
        await terminal.ShowsAsync("20:15:41");
        clock.Now += TimeSpan.FromSeconds(24);
        await using var desk = await PresenceClient.ConnectAsync(Clients.OptionsOf(server, ClientKind.WebSocketJson, bob, "bob"));
        await desk.SetStatusAsync("At my desk [afk]");
        await terminal.ShowsAsync("● At my desk [afk]", "20:16:05");
        // What is shown last stays; before, a look may meet half a picture.
        watch.Interrupt();
        Assert.Equal(ExitCode.Interrupted, await watch.EndAsync());
        Assert.Null(terminal.Fault);
        var shown = terminal.Cells.TakeWhile(row => row.Count > 0).ToList();

        var picture = Svg.Of("A terminal: presence watch shows who is online with what, and what they showed before", "presence watch alice bob carol dave", shown);
        if (Environment.GetEnvironmentVariable("PRESENCE_PICTURES") == "write")
            await System.IO.File.WriteAllTextAsync(File, picture);
        Assert.Equal(await System.IO.File.ReadAllTextAsync(File), picture);
    }

    /// <summary>Tells the time that it is told; all else is real.</summary>
    private sealed class WallClock : TimeProvider
    {
        public required DateTimeOffset Now { get; set; }

        public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

        public override DateTimeOffset GetUtcNow() => Now;
    }
}
