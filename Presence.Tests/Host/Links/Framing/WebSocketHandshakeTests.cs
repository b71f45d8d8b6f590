using Microsoft.AspNetCore.Http;
using Presence.Host.Links.Framing;
using Xunit;

namespace Presence.Tests.Host.Links.Framing;

[Trait("Clause", "L3")]
public sealed class WebSocketHandshakeTests
{
    private static HeaderDictionary Good() => new()
    {
        ["Connection"] = "Upgrade",
        ["Upgrade"] = "websocket",
        ["Sec-WebSocket-Version"] = "13",
        ["Sec-WebSocket-Key"] = "dGhlIHNhbXBsZSBub25jZQ==",
    };

    [Fact]
    public void The_sample_of_the_rfc_is_accepted()
    {
        Assert.True(TryAccept(Good(), out var accept));
        Assert.Equal("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", accept);
    }

    [Theory]
    [InlineData("Connection", "keep-alive, Upgrade")]
    [InlineData("Connection", "UPGRADE")]
    [InlineData("Upgrade", "WebSocket")]
    [InlineData("Upgrade", "h2c,\twebsocket")]
    [InlineData("Sec-WebSocket-Version", " 13 ")]
    [InlineData("Sec-WebSocket-Protocol", "")]
    [InlineData("Sec-WebSocket-Extensions", "permessage-deflate; client_max_window_bits")]
    public void Other_spellings_and_offers_are_accepted(string header, string value)
    {
        var headers = Good();
        headers[header] = value;
        Assert.True(TryAccept(headers, out var accept));
        Assert.Equal("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", accept);
    }

    [Fact]
    public void Tokens_may_be_spread_over_lines()
    {
        var headers = Good();
        headers["Connection"] = new(["keep-alive", "upgrade"]);
        Assert.True(TryAccept(headers, out _));
    }

    [Theory]
    [InlineData("Connection", "keep-alive")]
    [InlineData("Connection", "not-upgrade")]
    [InlineData("Connection", "")]
    [InlineData("Connection", null)]
    [InlineData("Upgrade", "h2c")]
    [InlineData("Upgrade", "websockets")]
    [InlineData("Upgrade", null)]
    [InlineData("Sec-WebSocket-Version", "8")]
    [InlineData("Sec-WebSocket-Version", "013")]
    [InlineData("Sec-WebSocket-Version", "13, 8")]
    [InlineData("Sec-WebSocket-Version", null)]
    [InlineData("Sec-WebSocket-Key", null)]
    [InlineData("Sec-WebSocket-Key", "")]
    [InlineData("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ")]
    [InlineData("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25j")]
    [InlineData("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZTE=")]
    [InlineData("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZTEy")]
    [InlineData("Sec-WebSocket-Key", "!Ghl!HNhbXBsZSBub25jZQ==")]
    public void Anything_else_is_refused(string header, string? value)
    {
        var headers = Good();
        headers[header] = value;
        Assert.False(TryAccept(headers, out var accept));
        Assert.Null(accept);
    }

    [Theory]
    [InlineData("Sec-WebSocket-Version")]
    [InlineData("Sec-WebSocket-Key")]
    public void A_header_that_comes_twice_is_refused(string header)
    {
        var headers = Good();
        headers[header] = new([headers[header]!, headers[header]!]);
        Assert.False(TryAccept(headers, out _));
    }

    private static bool TryAccept(IHeaderDictionary headers, out string? accept) => WebSocketHandshake.TryAccept(
        headers.Connection, headers.Upgrade, headers.SecWebSocketVersion, headers.SecWebSocketKey, out accept);
}
