using Presence.Cli;
using Presence.Cli.Accounts;
using Xunit;

namespace Presence.Tests.Cli;

/// <summary>How people write where a server is.</summary>
public sealed class ServerAddressTests
{
    [Theory]
    [InlineData("localhost:7350", "ws://localhost:7350/ws", "http://localhost:7350/")]
    [InlineData("http://localhost:7350/", "ws://localhost:7350/ws", "http://localhost:7350/")]
    [InlineData("ws://localhost:7350/ws", "ws://localhost:7350/ws", "http://localhost:7350/")]
    [InlineData("https://presence.example", "wss://presence.example/ws", "https://presence.example/")]
    [InlineData("wss://example/presence", "wss://example/presence/ws", "https://example/presence/")]
    [InlineData("game.example.com", "wss://game.example.com/ws", "https://game.example.com/")]
    [InlineData("game.example.com:7350", "wss://game.example.com:7350/ws", "https://game.example.com:7350/")]
    [InlineData("10.0.0.1:7350", "wss://10.0.0.1:7350/ws", "https://10.0.0.1:7350/")]
    [InlineData("localhost.example.com", "wss://localhost.example.com/ws", "https://localhost.example.com/")]
    [InlineData("127.0.0.1.example.com", "wss://127.0.0.1.example.com/ws", "https://127.0.0.1.example.com/")]
    [InlineData("[2001:db8::1]", "wss://[2001:db8::1]/ws", "https://[2001:db8::1]/")]
    [InlineData("LOCALHOST:7350", "ws://localhost:7350/ws", "http://localhost:7350/")]
    [InlineData("chat.localhost", "ws://chat.localhost/ws", "http://chat.localhost/")]
    [InlineData("127.8.0.1:7350", "ws://127.8.0.1:7350/ws", "http://127.8.0.1:7350/")]
    [InlineData("[::1]:7350", "ws://[::1]:7350/ws", "http://[::1]:7350/")]
    [InlineData("tcp://localhost:7352", "tcp://localhost:7352/", null)]
    public void An_address_says_where_connections_and_where_requests_go(string text, string link, string? api)
    {
        var address = ServerAddress.Parse(text);
        Assert.Equal((link, api), (address.Link.ToString(), address.Api?.ToString()));
        Assert.Equal(address, ServerAddress.Parse(address.ToString()));
    }

    [Theory]
    [InlineData("")]
    [InlineData("http://")]
    [InlineData("ftp://localhost")]
    [InlineData("tcp://localhost")]
    [InlineData("http://alice:secret@localhost")]
    [InlineData("http://localhost/?token=x")]
    public void What_is_no_address_is_refused(string text) =>
        Assert.Equal(ExitCode.Usage, Assert.Throws<FailureException>(() => ServerAddress.Parse(text)).Code);
}
