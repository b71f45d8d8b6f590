using System.Net;
using Xunit;

namespace Presence.Tests.Host.Http;

/// <summary>Where the page to try the server is, and where it is not.</summary>
public sealed class DemoPageTests
{
    [Fact]
    public async Task In_Development_the_root_leads_to_the_page()
    {
        await using var server = await StartedAsync();
        using var http = new HttpClient { BaseAddress = server.Fixture.Http };

        var page = await http.GetAsync("/");
        Assert.Equal("/demo/", page.RequestMessage!.RequestUri!.AbsolutePath);
        Assert.Equal("text/html", page.Content.Headers.ContentType!.MediaType);
        // A health check of a load balancer reads the head alone.
        Assert.True((await http.SendAsync(new HttpRequestMessage(HttpMethod.Head, "/"))).IsSuccessStatusCode);
    }

    [Theory]
    [InlineData("--Presence:Http:Demo=false")]
    [InlineData("--environment=Production", "--Presence:ServerKey=a server key of our own, long enough", "--Presence:Session:SigningKey=a signing key of our own, long enough")]
    public async Task Where_it_is_off_there_is_no_page(params string[] settings)
    {
        await using var server = await StartedAsync(settings);
        using var http = new HttpClient { BaseAddress = server.Fixture.Http };

        Assert.Equal(HttpStatusCode.NotFound, (await http.GetAsync("/demo/")).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await http.GetAsync("/demo/demo.js")).StatusCode);
        var root = await http.GetAsync("/");
        Assert.Equal((HttpStatusCode.OK, ""), (root.StatusCode, await root.Content.ReadAsStringAsync()));
    }

    private static async Task<Started> StartedAsync(params string[] settings)
    {
        var server = new Configured(settings);
        await server.InitializeAsync();
        return new Started(server);
    }

    private sealed class Configured(string[] settings) : ServerFixture
    {
        protected override IEnumerable<string> Settings => settings;
    }

    private sealed record Started(ServerFixture Fixture) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync() => await Fixture.DisposeAsync();
    }
}
