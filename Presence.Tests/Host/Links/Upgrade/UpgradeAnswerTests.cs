using System.Buffers;
using System.Globalization;
using System.Text;
using Presence.Host.Links.Upgrade;
using Presence.Tests.Semantics.Clients;
using Xunit;

namespace Presence.Tests.Host.Links.Upgrade;

[Trait("Clause", "A1")]
public sealed class UpgradeAnswerTests(ServerFixture server) : IClassFixture<ServerFixture>
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task It_is_what_the_http_server_says(bool bearer)
    {
        var token = Tokens.Sign(Peers.IdentityOf(Peers.NewUser(), "alice"));
        await using var client = await RawClient.ConnectAsync(server.Http);
        await client.SendAsync(bearer
            ? RawClient.UpgradeRequest("/ws", $"Sec-WebSocket-Protocol: bearer, {token}\r\n")
            : RawClient.UpgradeRequest($"/ws?token={token}"));
        var lines = new List<string>();
        while (await client.ReadLineAsync() is { Length: > 0 } line)
            lines.Add(line);
        var date = lines.Single(line => line.StartsWith("Date: ", StringComparison.Ordinal))["Date: ".Length..];

        var ours = new ArrayBufferWriter<byte>();
        var now = DateTimeOffset.ParseExact(date, "r", CultureInfo.InvariantCulture);
        UpgradeAnswer.Write(ours, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", bearer ? "bearer" : null, now);
        var text = Encoding.ASCII.GetString(ours.WrittenSpan);
        Assert.EndsWith("\r\n\r\n", text, StringComparison.Ordinal);
        Assert.Equal(lines.Order(), text[..^4].Split("\r\n").Order());
        Assert.Equal(lines[0], text.Split("\r\n")[0]);
    }
}
