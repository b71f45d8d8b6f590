using Presence.Tests.Host.Auth;
using Xunit;

namespace Presence.Tests.Host.Http;

[Trait("Clause", "A3")]
public sealed class MintingTests
{
    private static readonly (string Key, string Value)[] Keys =
    [
        ("Presence:ServerKey", "our server key"), ("Presence:Session:SigningKey", "our signing key of at least 32 bytes"),
        ("Presence:Session:RefreshSigningKey", "our refresh key of at least 32 bytes"),
    ];

    [Theory]
    [InlineData("/v2/account/authenticate/device", """{"id":"device-0123456789"}""")]
    [InlineData("/v2/account/authenticate/custom", """{"id":"custom-1"}""")]
    [InlineData("/v2/account/session/refresh", """{"token":"x"}""")]
    public async Task Production_mints_nothing_and_says_so_to_those_who_may_ask(string path, string body)
    {
        await using var host = await ApiHost.StartAsync("Production", null, Keys);
        var refused = await host.PostAsync(path, ApiHost.Basic("our server key:"), body);

        Assert.Equal((403, 7), refused.Error);
        Assert.Contains("mints no tokens", refused.Body, StringComparison.Ordinal);
        Assert.Equal((401, 16), (await host.PostAsync(path, ApiHost.ServerKey, body)).Error);
    }

    [Fact]
    public async Task Production_still_takes_the_tokens_of_its_issuer_and_lets_them_be_revoked()
    {
        await using var host = await ApiHost.StartAsync("Production", null, Keys);
        var token = $"Bearer {Jwt.Hmac(Jwt.Payload(), "our signing key of at least 32 bytes")}";

        Assert.Equal(200, (await host.SendAsync("GET", "/v2/account", token)).Status);
        Assert.Equal(401, (await host.SendAsync("GET", "/v2/account", $"Bearer {Jwt.Hmac(Jwt.Payload(), "defaultencryptionkey")}")).Status);
        Assert.Equal(200, (await host.PostAsync("/v2/session/logout", token, "{}")).Status);
        Assert.Equal(401, (await host.SendAsync("GET", "/v2/account", token)).Status);
    }

    [Fact]
    public async Task Production_mints_where_it_is_allowed()
    {
        await using var host = await ApiHost.StartAsync("Production", null, [.. Keys, ("Presence:Session:AllowMinting", "true")]);
        var answer = await host.PostAsync("/v2/account/authenticate/custom", ApiHost.Basic("our server key:"), """{"id":"custom-1"}""");

        Assert.Equal(200, answer.Status);
        var token = answer.Json.GetProperty("token").GetString()!;
        Assert.Equal(Jwt.Hmac(Jwt.PayloadOf(token), "our signing key of at least 32 bytes"), token);
    }

    [Fact]
    public async Task Development_mints_unless_told_otherwise()
    {
        await using var host = await ApiHost.StartAsync(("Presence:Session:AllowMinting", "false"));

        Assert.Equal((403, 7), (await host.PostAsync("/v2/account/authenticate/custom", ApiHost.ServerKey, """{"id":"custom-1"}""")).Error);
    }
}
