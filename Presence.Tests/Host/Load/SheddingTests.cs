using System.Diagnostics.Metrics;
using System.Globalization;
using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Presence.Actors.Telemetry;
using Presence.Host.Load;
using Presence.Tests.Host.Links;
using Presence.Tests.Semantics.Clients;
using Presence.Tests.Telemetry;
using Xunit;

namespace Presence.Tests.Host.Load;

/// <summary>What a client meets at a node that is overloaded.</summary>
[Trait("Clause", "L5")]
public sealed class SheddingTests : IAsyncLifetime
{
    private readonly Server _server = new();

    public Task InitializeAsync() => _server.InitializeAsync();

    public Task DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task An_overloaded_node_refuses_what_is_new_keeps_what_is_there_and_recovers()
    {
        var meter = _server.Services.GetRequiredService<IMeterFactory>().Create(Refusals.MeterName);
        using var counts = RefusalCounts.Of(meter);
        using var http = new HttpClient { BaseAddress = _server.Http };
        var (alice, bob) = (Peers.NewUser(), Peers.NewUser());
        await using var publisher = await _server.ConnectAsync(LinkKind.WebSocketJson, alice, "alice");
        await using var follower = await RawClient.ConnectAsync(_server.Http);
        await follower.SendAsync(RawClient.UpgradeRequest($"/ws?token={Tokens.Sign(Peers.IdentityOf(bob, "bob"))}"));
        Assert.Equal(101, (await follower.ReadHeadAsync()).Status);
        await follower.SendTextAsync($$$"""{"cid":"1","status_follow":{"user_ids":["{{{alice}}}"]}}""");
        Assert.Contains("\"status\":{", (await follower.ReadFrameAsync())!.Text, StringComparison.Ordinal);

        _server.Load.Level = LoadLevel.Overloaded;

        // New connections.
        await using (var other = await RawClient.ConnectAsync(_server.Http))
        {
            await other.SendAsync(RawClient.UpgradeRequest($"/ws?token={Tokens.Sign(Peers.IdentityOf(Peers.NewUser(), "carol"))}"));
            var answer = await other.ReadHeadAsync();
            Assert.Equal(503, answer.Status);
            Assert.InRange(int.Parse(answer.Headers["Retry-After"], CultureInfo.InvariantCulture), 5, 30);
        }

        Assert.Equal(1, counts["overload"]);
        await using (var plain = await RawClient.ConnectAsync(_server.Tcp))
        {
            var error = (await plain.ReadJsonLineAsync())!.Value.GetProperty("error");
            Assert.Equal("The server is overloaded; try again later.", error.GetProperty("message").GetString());
            plain.HalfClose();
            await plain.ExpectEndAsync();
        }

        Assert.Equal(2, counts["overload"]);

        // The HTTP API, but not the health of the node.
        using (var refused = await http.GetAsync(new Uri("/v2/account", UriKind.Relative)))
        {
            Assert.Equal(HttpStatusCode.ServiceUnavailable, refused.StatusCode);
            Assert.InRange(refused.Headers.RetryAfter!.Delta!.Value.TotalSeconds, 5, 30);
            Assert.Equal("""{"code":14,"message":"The server is overloaded; try again later."}""", await refused.Content.ReadAsStringAsync());
        }

        Assert.Equal(3, counts["overload"]);
        using (var ready = await http.GetAsync(new Uri("/health/ready", UriKind.Relative)))
            Assert.Equal((HttpStatusCode.OK, """{"status":"ok","load":"overloaded"}"""), (ready.StatusCode, await ready.Content.ReadAsStringAsync()));
        Assert.Equal("""{"status":"ok"}""", await http.GetStringAsync(new Uri("/health/live", UriKind.Relative)));
        Assert.Equal("{}", await http.GetStringAsync(new Uri("/healthcheck", UriKind.Relative)));

        // New follows; what was followed before goes on.
        await follower.SendTextAsync($$$"""{"cid":"2","status_follow":{"user_ids":["{{{Guid.NewGuid()}}}"]}}""");
        Assert.Equal(
            """{"cid":"2","error":{"message":"The server is overloaded; try again later."}}""", (await follower.ReadFrameAsync())!.Text);
        Assert.Equal(4, counts["overload"]);
        await publisher.SetAsync("still here");
        Assert.Contains("still here", (await follower.ReadFrameAsync())!.Text, StringComparison.Ordinal);
        await follower.SendTextAsync($$$"""{"cid":"3","status_unfollow":{"user_ids":["{{{alice}}}"]}}""");
        Assert.Equal("""{"cid":"3"}""", (await follower.ReadFrameAsync())!.Text);

        _server.Load.Level = LoadLevel.Busy;
        await follower.SendTextAsync($$$"""{"cid":"4","status_follow":{"user_ids":["{{{alice}}}"]}}""");
        Assert.Contains("still here", (await follower.ReadFrameAsync())!.Text, StringComparison.Ordinal);
        await using var late = await _server.ConnectAsync(LinkKind.TcpJson, Peers.NewUser(), "late");
        await late.PingAsync();
        Assert.Equal(4, counts["overload"]);
    }

    private sealed class Server : ServerFixture
    {
        public FixedLoad Load { get; } = new();

        protected override void Adapt(IServiceCollection services) => services.AddSingleton<ILoadState>(Load);
    }
}
