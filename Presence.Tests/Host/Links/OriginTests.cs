using Presence.Tests.Semantics.Clients;
using Xunit;

namespace Presence.Tests.Host.Links;

/// <summary>A server that lets only the pages of some origins in (protocol difference 0.12).</summary>
public sealed class OriginTests(OriginTests.Server server) : IClassFixture<OriginTests.Server>
{
    [Theory]
    [InlineData("https://game.example", 101)]
    [InlineData("https://GAME.example", 101)]
    [InlineData("https://game.example:443", 101)]
    [InlineData("http://localhost:8080", 101)]
    [InlineData("capacitor://localhost", 101)]
    [InlineData("tauri://localhost", 403)]
    [InlineData(null, 101)]
    [InlineData("https://evil.example", 403)]
    [InlineData("http://game.example", 403)]
    [InlineData("https://game.example:444", 403)]
    [InlineData("https://game.example.evil.example", 403)]
    [InlineData("null", 403)]
    [Trait("Clause", "0.12")]
    public async Task Only_pages_of_the_origins_that_are_named_get_in_and_clients_that_are_no_page(string? origin, int status)
    {
        await using var client = await RawClient.ConnectAsync(server.Http);
        await client.SendAsync(RawClient.UpgradeRequest(
            $"/ws?token={Tokens.Sign(Peers.IdentityOf(Peers.NewUser(), "alice"))}", origin is null ? "" : $"Origin: {origin}\r\n"));
        Assert.Equal(status, (await client.ReadHeadAsync()).Status);
    }

    [Fact]
    [Trait("Clause", "0.12")]
    public async Task A_page_of_the_server_itself_gets_in()
    {
        await using var client = await RawClient.ConnectAsync(server.Http);
        await client.SendAsync(RawClient.UpgradeRequest(
            $"/ws?token={Tokens.Sign(Peers.IdentityOf(Peers.NewUser(), "alice"))}", "Origin: http://localhost\r\n"));
        Assert.Equal(101, (await client.ReadHeadAsync()).Status);
    }

    public sealed class Server : ServerFixture
    {
        protected override IEnumerable<string> Settings =>
        [
            "--Presence:Limits:AllowedOrigins:0=https://game.example", "--Presence:Limits:AllowedOrigins:1=http://localhost:8080",
            "--Presence:Limits:AllowedOrigins:2=capacitor://localhost",
        ];
    }
}
