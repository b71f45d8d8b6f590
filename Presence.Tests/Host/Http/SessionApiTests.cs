using Microsoft.Extensions.DependencyInjection;
using Presence.Host.Auth;
using Presence.Tests.Host.Auth;
using Xunit;

namespace Presence.Tests.Host.Http;

/// <summary>How a session goes on and how it ends (protocol section D4, difference 0.11).</summary>
[Trait("Clause", "A1")]
public sealed class SessionApiTests : IAsyncLifetime
{
    private ApiHost _host = null!;

    public async Task InitializeAsync() => _host = await ApiHost.StartAsync();

    public async Task DisposeAsync() => await _host.DisposeAsync();

    private Task<Answer> Refresh(string refresh, string vars = "{}") =>
        _host.PostAsync("/v2/account/session/refresh", ApiHost.ServerKey, $$"""{"token":"{{refresh}}","vars":{{vars}}}""");

    private Task<Answer> Logout(string token, string body) => _host.PostAsync("/v2/session/logout", $"Bearer {token}", body);

    private async Task<bool> IsIn(string token) => (await _host.SendAsync("GET", "/v2/account", $"Bearer {token}")).Status == 200;

    [Fact]
    public async Task A_refresh_keeps_the_login_and_renews_its_time()
    {
        var (token, refresh) = await _host.LoginAsync(query: "username=alice", vars: """{"k":"v"}""");
        _host.Time.Advance(TimeSpan.FromHours(25));
        Assert.False(await IsIn(token));
        var answer = await Refresh(refresh);

        Assert.Equal(200, answer.Status);
        Assert.False(answer.Json.TryGetProperty("created", out _));
        var renewed = answer.Json.GetProperty("token").GetString()!;
        Assert.True(await IsIn(renewed));
        var (before, after) = (Jwt.ClaimsOf(token), Jwt.ClaimsOf(renewed));
        foreach (var claim in (string[])["tid", "uid", "usn", "vrs", "iat"])
            Assert.Equal(before.GetProperty(claim).GetRawText(), after.GetProperty(claim).GetRawText());
        Assert.Equal(before.GetProperty("exp").GetInt64() + (25 * 3600), after.GetProperty("exp").GetInt64());
    }

    [Fact]
    public async Task A_refresh_token_may_be_used_again_and_passes_its_vars_on_unless_given_others()
    {
        var (_, refresh) = await _host.LoginAsync(vars: """{"k":"v"}""");
        var first = (await Refresh(refresh, """{"k2":"v2"}""")).Json.GetProperty("token").GetString()!;
        var second = (await Refresh(refresh)).Json.GetProperty("token").GetString()!;

        Assert.Equal("""{"k2":"v2"}""", Jwt.ClaimsOf(first).GetProperty("vrs").GetRawText());
        Assert.Equal("""{"k":"v"}""", Jwt.ClaimsOf(second).GetProperty("vrs").GetRawText());
    }

    [Theory]
    [InlineData("""{"token":"$token","refresh_token":"$refresh"}""")]
    [InlineData("""{"token":"$token","refreshToken":"$refresh"}""")]
    [InlineData("""{"token":"$token"}""")]
    [InlineData("""{"refresh_token":"$refresh","token":""}""")]
    [InlineData("""{}""")]
    [InlineData("""{"token":null,"refresh_token":null}""")]
    [InlineData("")]
    public async Task A_logout_ends_the_login(string body)
    {
        var (token, refresh) = await _host.LoginAsync();
        var answer = await Logout(token, body
            .Replace("$token", token, StringComparison.Ordinal)
            .Replace("$refresh", refresh, StringComparison.Ordinal));

        Assert.Equal((200, "{}"), (answer.Status, answer.Body));
        Assert.False(await IsIn(token));
        Assert.Equal((401, 16), (await Refresh(refresh)).Error);
        Assert.Equal((401, 16), (await Logout(token, "{}")).Error);
    }

