using Presence.Host.Links;
using Xunit;

namespace Presence.Tests.Host.Links;

/// <summary>What becomes of clients that do not say in time who they are (contract L4), on a server that does not wait long for it.</summary>
public abstract class AuthenticateTimeoutTests(ServerFixture server)
{
    private const string Limit = "--Presence:Limits:AuthenticateTimeout=";

    private const string Time = Limit + "00:00:01";

    [Theory]
    [InlineData("")]
    [InlineData("{\"hello\":")]
    [InlineData("\n\r\n\n")]
    [Trait("Clause", "L3")]
    [Trait("Clause", "L4")]
    public async Task Who_does_not_say_who_it_is_in_time_is_refused(string said)
    {
        await using var client = await RawClient.ConnectAsync(server.Tcp);
        await client.SendAsync(said);
        var error = (await client.ReadJsonLineAsync())!.Value.GetProperty("error");
        Assert.Equal((3, PlainLinks.LateHello), (error.GetProperty("code").GetInt32(), error.GetProperty("message").GetString()));
        client.HalfClose();
        await client.ExpectEndAsync();
    }

    [Fact]
    [Trait("Clause", "L3")]
    [Trait("Clause", "L4")]
    public async Task A_request_whose_headers_do_not_end_in_time_is_refused()
    {
        await using var client = await RawClient.ConnectAsync(server.Http);
        await client.SendAsync("GET /ws?token=x HTTP/1.1\r\nHost: localhost\r\nX-Endless: ");
        var answer = await client.ReadHeadAsync();
        Assert.Equal((408, """{"code":3,"message":"The request did not come in time."}"""), (answer.Status, answer.Body));
        await client.ExpectEndAsync();
    }

    /// <summary>A server that does not wait long.</summary>
    public sealed class Server : ServerFixture
    {
        protected override IEnumerable<string> Settings => [Time];
    }

    /// <summary>The same, with the loops of every system.</summary>
    public sealed class ServerOverPortableLoops : PortableServer
    {
        protected override IEnumerable<string> Settings => [.. base.Settings, Time];
    }

    /// <summary>The same, with links that Kestrel carries; the handshake has to be done in that time as well.</summary>
    public sealed class ServerOverTls : TlsServer
    {
        protected override IEnumerable<string> Settings => [.. base.Settings, Limit + "00:00:03"];
    }
}
