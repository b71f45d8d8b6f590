using Presence.Bench;
using Presence.Bench.Comparing;
using Xunit;

namespace Presence.Tests.Bench.Comparing;

public sealed class ServerCommandTests
{
    [Fact]
    public void A_command_is_split_as_a_shell_would_and_told_its_port()
    {
        var start = ServerCommand.Parse("""ours=PORT={port} NAME='a b' ./server --port={port} "--title=the best" ''""").On(7350);

        Assert.Equal("./server", start.FileName);
        Assert.Equal(["--port=7350", "--title=the best", ""], start.ArgumentList);
        Assert.Equal("7350", start.Environment["PORT"]);
        Assert.Equal("a b", start.Environment["NAME"]);
    }

    [Fact]
    public void It_keeps_its_name_and_how_it_was_given()
    {
        var command = ServerCommand.Parse("ours= ./server {port}");
        Assert.Equal(("ours", "./server {port}"), (command.Name, command.Text));
    }

    [Theory]
    [InlineData("./server {port}")]
    [InlineData("=./server {port}")]
    [InlineData("ours=")]
    [InlineData("ours=PORT={port}")]
    [InlineData("ours=./server")]
    [InlineData("ours=./server '{port}")]
    public void What_is_no_command_is_refused(string text) => Assert.Throws<UsageException>(() => ServerCommand.Parse(text));
}
