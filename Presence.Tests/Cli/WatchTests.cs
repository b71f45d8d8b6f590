using System.Net;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Time.Testing;
using Presence.Cli;
using Presence.Cli.Accounts;
using Presence.Cli.Commands;
using Presence.Cli.Watching;
using Presence.Client;
using Presence.Tests.Cli.Kit;
using Presence.Tests.Client;
using Presence.Tests.Client.Faults;
using Presence.Tests.Host;
using Presence.Tests.Semantics.Clients;
using Xunit;

namespace Presence.Tests.Cli;

/// <summary><c>presence watch</c>.</summary>
public sealed partial class WatchTests(ServerFixture server) : IClassFixture<ServerFixture>
{
    /// <summary>A status that would clear the screen, change the title, turn the line round, and look like markup.</summary>
    private const string Hostile = "\e[2J\u009b31m\e]0;title\a[red]not red[/]\r\n\u202eenil\u2028[link=x]";

    [Fact]
    [Trait("Clause", "E2")]
    public async Task Without_a_terminal_there_is_a_line_per_change()
    {
        using var shell = new Shell(server.Http);
        await shell.LoginAsync("watcher");
        var (alice, nobody) = (NewName("alice"), NewName("nobody"));
        await using var client = await server.ConnectAsync(ClientKind.WebSocketJson, alice);
        await client.SetStatusAsync("one");
        await using var watch = shell.Start("watch", alice, nobody, "--count", "3");
        await watch.Output.LinesAsync(2);
        await client.SetStatusAsync("two");
        await client.SetStatusAsync("");
        await client.DisposeAsync();
        Assert.Equal(ExitCode.Done, await watch.EndAsync());
        Assert.All(watch.Output.Lines, line => Assert.Matches(@"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ ", line));
        Assert.Equal(
            [
                $"{alice}: \"one\"",
                $"{nobody}: offline (not known to this server)",
                $"{alice}: \"one\" -> \"two\"",
                $"{alice}: \"two\" -> \"\"",
                $"{alice}: \"\" -> offline",
            ],
            watch.Output.Lines.Select(line => line[21..]));
        Assert.Equal("", watch.Error.Text);
    }

    [Fact]
    public async Task As_JSON_there_is_one_object_per_line()
    {
        await using var wire = new FaultyWire(new IPEndPoint(IPAddress.Loopback, server.Http.Port), _ => Fault.None);
        using var shell = new Shell(new Uri($"http://{wire.Address}"));
        await shell.LoginAsync("watcher");
        var (alice, nobody) = (NewName("alice"), NewName("nobody"));
        await using var client = await server.ConnectAsync(ClientKind.WebSocketJson, alice);
        await client.SetStatusAsync("one");
        await using var watch = shell.Start("watch", client.UserId.ToString()!, nobody, "--json");
        await watch.Output.SaysAsync("\"snapshot\"");
        await client.SetStatusAsync(Hostile);
        await watch.Output.SaysAsync("\"change\"");
        // Nobody comes back before the loss and the wait were told: who looks too late misses a state that has passed.
        wire.HoldNew();
        wire.CutAll();
        await Until.TrueAsync(() => RetryIn().IsMatch(watch.Output.Text), "the wait before another connection");
        wire.LetNew();
        await Until.TrueAsync(() => watch.Output.Text.Split("\"connected\"").Length == 3, "another connection");
        await client.EraseStatusAsync();
        await Until.TrueAsync(() => watch.Output.Text.Split("\"change\"").Length == 3, "another change");
        watch.Interrupt();
        Assert.Equal(ExitCode.Interrupted, await watch.EndAsync());

        Assert.DoesNotContain(watch.Output.Text, c => c != '\n' && c is < ' ' or > '~');
        var lines = watch.Output.Lines.Select(line => JsonDocument.Parse(line).RootElement).ToList();
        Assert.All(lines, line => Assert.Equal(DateTimeKind.Utc, line.GetProperty("at").GetDateTime().Kind));
        var snapshot = lines.Single(IsOf("snapshot"));
        var shown = Assert.Single(snapshot.GetProperty("presences").EnumerateArray());
        Assert.Equal("one", shown.GetProperty("status").GetString());
        Assert.Equal([nobody], snapshot.GetProperty("offline").EnumerateArray().Select(o => o.GetString()));
        Assert.Equal(JsonValueKind.Null, snapshot.GetProperty("self").ValueKind);
        var changes = lines.Where(IsOf("change")).ToList();
        Assert.Equal([("one", Hostile), (Hostile, null)], changes.Select(c => (c.GetProperty("old").GetString(), c.GetProperty("new").GetString())));
        Assert.All(changes, c => Assert.Equal(
            (client.UserId!.Value, alice, shown.GetProperty("session_id").GetString()),
            (c.GetProperty("user_id").GetGuid(), c.GetProperty("username").GetString(), c.GetProperty("session_id").GetString())));
        var states = lines.Where(IsOf("state")).ToList();
        Assert.Equal("connected", states[0].GetProperty("phase").GetString());
        Assert.Equal("connected", states[^1].GetProperty("phase").GetString());
        var lost = states.Where(s => s.GetProperty("phase").GetString() == "reconnecting").ToList();
        Assert.NotEmpty(lost);
        Assert.All(lost, s => Assert.Equal("lost", s.GetProperty("reason").GetString()));
        Assert.Contains(states, s => s.GetProperty("retry_in_seconds").ValueKind is JsonValueKind.Number);
    }

