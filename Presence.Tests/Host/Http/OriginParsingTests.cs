using Presence.Host.Http;
using Presence.Tests.Host.Auth;
using Xunit;

namespace Presence.Tests.Host.Http;

/// <summary>Which origins are the same, and which may use the server (protocol difference 0.12).</summary>
[Trait("Clause", "0.12")]
public sealed class OriginParsingTests
{
    public static TheoryData<string, string, string, int> Known { get; } = new()
    {
        { "https://game.example", "https", "game.example", 443 },
        { "https://game.example:443", "https", "game.example", 443 },
        { "HTTPS://GAME.example", "https", "game.example", 443 },
        { "http://game.example", "http", "game.example", 80 },
        { "http://localhost:8080", "http", "localhost", 8080 },
        { "http://[::1]:8080", "http", "[::1]", 8080 },
        { "http://[0:0::1]", "http", "[::1]", 80 },
        { "https://münchen.example", "https", "xn--mnchen-3ya.example", 443 },
        { "capacitor://localhost", "capacitor", "localhost", -1 },
        { "Ionic://LocalHost", "ionic", "localhost", -1 },
        { "tauri://localhost", "tauri", "localhost", -1 },
        { "app-1.x+y://my_app:80", "app-1.x+y", "my_app", 80 },
        { "chrome-extension://abcdefghijklmnop", "chrome-extension", "abcdefghijklmnop", -1 },
        { "file://", "file", "", -1 },
        { "null", "null", "", -1 },
    };

    [Theory]
    [MemberData(nameof(Known))]
    public void An_origin_is_scheme_host_and_port_whatever_the_scheme(string text, string scheme, string host, int port)
    {
        Assert.True(Origin.TryParse(text, out var origin));
        Assert.Equal(new Origin(scheme, host, port), origin);
    }

    [Theory]
    [InlineData("")]
    [InlineData("*")]
    [InlineData("NULL")]
    [InlineData("game.example")]
    [InlineData("localhost:8080")]
    [InlineData("://game.example")]
    [InlineData("https://")]
    [InlineData("https:game.example")]
    [InlineData("https://game.example/")]
    [InlineData("https://game.example?x")]
    [InlineData("https://game.example#x")]
    [InlineData("https://game.example\\x")]
    [InlineData("https://user@game.example")]
    [InlineData("https://game.example:")]
    [InlineData("https://game.example:65536")]
    [InlineData("https://game.example:x")]
    [InlineData("https://*.example")]
    [InlineData("capacitor://*")]
    [InlineData("capacitor://")]
    [InlineData("capacitor://local host")]
    [InlineData(" https://game.example")]
    [InlineData("https://game.example ")]
    [InlineData("https://game.example, https://evil.example")]
    [InlineData("1a://localhost")]
    [InlineData("https://game%2eexample")]
    [InlineData("https://[::1")]
    [InlineData("file://x/y")]
    public void Anything_else_is_none(string text) => Assert.False(Origin.TryParse(text, out _));

    [Theory]
    // Those that are named, in each of their spellings.
    [InlineData("https://game.example", "node:7350", true)]
    [InlineData("https://game.example:443", "node:7350", true)]
    [InlineData("http://plain.example", "node:7350", true)]
    [InlineData("http://plain.example:80", "node:7350", true)]
    [InlineData("capacitor://localhost", "node:7350", true)]
    [InlineData("CAPACITOR://localhost", "node:7350", true)]
    // Others.
    [InlineData("http://game.example", "node:7350", false)]
    [InlineData("https://game.example:80", "node:7350", false)]
    [InlineData("https://game.example.evil.example", "node:7350", false)]
    [InlineData("ionic://localhost", "node:7350", false)]
    [InlineData("capacitor://localhost:1", "node:7350", false)]
    [InlineData("null", "node:7350", false)]
    [InlineData("file://", "node:7350", false)]
    [InlineData("nonsense", "node:7350", false)]
    // The server's own pages.
    [InlineData("http://node:7350", "node:7350", true)]
    [InlineData("http://NODE:7350", "node:7350", true)]
    [InlineData("https://node", "node", true)]
    [InlineData("https://node", "node:443", true)]
    [InlineData("http://node:80", "node", true)]
    [InlineData("https://node:80", "node:80", true)]
    [InlineData("http://[::1]:7350", "[::1]:7350", true)]
    [InlineData("http://node:7351", "node:7350", false)]
    [InlineData("http://node", "node:7350", false)]
    [InlineData("http://node", "node:443", false)]
    [InlineData("http://node.evil.example:7350", "node:7350", false)]
    [InlineData("capacitor://node:7350", "node:7350", false)]
    [InlineData("null", "null", false)]
    [InlineData("http://node", "user@node", false)]
    // Whoever sends no origin is no page.
    [InlineData(null, "node:7350", true)]
    [InlineData("", "node:7350", true)]
    [InlineData("https://game.example", null, true)]
    [InlineData("http://node", null, false)]
    public void Pages_of_named_origins_may_and_those_of_the_server_itself(string? origin, string? host, bool isAllowed) =>
        Assert.Equal(isAllowed, Allowed("https://game.example:443", "http://plain.example", "capacitor://localhost").Allows(origin, host));

    [Fact]
    public void A_page_without_an_origin_may_if_that_is_chosen()
    {
        Assert.True(Allowed("null").Allows("null", "node"));
        Assert.False(Allowed("null").Allows("file://", "node"));
        Assert.True(Allowed("file://").Allows("file://", "node"));
        Assert.True(Allowed().Allows("null", "node"));
    }

    [Fact]
    [Trait("Clause", "L3")]
    public void The_longest_header_is_looked_at_in_a_moment()
    {
        var origins = Allowed("https://a.example");
        Assert.False(origins.Allows("https://" + new string('a', 32 * 1024), "node"));
        Assert.False(origins.Allows(new string(':', 32 * 1024), "node"));
        Assert.False(origins.Allows("https://node", new string('[', 32 * 1024)));
    }

    private static AllowedOrigins Allowed(params string[] origins)
    {
        var options = TestOptions.With();
        options.Value.Limits.AllowedOrigins = origins;
        return new AllowedOrigins(options);
    }
}
