using System.Net;
using System.Text.RegularExpressions;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Presence.Tests.Build;
using Xunit;

namespace Presence.Tests.Host.Http;

/// <summary>Where the page to try the server is, and where it is not.</summary>
public sealed partial class DemoPageTests
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
        Assert.Contains(server.Logs.Entries, line => line.Contains($"A page to try it: http://127.0.0.1:{http.BaseAddress.Port}/demo/", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Each_link_of_the_page_to_a_document_leads_to_the_document_of_this_build()
    {
        await using var server = await StartedAsync();
        using var http = new HttpClient { BaseAddress = new Uri(server.Fixture.Http, "/demo/") };
        var links = Link().Matches(await http.GetStringAsync("")).Select(link => link.Groups["path"].Value).ToList();

        Assert.Superset(new HashSet<string> { "docs/protocol.md", "docs/guarantees.md" }, links.ToHashSet());
        foreach (var link in links)
        {
            var page = await http.GetAsync(link);
            Assert.Equal("text/plain", page.Content.Headers.ContentType?.MediaType);
            Assert.Equal(await File.ReadAllTextAsync(Path.Combine(Repository.Root, link)), await page.Content.ReadAsStringAsync());
        }
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
        Assert.Equal(HttpStatusCode.NotFound, (await http.GetAsync("/demo/docs/protocol.md")).StatusCode);
        var root = await http.GetAsync("/");
        Assert.Equal((HttpStatusCode.OK, ""), (root.StatusCode, await root.Content.ReadAsStringAsync()));
        Assert.Contains(server.Logs.Entries, line => line.Contains("Presence serves SDKs on", StringComparison.Ordinal));
        Assert.DoesNotContain(server.Logs.Entries, line => line.Contains("A page to try it", StringComparison.Ordinal));
    }

    private static async Task<Started> StartedAsync(params string[] settings)
    {
        var server = new Configured(settings);
        await server.InitializeAsync();
        return new Started(server, server.Logs);
    }

    [GeneratedRegex("href=\"(?<path>docs/[^\"]+)\"")]
    private static partial Regex Link();

    private sealed class Configured(string[] settings) : ServerFixture
    {
        public RecordedLogs Logs { get; } = new();

        protected override IEnumerable<string> Settings => ["--Logging:LogLevel:Presence.Host.Node=Information", .. settings];

        protected override void Adapt(IServiceCollection services) => services.AddSingleton<ILoggerProvider>(Logs);
    }

    private sealed record Started(ServerFixture Fixture, RecordedLogs Logs) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync() => await Fixture.DisposeAsync();
    }
}
