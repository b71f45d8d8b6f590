using System.Runtime.InteropServices;
using Presence.Cli;
using Presence.Cli.Commands;
using Presence.Tests.Cli.Kit;
using Xunit;

namespace Presence.Tests.Cli;

/// <summary>What the tool says of itself, and to whom it does not understand.</summary>
public sealed class UsageTests
{
    [Theory]
    [InlineData("")]
    [InlineData("--help")]
    [InlineData("login --help")]
    [InlineData("logout --help")]
    [InlineData("set --help")]
    [InlineData("watch --help")]
    [InlineData("online --help")]
    public async Task Help_has_examples_that_can_be_parsed_and_the_exit_codes(string line)
    {
        using var shell = new Shell();
        var help = await shell.RunAsync(line.Split(' ', StringSplitOptions.RemoveEmptyEntries));
        Assert.Equal((ExitCode.Done, ""), (help.Code, help.Error.Text));
        Assert.Contains("Exit codes:\n", help.Output.Text, StringComparison.Ordinal);
        var examples = help.Output.Lines.SkipWhile(l => l != "Examples:").Skip(1).TakeWhile(l => l.Length > 0).Select(l => l.Trim()).ToList();
        Assert.NotEmpty(examples);
        Assert.All(examples, e =>
        {
            var parsed = PresenceCommand.Parse(ShellLine.OfTool(e), shell.Around(TextWriter.Null, TextWriter.Null));
            Assert.Empty(parsed.Errors);
            // Whoever takes any words takes an option for one that does not exist.
            Assert.All(parsed.CommandResult.Command.Arguments, a => Assert.NotEmpty(parsed.WordsOf(a)));
        });
    }

    [Theory]
    [InlineData("until presence set \"a | b\" --for '2 m'; do sleep 1; done", "set", "a | b", "--for", "2 m")]
    [InlineData("presence online a && echo b", "online", "a")]
    [InlineData("get-token | presence login --token-file -", "login", "--token-file", "-")]
    [InlineData("presence logout    # for good", "logout")]
    [InlineData("presence watch a | jq 'b # c'", "watch", "a")]
    public void An_example_is_read_as_a_shell_does(string line, params string[] args) => Assert.Equal(args, ShellLine.OfTool(line));

    [Fact]
    public async Task The_version_is_that_of_the_package()
    {
        using var shell = new Shell();
        var version = await shell.RunAsync("--version");
        Assert.Equal(ExitCode.Done, version.Code);
        Assert.Equal([typeof(ExitCode).Assembly.GetName().Version!.ToString(3)], version.Output.Lines.Select(l => l.Split('-')[0]));
    }

    [Theory]
    [InlineData("sing")]
    [InlineData("set")]
    [InlineData("set a b")]
    [InlineData("set --away")]
    [InlineData("watch a -x")]
    [InlineData("set a --for ever")]
    [InlineData("set a --for -1s")]
    [InlineData("set a --for 1000h5")]
    [InlineData("set a --for 50000h")]
    [InlineData("watch")]
    [InlineData("watch a --count 0")]
    [InlineData("watch a --count x")]
    [InlineData("watch a --json --plain")]
    [InlineData("online")]
    [InlineData("online a --sometimes")]
    public async Task What_is_not_understood_is_said_on_standard_error_with_exit_code_2(string line)
    {
        using var shell = new Shell { ["PRESENCE_TOKEN"] = "e30.e30.e30", ["PRESENCE_SERVER"] = "http://127.0.0.1:1" };
        var command = await shell.RunAsync(line.Split(' '));
        Assert.Equal(ExitCode.Usage, command.Code);
        Assert.Equal("", command.Output.Text);
        Assert.StartsWith("presence: ", command.Error.Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("500ms")]
    [InlineData("10s")]
    [InlineData("1.5m")]
    [InlineData("2h")]
    [InlineData("7")]
    public async Task A_time_is_a_number_with_a_unit_or_of_seconds(string time)
    {
        using var shell = new Shell { ["PRESENCE_TOKEN"] = "e30.e30.e30", ["PRESENCE_SERVER"] = "http://127.0.0.1:1" };
        Assert.Equal(ExitCode.Refused, (await shell.RunAsync("set", "a", "--for", time)).Code);
    }

    [Fact]
    public void Settings_are_kept_where_the_user_has_them()
    {
        if (OperatingSystem.IsWindows())
            return;
        var home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        Assert.Equal("/somewhere/presence", Surroundings.FolderOf(_ => "/somewhere"));
        Assert.Equal($"{home}/.config/presence", Surroundings.FolderOf(_ => null));
        Assert.Equal($"{home}/.config/presence", Surroundings.FolderOf(_ => "not/absolute"));
    }

    [Fact]
    public void A_signal_that_comes_when_all_is_over_is_nothing()
    {
        var interruption = new Interruption();
        interruption.Dispose();
        interruption.End(new PosixSignalContext(PosixSignal.SIGINT));
        Assert.Equal(ExitCode.Interrupted, interruption.Code);
    }
}