    [Fact]
    public async Task A_logout_of_one_login_leaves_the_others()
    {
        var (one, _) = await _host.LoginAsync();
        var (other, otherRefresh) = await _host.LoginAsync();
        await Logout(one, $$"""{"token":"{{one}}"}""");

        Assert.False(await IsIn(one));
        Assert.True(await IsIn(other));
        Assert.Equal(200, (await Refresh(otherRefresh)).Status);
    }

    [Fact]
    public async Task A_logout_may_end_another_login_of_the_same_user()
    {
        var (one, _) = await _host.LoginAsync();
        var (other, _) = await _host.LoginAsync();
        await Logout(one, $$"""{"token":"{{other}}"}""");

        Assert.True(await IsIn(one));
        Assert.False(await IsIn(other));
    }

    [Fact]
    public async Task A_logout_that_is_refused_ends_nothing()
    {
        var (token, refresh) = await _host.LoginAsync();
        Assert.Equal((400, 3), (await Logout(token, $$"""{"token":"{{token}}","refresh_token":"{{token}}"}""")).Error);

        Assert.True(await IsIn(token));
        Assert.Equal(200, (await Refresh(refresh)).Status);
    }

    [Fact]
    public async Task A_logout_from_everywhere_spares_others_and_who_comes_back_in_the_same_second()
    {
        var (first, _) = await _host.LoginAsync();
        var (second, secondRefresh) = await _host.LoginAsync();
        var (bob, _) = await _host.LoginAsync("the-device-of-bob");
        await Logout(first, "{}");
        var (back, backRefresh) = await _host.LoginAsync();

        Assert.False(await IsIn(first));
        Assert.False(await IsIn(second));
        Assert.Equal((401, 16), (await Refresh(secondRefresh)).Error);
        Assert.True(await IsIn(bob));
        Assert.True(await IsIn(back));
        Assert.Equal(200, (await Refresh(backRefresh)).Status);

        await Logout(back, "{}");
        Assert.False(await IsIn(back));
        Assert.True(await IsIn((await _host.LoginAsync()).Token));
    }

    [Fact]
    public async Task Whoever_keeps_links_open_is_told_of_a_logout()
    {
        var told = new List<Revocation>();
        _host.Services.GetRequiredService<Revocations>().Revoked += told.Add;
        var (token, refresh) = await _host.LoginAsync();
        await Logout(token, $$"""{"token":"{{token}}","refresh_token":"{{refresh}}"}""");

        var login = Assert.IsType<Revocation.OfLogin>(Assert.Single(told));
        Assert.Equal(Jwt.ClaimsOf(token).GetProperty("tid").GetString(), login.TokenId);
    }

    [Theory]
    [Trait("Clause", "L4")]
    [InlineData("Presence:Limits:Revocations", 503, 14)]
    [InlineData("Presence:Limits:RevocationsPerUser", 429, 8)]
    public async Task A_logout_beyond_the_bound_is_refused_clearly_and_revokes_nothing(string setting, int status, int code)
    {
        await using var host = await ApiHost.StartAsync((setting, "1"));
        var (one, other) = ((await host.LoginAsync()).Token, (await host.LoginAsync()).Token);
        Task<Answer> Logout(string token) => host.PostAsync("/v2/session/logout", $"Bearer {token}", $$"""{"token":"{{token}}"}""");
        Assert.Equal(200, (await Logout(one)).Status);

        var refused = await Logout(other);

        Assert.Equal((status, code), (refused.Status, refused.Error.Code));
        Assert.Equal(TimeSpan.FromSeconds(60), refused.Headers.RetryAfter?.Delta);
        Assert.Equal(200, (await host.SendAsync("GET", "/v2/account", $"Bearer {other}")).Status);
        Assert.Equal(401, (await host.SendAsync("GET", "/v2/account", $"Bearer {one}")).Status);
    }
}
