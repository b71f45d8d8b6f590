using System.Text;
using Presence.Bench;
using Presence.Bench.Sockets;
using Presence.Bench.Wire;
using Xunit;

namespace Presence.Tests.Bench.Wire;

public sealed class UpgradeTests
{
    [Fact]
    public void An_answer_is_read_when_its_head_is_whole()
    {
        var answer = Encoding.ASCII.GetBytes("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n");
        for (var cut = 0; cut < answer.Length; cut++)
            Assert.False(Upgrade.TryRead(answer.AsSpan(0, cut), out _, out _));

        Assert.True(Upgrade.TryRead([.. answer, 0x81, 0x00], out var length, out var status));
        Assert.Equal((answer.Length, 101), (length, status));
    }

    [Theory]
    [InlineData("HTTP/1.1 401 Unauthorized\r\n\r\n", 401)]
    [InlineData("SSH-2.0-OpenSSH\r\n\r\n", 0)]
    [InlineData("\r\n\r\n", 0)]
    [InlineData("HTTP/1.1 \r\n\r\n", 0)]
    public void Another_answer_is_known_by_its_code(string answer, int expected)
    {
        Assert.True(Upgrade.TryRead(Encoding.ASCII.GetBytes(answer), out _, out var status));
        Assert.Equal(expected, status);
    }

    [Theory]
    [InlineData("127.0.0.1:7350", "ws://127.0.0.1:7350/ws")]
    [InlineData("ws://localhost:7350", "ws://localhost:7350/ws")]
    [InlineData("ws://localhost:7350/", "ws://localhost:7350/ws")]
    [InlineData("http://node1.example/realtime", "ws://node1.example/realtime")]
    public void An_address_says_host_port_and_path(string text, string url) => Assert.Equal(new Uri(url), Route.Parse(text));

    [Theory]
    [InlineData("wss://localhost:7350")]
    [InlineData("")]
    [InlineData("ws://localhost:7350/ws?token=x")]
    [InlineData("ws://localhost:seven")]
    public void What_is_no_address_is_refused(string text) => Assert.Throws<UsageException>(() => Route.Parse(text));
}
