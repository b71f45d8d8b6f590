using System.Net;
using Akka.Actor;
using Akka.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Presence.Actors.Relays;
using Presence.Host.Node;
using Xunit;

namespace Presence.Tests.Host.Health;

/// <summary>What supervisors and load balancers are told (contract C5).</summary>
[Trait("Clause", "C5")]
public sealed class HealthTests
{
    [Fact]
    public async Task A_node_that_serves_is_alive_and_ready()
    {
        await using var server = await Running.StartAsync();
        Assert.Equal((HttpStatusCode.OK, """{"status":"ok"}"""), await server.AskAsync("/health/live"));
        Assert.Equal((HttpStatusCode.OK, """{"status":"ok","load":"calm"}"""), await server.AskAsync("/health/ready"));
    }

    [Fact]
    public async Task A_node_that_stops_is_alive_and_not_ready()
    {
        await using var server = await Running.StartAsync();
        Assert.True(server.Services.GetRequiredService<NodeLife>().TryEnter(NodePhase.Stopping));
        Assert.Equal((HttpStatusCode.OK, """{"status":"ok"}"""), await server.AskAsync("/health/live"));
        Assert.Equal(
            (HttpStatusCode.ServiceUnavailable, """{"status":"unavailable","load":"calm","faults":{"life":"The node is stopping."}}"""),
            await server.AskAsync("/health/ready"));
    }

    [Fact]
    public async Task A_node_without_its_relays_is_not_ready()
    {
        await using var server = await Running.StartAsync();
        Assert.Equal(HttpStatusCode.OK, (await server.AskAsync("/health/ready")).Status);
        await server.Services.GetRequiredService<IReadOnlyActorRegistry>().Get<RelayPool>().GracefulStop(TimeSpan.FromSeconds(10));
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        (HttpStatusCode Status, string Body) answer;
        while ((answer = await server.AskAsync("/health/ready")).Status == HttpStatusCode.OK)
            await Task.Delay(10, patience.Token);
        Assert.Equal(
            (HttpStatusCode.ServiceUnavailable, """{"status":"unavailable","load":"calm","faults":{"actors":"The relays or the homes of the node have ended."}}"""),
            answer);
    }

    private sealed class Running : IAsyncDisposable
    {
        private readonly ServerFixture _server = new();
        private readonly HttpClient _client = new();

        public IServiceProvider Services => _server.Services;

        public static async Task<Running> StartAsync()
        {
            var running = new Running();
            await running._server.InitializeAsync();
            return running;
        }

        public async Task<(HttpStatusCode Status, string Body)> AskAsync(string path)
        {
            using var answer = await _client.GetAsync(new Uri(_server.Http, path));
            Assert.Equal("application/json", answer.Content.Headers.ContentType?.ToString());
            return (answer.StatusCode, await answer.Content.ReadAsStringAsync());
        }

        public async ValueTask DisposeAsync()
        {
            _client.Dispose();
            await _server.DisposeAsync();
        }
    }
}