    [Fact]
    public async Task On_a_terminal_a_table_changes_in_its_place()
    {
        var terminal = new Terminal();
        using var shell = new Shell(server.Http) { Terminal = terminal };
        await shell.LoginAsync("watcher");
        var (alice, bob, nobody) = (NewName("alice"), NewName("bob"), NewName("nobody"));
        await using var first = await server.ConnectAsync(ClientKind.WebSocketJson, alice);
        await first.SetStatusAsync("In a match");
        await using var second = await server.ConnectAsync(ClientKind.WebSocketJson, bob);
        await using var watch = shell.Start("watch", alice, bob, nobody);
        await terminal.ShowsAsync("● In a match", "○ offline", "○ not known here (yet)");
        Assert.False(terminal.HasCursor);
        await first.SetStatusAsync("Out of mana");
        await second.SetStatusAsync("Here");
        await second.EraseStatusAsync();
        await terminal.ShowsAsync("● Out of mana", "Here");
        await Until.TrueAsync(() => Row(terminal, bob) is [_, "○ offline", "Here", { Length: 8 }], "Bob's leave");
        // What is shown last stays; before, a look may meet half a table.
        watch.Interrupt();
        Assert.Equal(ExitCode.Interrupted, await watch.EndAsync());
        Assert.Equal([alice, "● Out of mana", "In a match"], Row(terminal, alice)[..3]);
        Assert.Equal([nobody, "○ not known here (yet)", "", ""], Row(terminal, nobody));
        Assert.DoesNotContain("● In a match", terminal.Text, StringComparison.Ordinal);
        Assert.Null(terminal.Fault);
        Assert.True(terminal.HasCursor);
    }

    [Fact]
    public async Task On_a_terminal_that_becomes_narrower_the_table_does_too_and_what_has_scrolled_out_stays()
    {
        var terminal = new Terminal();
        using var shell = new Shell(server.Http) { Terminal = terminal };
        await shell.LoginAsync("watcher");
        var alice = NewName("alice");
        await using var client = await server.ConnectAsync(ClientKind.WebSocketJson, alice);
        await client.SetStatusAsync("In a match of a long name");
        await using var watch = shell.Start("watch", alice);
        await terminal.ShowsAsync("● In a match of a long name");
        terminal.Width = 60;
        await client.SetStatusAsync("Out of mana");
        await Until.TrueAsync(() => Row(terminal, alice) is [_, "● Out of…", "In a mat…", _], "the narrow table", describe: () => terminal.Text);
        watch.Interrupt();
        Assert.Equal(ExitCode.Interrupted, await watch.EndAsync());
        Assert.All(terminal.Rows, row => Assert.InRange(row.Length, 0, 60));
        Assert.Null(terminal.Fault);
        Assert.True(terminal.HasCursor);
    }

    [Fact]
    public async Task On_a_terminal_one_sees_whether_there_is_a_connection()
    {
        // One connection for the login, one for the watch, and none after them.
        await using var wire = new FaultyWire(new IPEndPoint(IPAddress.Loopback, server.Http.Port), i => i < 2 ? Fault.None : new Fault { Up = 0 });
        var terminal = new Terminal();
        using var shell = new Shell(new Uri($"http://{wire.Address}")) { Terminal = terminal };
        await shell.LoginAsync("watcher");
        var alice = NewName("alice");
        await using var client = await server.ConnectAsync(ClientKind.WebSocketJson, alice);
        await client.SetStatusAsync("In a match");
        await using var watch = shell.Start("watch", alice);
        await terminal.ShowsAsync("● In a match");
        wire.CutAll();
        await terminal.ShowsAsync("No connection: ", "● In a match", "What the table shows is from before.");
        Assert.Null(terminal.Fault);
    }

    // A username has no control characters.
    private static string Printable => string.Concat(Hostile.Where(c => !char.IsControl(c)));

