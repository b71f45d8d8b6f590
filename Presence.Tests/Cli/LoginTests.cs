using System.Text.Json;
using Microsoft.Extensions.Time.Testing;
using Presence.Cli;
using Presence.Cli.Accounts;
using Presence.Client;
using Presence.Tests.Cli.Kit;
using Presence.Tests.Client;
using Presence.Tests.Host;
using Presence.Tests.Semantics.Clients;
using Xunit;

namespace Presence.Tests.Cli;

/// <summary><c>presence login</c> and <c>logout</c>, and the tokens that the other commands use.</summary>
public sealed class LoginTests(ServerFixture server) : IClassFixture<ServerFixture>
{
    [Fact]
    public async Task A_login_is_kept_where_nobody_else_can_read_it()
    {
        using var shell = new Shell(server.Http);
        var name = await shell.LoginAsync("alice");
        var file = new LoginFile(shell.Folder, "default");
        var kept = file.Read()!;
        Assert.Equal(name, SessionToken.Read(kept.Token)!.Username);
        Assert.Equal([file.Path], Directory.GetFileSystemEntries(shell.Folder));
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file.Path));
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(shell.Folder));
        }

        // In the place of a file that others could read, too.
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(file.Path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.OtherRead);
        file.Write(kept);
        if (!OperatingSystem.IsWindows())
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file.Path));
    }

    /// <summary>Before a token is written, and before one that is there is used.</summary>
    [Theory]
    [Trait("Clause", "A5")]
    [InlineData("login --user carol-of-the-open-folder", "default.json", UnixFileMode.None)]
    [InlineData("logout", "default.json", UnixFileMode.OtherRead | UnixFileMode.GroupRead)]
    [InlineData("online bob --profile other", "other.json", UnixFileMode.GroupWrite)]
    public async Task A_folder_that_others_have_access_to_is_closed_and_the_user_is_told(string line, string name, UnixFileMode ofFile)
    {
        if (OperatingSystem.IsWindows())
            return;
        const UnixFileMode Owners = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
        using var shell = new Shell(server.Http);
        Directory.CreateDirectory(shell.Folder, Owners);
        File.SetUnixFileMode(shell.Folder, Owners | UnixFileMode.GroupRead | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute);
        var path = Path.Combine(shell.Folder, name);
        if (ofFile != UnixFileMode.None)
        {
            await File.WriteAllTextAsync(path, JsonSerializer.Serialize(Expired(server.Http), CliJson.Default.Login));
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | ofFile);
        }

        var command = await shell.RunAsync(line.Split(' '));
        var again = await shell.RunAsync("online", "bob");

        Assert.Equal(Owners, File.GetUnixFileMode(shell.Folder));
        Assert.Contains($"had access to {shell.Folder}{(ofFile == UnixFileMode.None ? "." : $" and {path}.")}", command.Error.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("had access", again.Error.Text, StringComparison.Ordinal);
        if (File.Exists(path))
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));
    }

    [Fact]
    public async Task Whoever_signs_in_again_is_the_same_user_and_says_so_on_standard_error()
    {
        using var shell = new Shell(server.Http);
        var name = await shell.LoginAsync("alice");
        var first = SessionToken.Read(new LoginFile(shell.Folder, "default").Read()!.Token)!.UserId;
        var again = await shell.RunAsync("login", "--user", name, "--profile", "other");
        Assert.Equal(first, SessionToken.Read(new LoginFile(shell.Folder, "other").Read()!.Token)!.UserId);
        Assert.Equal("", again.Output.Text);
        Assert.Equal([$"Logged in to {server.Http.ToString().TrimEnd('/')} as {name}. It renews itself."], again.Error.Lines);
    }

    [Theory]
    [InlineData("standard input")]
    [InlineData("file")]
    [InlineData("answer")]
    [InlineData("command line")]
    public async Task A_token_that_was_made_elsewhere_is_taken_if_the_server_takes_it(string way)
    {
        using var shell = new Shell(server.Http);
        var token = Tokens.Sign(Peers.IdentityOf(Peers.NewUser(), "carol"));
        var file = shell.PathOf("token.txt");
        await File.WriteAllTextAsync(file, token + "\n");
        shell.Input = way == "answer" ? $$"""{"created":true,"token":"{{token}}","refresh_token":"r"}""" : token;
        var login = await shell.RunAsync(way switch
        {
            "file" => ["login", "--token-file", file],
            "command line" => ["login", "--token", token],
            _ => ["login", "--token-file", "-"],
        });
        Assert.Equal(ExitCode.Done, login.Code);
        var kept = new LoginFile(shell.Folder, "default").Read()!;
        Assert.Equal((token, way == "answer" ? "r" : null), (kept.Token, kept.RefreshToken));
    }

    [Fact]
    public async Task A_plain_link_takes_tokens_but_signs_nobody_in()
    {
        using var shell = new Shell { ["PRESENCE_SERVER"] = $"tcp://{server.Tcp}" };
        Assert.Equal(ExitCode.Usage, (await shell.RunAsync("login", "--user", "carol")).Code);
        var login = await shell.RunAsync("login", "--token", Tokens.Sign(Peers.IdentityOf(Peers.NewUser(), "carol")));
        Assert.Equal(ExitCode.Done, login.Code);
        Assert.Equal(ExitCode.No, (await shell.RunAsync("online", "nobody")).Code);
        Assert.Equal(ExitCode.Done, (await shell.RunAsync("logout")).Code);
    }

    [Fact]
    public async Task A_token_that_the_server_refuses_is_not_kept()
    {
        using var shell = new Shell(server.Http);
        var login = await shell.RunAsync("login", "--token", Tokens.Sign(Peers.IdentityOf(Peers.NewUser(), "carol", TimeSpan.FromHours(-1))));
        Assert.Equal(ExitCode.Refused, login.Code);
        Assert.StartsWith("presence: The server does not take the token", login.Error.Text, StringComparison.Ordinal);
        Assert.False(Directory.Exists(shell.Folder));
    }

    [Theory]
    [InlineData(ExitCode.Usage, "Give exactly one of", "login")]
    [InlineData(ExitCode.Usage, "Give exactly one of", "login", "--user", "a", "--token", "b")]
    [InlineData(ExitCode.Usage, "no session token", "login", "--token", "b")]
    [InlineData(ExitCode.Usage, "cannot be read", "login", "--token-file", "/nowhere/at/all")]
    [InlineData(ExitCode.Usage, "cannot be read", "login", "--token-file", "")]
    [InlineData(ExitCode.Usage, "no name of a profile", "login", "--user", "a", "--profile", "../a")]
    [InlineData(ExitCode.Usage, "no address", "login", "--user", "a", "--server", "ftp://a")]
    [InlineData(ExitCode.Refused, "--server-key", "login", "--user", "a", "--server-key", "wrong")]
    [InlineData(ExitCode.Refused, "cannot be reached", "login", "--user", "a", "--server", "http://127.0.0.1:1")]
    [InlineData(ExitCode.Refused, "Does the server run there? --server", "login", "--user", "a", "--server", "http://127.0.0.1:1")]
    [InlineData(ExitCode.Refused, "Does the server run there, with TLS? An address that begins with http://", "login", "--user", "a", "--server", "https://127.0.0.1:1")]
    [InlineData(ExitCode.Refused, "cannot be reached", "login", "--token", "e30.e30.e30", "--server", "http://127.0.0.1:1")]
    [InlineData(ExitCode.Refused, "not logged in", "online", "a")]
    internal async Task What_is_wrong_is_said_and_the_exit_code_tells(ExitCode code, string said, params string[] args)
    {
        using var shell = new Shell(server.Http);
        var login = await shell.RunAsync(args);
        Assert.Equal(code, login.Code);
        Assert.Equal("", login.Output.Text);
        Assert.Contains(said, login.Error.Text, StringComparison.Ordinal);
        Assert.StartsWith("presence: ", login.Error.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_name_that_somebody_else_has_is_refused_with_advice()
    {
        using var shell = new Shell(server.Http);
        var name = await shell.LoginAsync("alice");
        var login = await shell.RunAsync("login", "--user", name, "--id", $"another-{Guid.NewGuid()}");
        Assert.Equal(ExitCode.Refused, login.Code);
        Assert.Contains("give that --id", login.Error.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_token_goes_to_no_other_server_than_its_own()
    {
        using var shell = new Shell(server.Http);
        await shell.LoginAsync("alice");
        var online = await shell.RunAsync("online", "bob", "--server", "http://127.0.0.1:1");
        Assert.Equal(ExitCode.Refused, online.Code);
        Assert.Contains("You are logged in to", online.Error.Text, StringComparison.Ordinal);
        // Written otherwise, it is the same server.
        Assert.Equal(ExitCode.No, (await shell.RunAsync("online", "bob", "--server", $"ws://{server.Http.Authority}/ws")).Code);
    }

    [Fact]
    public async Task Scripts_need_no_login()
    {
        using var shell = new Shell(server.Http) { ["PRESENCE_TOKEN"] = Tokens.Sign(Peers.IdentityOf(Peers.NewUser(), "carol")) };
        Assert.Equal(ExitCode.No, (await shell.RunAsync("online", "bob")).Code);
        Assert.False(Directory.Exists(shell.Folder));
        shell["PRESENCE_TOKEN"] = "nonsense";
        Assert.Equal(ExitCode.Refused, (await shell.RunAsync("online", "bob")).Code);
    }

    [Fact]
    public async Task A_token_that_is_about_to_expire_is_renewed_and_kept()
    {
        var clock = new FakeTimeProvider();
        using var shell = new Shell(server.Http) { Clock = clock };
        await shell.LoginAsync("alice");
        var file = new LoginFile(shell.Folder, "default");
        var old = file.Read()!;
        var end = SessionToken.Read(old.Token)!.ExpiresAt!.Value;
        clock.SetUtcNow(end - TokenSource.Margin - TimeSpan.FromSeconds(1));
        await shell.RunAsync("online", "bob");
        Assert.Equal(old, file.Read());

        clock.Advance(TimeSpan.FromSeconds(1));
        // The server's clock goes on in whole seconds; a token of the same second could be the same.
        file.Write(old with { Token = Tokens.Sign(Peers.IdentityOf(Peers.NewUser(), "somebody else") with { ExpiresAt = end }) });
        Assert.Equal(ExitCode.No, (await shell.RunAsync("online", "bob")).Code);
        var renewed = file.Read()!;
        Assert.Equal(SessionToken.Read(old.Token)!.UserId, SessionToken.Read(renewed.Token)!.UserId);
        Assert.Equal((old.Server, old.ServerKey), (renewed.Server, renewed.ServerKey));
    }

    [Fact]
    public async Task A_token_that_the_server_takes_no_more_is_renewed_before_its_time()
    {
        using var shell = new Shell(server.Http);
        await shell.LoginAsync("alice");
        var file = new LoginFile(shell.Folder, "default");
        var source = new TokenSource(file, ServerAddress.Parse(server.Http.ToString()), TimeProvider.System);
        var spent = Tokens.Sign(Peers.IdentityOf(Peers.NewUser(), "somebody else"));
        file.Write(file.Read()! with { Token = spent });
        Assert.Equal(spent, await source.GetAsync(new TokenContext(), default));
        var renewed = await source.GetAsync(new TokenContext { MustBeNew = true }, default);
        Assert.NotEqual(spent, renewed);
        Assert.Equal(renewed, file.Read()!.Token);
        // Another command has written another one since.
        file.Write(file.Read()! with { Token = spent });
        Assert.Equal(spent, await source.GetAsync(new TokenContext { MustBeNew = true }, default));
    }

    [Theory]
    [InlineData(-1, ExitCode.Refused)]
    [InlineData(20, ExitCode.No)]
    internal async Task A_token_that_cannot_be_renewed_is_used_to_its_end(int secondsLeft, ExitCode code)
    {
        using var shell = new Shell(server.Http);
        var token = Tokens.Sign(Peers.IdentityOf(Peers.NewUser(), "carol", TimeSpan.FromSeconds(secondsLeft)));
        new LoginFile(shell.Folder, "default").Write(new Login(server.Http.ToString(), token, "no refresh token", "defaultkey"));
        var online = await shell.RunAsync("online", "bob");
        Assert.Equal(code, online.Code);
        Assert.Equal(code == ExitCode.Refused, online.Error.Text.Contains("Your login has expired", StringComparison.Ordinal));
    }

    [Fact]
    public async Task After_a_logout_nothing_is_left_and_what_still_runs_ends()
    {
        using var shell = new Shell(server.Http);
        var name = await shell.LoginAsync("alice");
        var token = new LoginFile(shell.Folder, "default").Read()!.Token;
        await using var set = shell.Start("set", "here");
        await set.Error.SaysAsync($"{name} now shows \"here\", until Ctrl+C.");

        var logout = await shell.RunAsync("logout");

        Assert.Equal((ExitCode.Done, ""), (logout.Code, logout.Output.Text));
        Assert.Empty(Directory.GetFileSystemEntries(shell.Folder));
        Assert.Equal(ExitCode.Refused, await set.EndAsync());
        Assert.Contains("You have logged out.", set.Error.Text, StringComparison.Ordinal);
        shell["PRESENCE_TOKEN"] = token;
        Assert.Equal(ExitCode.Refused, (await shell.RunAsync("online", "bob")).Code);
        Assert.Equal(["You were not logged in."], (await shell.RunAsync("logout")).Error.Lines);
    }

    [Fact]
    public async Task A_logout_that_the_server_does_not_hear_of_says_so()
    {
        using var shell = new Shell();
        new LoginFile(shell.Folder, "default").Write(new Login("http://127.0.0.1:1", Tokens.Sign(Peers.IdentityOf(Peers.NewUser(), "carol"))));
        var logout = await shell.RunAsync("logout");
        Assert.Equal(ExitCode.Refused, logout.Code);
        Assert.Contains("forgotten here", logout.Error.Text, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(shell.Folder));
    }

    [Fact]
    public async Task A_logout_that_is_interrupted_says_what_may_be_left()
    {
        await using var slow = new OneAnswer(async end =>
        {
            await Task.Delay(Timeout.Infinite, end);
            return "";
        });
        using var shell = new Shell();
        new LoginFile(shell.Folder, "default").Write(new Login(slow.Http.ToString(), Tokens.Sign(Peers.IdentityOf(Peers.NewUser(), "carol"))));
        await using var logout = shell.Start("logout");
        await slow.Asked.WaitAsync(Clients.Patience);
        logout.Interrupt();
        Assert.Equal(ExitCode.Interrupted, await logout.EndAsync());
        Assert.Contains("forgotten here", logout.Error.Text, StringComparison.Ordinal);
        Assert.Contains("may stay valid", logout.Error.Text, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(shell.Folder));
    }

    [Theory]
    [InlineData("200 OK")]
    [InlineData("401 Unauthorized")]
    public async Task A_logout_is_not_undone_by_a_renewal(string status)
    {
        using var shell = new Shell();
        var file = new LoginFile(shell.Folder, "default");
        await using var slow = new OneAnswer(_ =>
        {
            file.Delete();
            return Task.FromResult(OneAnswer.Of(status, "application/json", """{"token":"e30.e30.e30"}"""));
        });
        file.Write(Expired(slow.Http));
        var online = await shell.RunAsync("online", "bob");
        Assert.Equal(ExitCode.Refused, online.Code);
        Assert.Contains("You have logged out.", online.Error.Text, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(shell.Folder));
    }

    [Theory]
    [InlineData("200 OK")]
    [InlineData("401 Unauthorized")]
    public async Task A_new_login_is_not_undone_by_a_renewal(string status)
    {
        using var shell = new Shell();
        var file = new LoginFile(shell.Folder, "default");
        Login? later = null;
        await using var slow = new OneAnswer(_ =>
        {
            file.Write(later!);
            return Task.FromResult(OneAnswer.Of(status, "application/json", """{"token":"e30.e30.e30"}"""));
        });
        later = new Login(slow.Http.ToString(), Tokens.Sign(Peers.IdentityOf(Peers.NewUser(), "carol")));
        file.Write(Expired(slow.Http));
        var tokens = new TokenSource(file, ServerAddress.Parse(slow.Http.ToString()), TimeProvider.System);
        Assert.Equal(later.Token, await tokens.GetAsync(new TokenContext(), CancellationToken.None).AsTask().WaitAsync(Clients.Patience));
        Assert.Equal(later, file.Read());
    }

    [Fact]
    public async Task A_command_that_runs_does_not_get_the_token_of_a_later_login_at_another_server()
    {
        using var shell = new Shell();
        var file = new LoginFile(shell.Folder, "default");
        file.Write(new Login("http://elsewhere:7350", Tokens.Sign(Peers.IdentityOf(Peers.NewUser(), "carol"))));
        var tokens = new TokenSource(file, ServerAddress.Parse("http://here:7350"), TimeProvider.System);
        var failure = await Assert.ThrowsAsync<FailureException>(async () => await tokens.GetAsync(new TokenContext(), CancellationToken.None));
        Assert.True(failure.IsLoginOver);
        Assert.Contains("http://elsewhere:7350", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Whoever_does_not_type_a_token_may_still_interrupt()
    {
        using var keyboard = new Keyboard();
        using var shell = new Shell(server.Http) { Keyboard = keyboard };
        await using var login = shell.Start("login", "--token-file", "-");
        await keyboard.Awaited.WaitAsync(Clients.Patience);
        login.Interrupt();
        Assert.Equal(ExitCode.Interrupted, await login.EndAsync());
    }

    [Fact]
    public async Task A_login_that_cannot_be_kept_is_an_error()
    {
        using var shell = new Shell(server.Http);
        await File.WriteAllTextAsync(shell.Folder, "a file where the folder should be");
        var login = await shell.RunAsync("login", "--user", "alice");
        Assert.Equal(ExitCode.Usage, login.Code);
        Assert.Contains("cannot be kept", login.Error.Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("200 OK", "text/html", "<html>", "not a server of this protocol")]
    [InlineData("200 OK", "application/json; charset=klingon", "{}", "not a server of this protocol")]
    [InlineData("200 OK", "application/json", "{}", "not a server of this protocol")]
    [InlineData("404 Not Found", "text/html", "<html>", "does not sign you in: 404 Not Found")]
    [InlineData("302 Found", "application/json", "[]", "does not sign you in: 302 Found")]
    public async Task Another_kind_of_server_is_told_from_this_one(string status, string type, string body, string said)
    {
        await using var other = new OneAnswer(_ => Task.FromResult(OneAnswer.Of(status, type, body)));
        using var shell = new Shell(other.Http);
        var login = await shell.RunAsync("login", "--user", "alice");
        Assert.Equal(ExitCode.Refused, login.Code);
        Assert.Contains(said, login.Error.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_that_is_no_login_is_named()
    {
        using var shell = new Shell(server.Http);
        Directory.CreateDirectory(shell.Folder);
        await File.WriteAllTextAsync(Path.Combine(shell.Folder, "default.json"), JsonSerializer.Serialize(new { server = "x" }));
        var online = await shell.RunAsync("online", "bob");
        Assert.Equal(ExitCode.Refused, online.Code);
        Assert.Contains("default.json is not a login", online.Error.Text, StringComparison.Ordinal);
    }

    private static Login Expired(Uri server) => new(
        server.ToString(), Tokens.Sign(Peers.IdentityOf(Peers.NewUser(), "carol", TimeSpan.FromHours(-1))), "a refresh token", "a server key");

    public sealed class NoMinting : ServerFixture
    {
        protected override IEnumerable<string> Settings => ["--Presence:Session:AllowMinting=false"];
    }

    public sealed class WithoutMinting(NoMinting server) : IClassFixture<NoMinting>
    {
        [Fact]
        public async Task A_server_that_signs_nobody_in_is_told_from_one_that_does()
        {
            using var shell = new Shell(server.Http);
            var login = await shell.RunAsync("login", "--user", "alice");
            Assert.Equal(ExitCode.Refused, login.Code);
            Assert.Contains("--token-file", login.Error.Text, StringComparison.Ordinal);
        }
    }
}
