using System.Net;
using Presence.Cli;
using Presence.Cli.Accounts;
using Presence.Tests.Cli.Kit;
using Presence.Tests.Client.Faults;
using Presence.Tests.Host;
using Xunit;

namespace Presence.Tests.Cli;

/// <summary>What <c>presence set</c> and <c>watch</c> outlast, and what they do not.</summary>
public sealed class OutageTests(ServerFixture server) : IClassFixture<ServerFixture>
{
    /// <summary>Longer than any session token lasts.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromDays(365);

    [Theory]
    [InlineData("set", "here")]
    [InlineData("watch", "nobody")]
    public async Task An_outage_in_which_the_token_expires_is_an_outage(params string[] args)
    {
        var isDown = false;
        await using var wire = new FaultyWire(new IPEndPoint(IPAddress.Loopback, server.Http.Port), _ => Volatile.Read(ref isDown) ? new Fault { Up = 0 } : Fault.None);
        var clock = new WokenClock();
        using var shell = new Shell(new Uri($"http://{wire.Address}")) { Clock = clock };
        await shell.LoginAsync("alice");
        await using var command = shell.Start(args);
        await Until.TrueAsync(() => command.Output.Lines.Count + command.Error.Lines.Count > 0, "the beginning");

        Volatile.Write(ref isDown, true);
        clock.Sleep(Longest);
        wire.CutAll();

        await command.Error.SaysAsync($"There is no token: http://{wire.Address} cannot be reached");
        Assert.False(command.HasEnded);
        Volatile.Write(ref isDown, false);
        await command.Error.SaysAsync("Connected again.\n");
        Assert.False(command.HasEnded);
    }

    [Theory]
    [InlineData("set", "here")]
    [InlineData("watch", "nobody")]
    public async Task A_login_that_the_server_does_not_renew_is_the_end(params string[] args)
    {
        await using var wire = new FaultyWire(new IPEndPoint(IPAddress.Loopback, server.Http.Port), _ => Fault.None);
        var clock = new WokenClock();
        using var shell = new Shell(new Uri($"http://{wire.Address}")) { Clock = clock };
        await shell.LoginAsync("alice");
        await using var command = shell.Start(args);
        await Until.TrueAsync(() => command.Output.Lines.Count + command.Error.Lines.Count > 0, "the beginning");

        var file = new LoginFile(shell.Folder, LoginFile.DefaultProfile);
        file.Write(file.Read()! with { RefreshToken = "expired as well" });
        clock.Sleep(Longest);
        wire.CutAll();

        Assert.Equal(ExitCode.Refused, await command.EndAsync());
        Assert.Contains("Your login has expired", command.Error.Text, StringComparison.Ordinal);
    }
}