    [Theory]
    [InlineData(20)]
    [InlineData(60)]
    [InlineData(200)]
    public async Task Nothing_that_a_stranger_shows_is_obeyed_by_a_terminal(int width)
    {
        var terminal = new Terminal(width);
        using var shell = new Shell(server.Http) { Terminal = terminal };
        await shell.LoginAsync("watcher");
        await using var mallory = await server.ConnectAsync(ClientKind.WebSocketJson, $"{Printable}{Guid.NewGuid()}");
        await mallory.SetStatusAsync(Hostile);
        await using var watch = shell.Start("watch", mallory.UserId.ToString()!, "--count", "1");
        await using var plain = shell.Start("watch", mallory.UserId.ToString()!, "--count", "1", "--plain");
        await plain.Output.LinesAsync(1);
        await terminal.ShowsAsync("● ");
        await mallory.SetStatusAsync(Hostile + Hostile);
        Assert.Equal(ExitCode.Done, await plain.EndAsync());
        Assert.Equal(ExitCode.Done, await watch.EndAsync());
        Assert.Null(terminal.Fault);
        Assert.DoesNotContain(plain.Output.Text, c => c != '\n' && char.IsControl(c) || c is '\u202e' or '\u2028');
        Assert.Contains(@"\u001B[2J\u009B31m\u001B]0;title\u0007[red]not red[/]\r\n\u202Eenil\u2028[link=x]", plain.Output.Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null, ExitCode.Done)]
    [InlineData("1", ExitCode.No)]
    internal async Task A_watch_may_last_for_a_time_and_tells_whether_enough_has_changed(string? count, ExitCode code)
    {
        var clock = new FakeTimeProvider(DateTimeOffset.UtcNow);
        using var shell = new Shell(server.Http) { Clock = clock };
        await shell.LoginAsync("watcher");
        await using var watch = shell.Start(["watch", NewName("nobody"), "--for", "1h", .. count is null ? [] : (string[])["-n", count]]);
        await watch.Output.LinesAsync(1);
        Assert.False(watch.HasEnded);
        clock.Advance(TimeSpan.FromHours(1));
        Assert.Equal(code, await watch.EndAsync());
    }

    [Fact]
    [Trait("Clause", "F9")]
    public async Task Of_oneself_changes_are_told()
    {
        using var shell = new Shell(server.Http);
        var self = await shell.LoginAsync("alice");
        await using var watch = shell.Start("watch", self, "--count", "1");
        Assert.EndsWith($"{self}: offline", (await watch.Output.LinesAsync(1))[0], StringComparison.Ordinal);
        await using var set = shell.Start("set", "here");
        Assert.Equal(ExitCode.Done, await watch.EndAsync());
        Assert.EndsWith($"{self}: offline -> \"here\"", watch.Output.Lines[^1], StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Clause", "F9")]
    public async Task Of_oneself_changes_are_told_that_come_while_the_watch_begins()
    {
        var (user, name) = (Peers.NewUser(), NewName("alice"));
        var options = Clients.OptionsOf(server, ClientKind.WebSocketJson, user, name);
        await using var client = await PresenceClient.ConnectAsync(options).WaitAsync(Clients.Patience);
        await using var device = await PresenceClient.ConnectAsync(options).WaitAsync(Clients.Patience);
        // The snapshot needs a token to ask whether one is online; when it has one, the change has come.
        var access = new Access(ServerAddress.Parse(server.Http.ToString()), async (context, cancel) =>
        {
            await using var told = client.OwnChanges.GetAsyncEnumerator(cancel);
            await device.SetStatusAsync("here", cancel);
            Assert.True(await told.MoveNextAsync());
            return await options.TokenProvider(context, cancel);
        });
        using var output = new Transcript();
        using var patience = new CancellationTokenSource(Clients.Patience);
        var watch = new Watch(client, access, new LineView(output, TextWriter.Null), TimeProvider.System);
        Assert.Equal(1, await watch.RunAsync(Target.Parse([name]), most: 1, duration: null, patience.Token));
        Assert.EndsWith($"{name}: offline -> \"here\"", output.Lines[^1], StringComparison.Ordinal);
    }

    /// <summary>The cells of somebody's row.</summary>
    private static string[] Row(Terminal terminal, string name) =>
        terminal.Rows.FirstOrDefault(r => r.Contains(name, StringComparison.Ordinal))?.Split('│', StringSplitOptions.TrimEntries)[1..^1] ?? [];

    private static Func<JsonElement, bool> IsOf(string type) => line => line.GetProperty("type").GetString() == type;

    [GeneratedRegex("\"retry_in_seconds\":[0-9]")]
    private static partial Regex RetryIn();

    private static string NewName(string name) => $"{name}-{Guid.NewGuid():N}"[..20];
}
