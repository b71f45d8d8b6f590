using System.Text.Json;
using Presence.Cli;
using Presence.Cli.Accounts;
using Presence.Tests.Cli.Kit;
using Presence.Tests.Client;
using Presence.Tests.Host;
using Xunit;

namespace Presence.Tests.Cli;

/// <summary><c>presence online</c>.</summary>
public sealed class OnlineTests(ServerFixture server) : IClassFixture<ServerFixture>
{
    [Fact]
    [Trait("Clause", "F1")]
    public async Task It_tells_who_is_online_with_what_and_the_exit_code_tells_whether_all_are()
    {
        using var shell = new Shell(server.Http);
        await shell.LoginAsync("asker");
        var (alice, bob, nobody) = (NewName("alice"), NewName("bob"), NewName("nobody"));
        await using var first = await server.ConnectAsync(ClientKind.WebSocketJson, alice);
        await first.SetStatusAsync("In a match");
        // There, but not to be seen.
        await using var second = await server.ConnectAsync(ClientKind.WebSocketJson, bob);

        var all = await shell.RunAsync("online", alice, first.UserId.ToString()!.ToUpperInvariant());
        Assert.Equal(ExitCode.Done, all.Code);
        Assert.Equal([$"{alice}: \"In a match\""], all.Output.Lines);
        Assert.Equal("", all.Error.Text);

        var some = await shell.RunAsync("online", nobody, bob, alice, alice);
        Assert.Equal(ExitCode.No, some.Code);
        Assert.Equal(
            [$"{alice}: \"In a match\"", $"{nobody}: offline (not known to this server)", $"{bob}: offline"], some.Output.Lines);
        Assert.Equal(ExitCode.Done, (await shell.RunAsync("online", nobody, alice, "--any")).Code);
        Assert.Equal(ExitCode.No, (await shell.RunAsync("online", nobody, "--any")).Code);
    }

    [Fact]
    public async Task As_JSON_it_is_one_object()
    {
        using var shell = new Shell(server.Http);
        var self = await shell.LoginAsync("asker");
        var (alice, nobody) = (NewName("alice"), NewName("nobody"));
        await using var client = await server.ConnectAsync(ClientKind.WebSocketJson, alice);
        await client.SetStatusAsync("In a \"match\"\e[31m");
        var online = await shell.RunAsync("online", "--json", nobody, alice, self);
        Assert.Equal(ExitCode.No, online.Code);
        using var json = JsonDocument.Parse(Assert.Single(online.Output.Lines));
        var snapshot = json.RootElement;
        Assert.Equal("snapshot", snapshot.GetProperty("type").GetString());
        Assert.Equal(DateTimeKind.Utc, snapshot.GetProperty("at").GetDateTime().Kind);
        var presence = Assert.Single(snapshot.GetProperty("presences").EnumerateArray());
        Assert.Equal(client.UserId, presence.GetProperty("user_id").GetGuid());
        Assert.Equal(alice, presence.GetProperty("username").GetString());
        Assert.Equal("In a \"match\"\e[31m", presence.GetProperty("status").GetString());
        Assert.NotEqual("", presence.GetProperty("session_id").GetString());
        Assert.Equal([nobody], snapshot.GetProperty("offline").EnumerateArray().Select(o => o.GetString()));
        Assert.Equal([nobody], snapshot.GetProperty("unknown").EnumerateArray().Select(o => o.GetString()));
        Assert.Equal(self, snapshot.GetProperty("self").GetProperty("user").GetString());
        Assert.False(snapshot.GetProperty("self").GetProperty("online").GetBoolean());
        Assert.DoesNotContain('\e', online.Output.Text);
    }

    [Fact]
    public async Task Of_oneself_it_tells_as_much_as_the_server_does()
    {
        using var shell = new Shell(server.Http);
        var self = await shell.LoginAsync("alice");
        Assert.Equal(ExitCode.No, (await shell.RunAsync("online", self)).Code);
        await using var set = shell.Start("set", "here");
        await set.Error.SaysAsync("now shows");
        var online = await shell.RunAsync("online", self);
        Assert.Equal(ExitCode.Done, online.Code);
        Assert.StartsWith($"{self}: online (yourself", Assert.Single(online.Output.Lines), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Of_oneself_by_name_and_by_id_it_tells_the_same()
    {
        using var shell = new Shell(server.Http);
        var self = await shell.LoginAsync("alice");
        var id = SessionToken.Read(new LoginFile(shell.Folder, LoginFile.DefaultProfile).Read()!.Token)!.UserId!.Value.ToString();
        await using var set = shell.Start("set", "here");
        await set.Error.SaysAsync("now shows");
        var online = await shell.RunAsync("online", self, id);
        Assert.Equal(ExitCode.Done, online.Code);
        Assert.Equal([$"{self}: online", $"{id}: online"], online.Output.Lines.Select(l => l.Split(" (yourself")[0]));
        using var json = JsonDocument.Parse((await shell.RunAsync("online", id, self, "--json")).Output.Text);
        Assert.Empty(json.RootElement.GetProperty("offline").EnumerateArray());
        Assert.Equal(id, json.RootElement.GetProperty("self").GetProperty("user").GetString());
        Assert.True(json.RootElement.GetProperty("self").GetProperty("online").GetBoolean());
    }

    private static string NewName(string name) => $"{name}-{Guid.NewGuid():N}"[..20];
}
