using Microsoft.Extensions.DependencyInjection;
using Presence.Host.Http;
using Xunit;

namespace Presence.Tests.Host.Http;

/// <summary>What a browser is told (protocol section D6, difference 0.12).</summary>
[Trait("Clause", "A1")]
public sealed class CorsTests
{
    private const string Page = "https://game.example";

    private static string? Header(Answer answer, string name) =>
        answer.Headers.TryGetValues(name, out var values) ? string.Join(", ", values) : null;

    [Theory]
    [InlineData("GET", "/healthcheck", 200)]
    [InlineData("GET", "/v2/account", 401)]
    [InlineData("GET", "/nothing", 404)]
    [InlineData("POST", "/healthcheck", 501)]
    public async Task Every_page_may_read_every_answer(string method, string path, int status)
    {
        await using var host = await ApiHost.StartAsync();
        var answer = await host.SendAsync(method, path, headers: ("Origin", "null"));

        Assert.Equal(status, answer.Status);
        Assert.Equal("*", Header(answer, "Access-Control-Allow-Origin"));
        Assert.Null(Header(answer, "Access-Control-Allow-Credentials"));
    }

    [Theory]
    [InlineData("/v2/account", "GET")]
    [InlineData("/v2/account/authenticate/device", "POST")]
    [InlineData("/v2/account", "PUT")]
    [InlineData("/v2/storage", "DELETE")]
    [InlineData("/nothing", "GET")]
    public async Task A_browser_that_asks_first_is_told_yes(string path, string method)
    {
        await using var host = await ApiHost.StartAsync();
        var answer = await host.SendAsync("OPTIONS", path, null, null,
            ("Origin", Page), ("Access-Control-Request-Method", method), ("Access-Control-Request-Headers", "authorization,content-type"));

        Assert.Equal((200, ""), (answer.Status, answer.Body));
        Assert.Equal("*", Header(answer, "Access-Control-Allow-Origin"));
        Assert.Equal("authorization,content-type", Header(answer, "Access-Control-Allow-Headers"));
        Assert.Equal(method, Header(answer, "Access-Control-Allow-Methods"));
    }

    [Fact]
    public async Task Options_asked_for_plainly_are_an_empty_answer()
    {
        await using var host = await ApiHost.StartAsync();
        var answer = await host.SendAsync("OPTIONS", "/v2/account");

        Assert.Equal((200, ""), (answer.Status, answer.Body));
        Assert.Null(Header(answer, "Access-Control-Allow-Origin"));
    }

    [Fact]
    public async Task An_answer_to_no_page_says_nothing_of_pages()
    {
        await using var host = await ApiHost.StartAsync();

        Assert.Null(Header(await host.SendAsync("GET", "/healthcheck"), "Access-Control-Allow-Origin"));
    }

    [Theory]
    [InlineData("https://game.example", true)]
    [InlineData("HTTPS://GAME.EXAMPLE", true)]
    [InlineData("http://localhost:8080", true)]
    [InlineData("https://game.example:443", true)]
    [InlineData("capacitor://localhost", true)]
    [InlineData("http://game.example", false)]
    [InlineData("https://game.example:8443", false)]
    [InlineData("https://game.example.evil.example", false)]
    [InlineData("null", false)]
    public async Task Only_the_pages_of_configured_origins_are_told_yes(string origin, bool allowed)
    {
        await using var host = await ApiHost.StartAsync(
            ("Presence:Limits:AllowedOrigins:0", Page), ("Presence:Limits:AllowedOrigins:1", "http://localhost:8080"),
            ("Presence:Limits:AllowedOrigins:2", "capacitor://localhost"));
        var answer = await host.SendAsync("GET", "/healthcheck", headers: ("Origin", origin));
        var preflight = await host.SendAsync("OPTIONS", "/v2/account", null, null,
            ("Origin", origin), ("Access-Control-Request-Method", "GET"), ("Access-Control-Request-Headers", "authorization"));

        Assert.Equal(allowed ? origin : null, Header(answer, "Access-Control-Allow-Origin"));
        Assert.Equal(allowed ? origin : null, Header(preflight, "Access-Control-Allow-Origin"));
        Assert.Equal(allowed, host.Services.GetRequiredService<AllowedOrigins>().Allows(origin, "other.example"));
    }

    [Theory]
    [InlineData("http://here.example:7350", true)]
    [InlineData("https://here.example:7350", true)]
    [InlineData("http://here.example", false)]
    public async Task A_page_of_the_server_itself_is_told_yes(string origin, bool allowed)
    {
        await using var host = await ApiHost.StartAsync(("Presence:Limits:AllowedOrigins:0", Page));
        var answer = await host.SendAsync("GET", "/healthcheck", headers: [("Origin", origin), ("Host", "here.example:7350")]);

        Assert.Equal(allowed ? origin : null, Header(answer, "Access-Control-Allow-Origin"));
    }

    [Fact]
    public async Task Who_is_no_page_may_come_from_anywhere()
    {
        await using var host = await ApiHost.StartAsync(("Presence:Limits:AllowedOrigins:0", Page));
        var origins = host.Services.GetRequiredService<AllowedOrigins>();

        Assert.True(origins.Allows(null, "here.example"));
        Assert.True(origins.Allows("", "here.example"));
        Assert.Equal(200, (await host.SendAsync("GET", "/healthcheck")).Status);
    }
}
