using Presence.Actors.Model;
using Presence.Tests.Host.Auth;
using Xunit;

namespace Presence.Tests.Host.Http;

/// <summary>What the endpoints answer when all is well (protocol section D4).</summary>
[Trait("Clause", "A3")]
public sealed class AccountApiTests : IAsyncLifetime
{
    private ApiHost _host = null!;

    public async Task InitializeAsync() => _host = await ApiHost.StartAsync();

    public async Task DisposeAsync() => await _host.DisposeAsync();

    private Task<Answer> SignIn(string kind, string body, string query = "") =>
        _host.PostAsync($"/v2/account/authenticate/{kind}{query}", ApiHost.ServerKey, body);

    private Task<Answer> Get(string path, string token) => _host.SendAsync("GET", path, $"Bearer {token}");

    private static string Claim(string token, string name) => Jwt.ClaimsOf(token).GetProperty(name).ToString();

    [Fact]
    public async Task Whoever_asks_is_told_that_the_server_is_there()
    {
        var health = await _host.SendAsync("GET", "/healthcheck");
        Assert.Equal((200, "{}", "application/json"), (health.Status, health.Body, health.ContentType));

        var root = await _host.SendAsync("GET", "/");
        Assert.Equal((200, ""), (root.Status, root.Body));
    }

    [Theory]
    [InlineData("device")]
    [InlineData("custom")]
    public async Task Signing_in_makes_an_account_once(string kind)
    {
        var first = await SignIn(kind, """{"id":"somebody-or-other"}""");
        var second = await SignIn(kind, """{"id":"somebody-or-other"}""");

        Assert.Equal(200, first.Status);
        Assert.True(first.Json.GetProperty("created").GetBoolean());
        Assert.False(second.Json.TryGetProperty("created", out _));
        Assert.Equal(Claim(Token(first), "uid"), Claim(Token(second), "uid"));
        Assert.Equal(Claim(Token(first), "usn"), Claim(Token(second), "usn"));
        Assert.NotEqual(Claim(Token(first), "tid"), Claim(Token(second), "tid"));
        Assert.True(first.Headers.CacheControl!.NoStore, "an answer with tokens may be stored");
    }

    [Fact]
    public async Task The_same_id_is_the_same_user_after_a_restart_and_on_every_node()
    {
        await using var other = await ApiHost.StartAsync();
        var (here, there) = (await _host.LoginAsync(), await other.LoginAsync());

        Assert.Equal(Claim(here.Token, "uid"), Claim(there.Token, "uid"));
        Assert.Equal(Claim(here.Token, "usn"), Claim(there.Token, "usn"));
        Assert.Matches("^[a-zA-Z]{10}$", Claim(here.Token, "usn"));
        Assert.Equal(8, Guid.Parse(Claim(here.Token, "uid")).Version);
    }

    [Fact]
    public async Task A_device_and_a_custom_id_of_the_same_text_are_two_users()
    {
        var device = await SignIn("device", """{"id":"somebody-or-other"}""");
        var custom = await SignIn("custom", """{"id":"somebody-or-other"}""");

        Assert.NotEqual(Claim(Token(device), "uid"), Claim(Token(custom), "uid"));
    }

    [Theory]
    [InlineData("device", 10)]
    [InlineData("device", 128)]
    [InlineData("custom", 6)]
    [InlineData("custom", 128)]
    public async Task Ids_may_be_as_long_as_they_may_be(string kind, int length)
    {
        Assert.Equal(200, (await SignIn(kind, $$"""{"id":"{{new string('x', length)}}"}""")).Status);
    }

    [Theory]
    [InlineData("", true)]
    [InlineData("?", true)]
    [InlineData("?create=true&", true)]
    [InlineData("?create=1", true)]
    [InlineData("?create=t", true)]
    [InlineData("?create=T", true)]
    [InlineData("?create=TRUE", true)]
    [InlineData("?create=True", true)]
    [InlineData("?create=0", false)]
    [InlineData("?create=f", false)]
    [InlineData("?create=F", false)]
    [InlineData("?create=false&", false)]
    [InlineData("?create=FALSE", false)]
    [InlineData("?create=False&username=x", false)]
    public async Task Create_is_spelt_in_many_ways(string query, bool created)
    {
        var answer = await SignIn("custom", """{"id":"newcomer"}""", query);

        Assert.Equal(created ? 200 : 404, answer.Status);
        if (!created)
        {
            Assert.Equal(200, (await SignIn("custom", """{"id":"newcomer"}""")).Status);
            Assert.Equal(200, (await SignIn("custom", """{"id":"newcomer"}""", query)).Status);
        }
    }

    [Theory]
    [InlineData("application/json")]
    [InlineData("text/plain")]
    [InlineData("application/x-www-form-urlencoded")]
    [InlineData(null)]
    public async Task A_body_is_read_whatever_it_calls_itself(string? type)
    {
        using var body = ApiHost.Json("""{"id":"somebody-or-other","unknown":[1,{"id":2}]}""")!;
        if (type is not null)
            body.Headers.TryAddWithoutValidation("Content-Type", type);

        Assert.Equal(200, (await _host.SendAsync("POST", "/v2/account/authenticate/device?unknown=1", ApiHost.ServerKey, body)).Status);
    }

    [Theory]
    [InlineData("defaultkey:")]
    [InlineData("defaultkey:anything:at:all")]
    public async Task What_stands_for_a_password_is_ignored(string credentials)
    {
        Assert.Equal(200, (await _host.PostAsync("/v2/account/authenticate/custom", ApiHost.Basic(credentials), """{"id":"custom-1"}""")).Status);
    }

    [Fact]
    public async Task A_username_is_taken_by_the_first_who_brings_it_and_kept()
    {
        var alice = await SignIn("custom", """{"id":"alice-id"}""", "?username=Alice%20%F0%9F%98%80");
        Assert.Equal("Alice 😀", Claim(Token(alice), "usn"));

        var other = await SignIn("custom", """{"id":"other-id"}""", "?username=Alice%20%F0%9F%98%80");
        Assert.Equal((409, 6), other.Error);
        Assert.Equal(200, (await SignIn("custom", """{"id":"other-id"}""", "?username=alice%20%F0%9F%98%80")).Status);

        var again = await SignIn("custom", """{"id":"alice-id"}""", "?username=Somebody");
        Assert.Equal("Alice 😀", Claim(Token(again), "usn"));
    }

    [Fact]
    public async Task A_name_that_would_be_made_up_may_be_taken_already()
    {
        await using var elsewhere = await ApiHost.StartAsync();
        var madeUp = Claim((await elsewhere.LoginAsync()).Token, "usn");
        await SignIn("custom", """{"id":"custom-1"}""", $"?username={madeUp}");

        var (token, _) = await _host.LoginAsync();
        Assert.Matches("^[a-zA-Z]{10}$", Claim(token, "usn"));
        Assert.NotEqual(madeUp, Claim(token, "usn"));
    }

    [Fact]
    public async Task Vars_go_into_both_tokens()
    {
        var (token, refresh) = await _host.LoginAsync(vars: """{"b":"2","a":"1 <é>"}""");

        Assert.Equal("""{"a":"1 <é>","b":"2"}""", Claim(token, "vrs"));
        Assert.Equal("""{"a":"1 <é>","b":"2"}""", Claim(refresh, "vrs"));
    }

    [Fact]
    public async Task An_account_says_who_one_is()
    {
        var (token, _) = await _host.LoginAsync(query: "username=alice");
        var (uid, created) = (Claim(token, "uid"), "2026-11-24T12:00:00Z");
        var account = await Get("/v2/account", token);

        Assert.Equal(200, account.Status);
        Assert.Equal(
            $$$"""{"user":{"id":"{{{uid}}}","username":"alice","create_time":"{{{created}}}","update_time":"{{{created}}}","lang_tag":"en","metadata":"{}"},"devices":[{"id":"{{{ApiHost.Device}}}"}],"wallet":"{}"}""",
            account.Body);
    }

    [Fact]
    public async Task A_custom_account_says_its_custom_id()
    {
        var token = Token(await SignIn("custom", """{"id":"custom-1"}"""));
        var account = (await Get("/v2/account", token)).Json;

        Assert.Equal("custom-1", account.GetProperty("custom_id").GetString());
        Assert.False(account.TryGetProperty("devices", out _));
    }

    [Fact]
    public async Task A_token_of_another_issuer_is_account_enough()
    {
        var token = Jwt.Hmac(Jwt.Payload(), "defaultencryptionkey");
        var account = await Get("/v2/account", token);

        Assert.Equal($$$"""{"user":{"id":"{{{Jwt.Uid}}}","username":"alice","lang_tag":"en","metadata":"{}"},"wallet":"{}"}""", account.Body);
    }

    [Fact]
    public async Task Online_is_said_of_those_who_show_a_status_even_an_empty_one()
    {
        var (token, _) = await _host.LoginAsync();
        var user = new UserId(Guid.Parse(Claim(token, "uid")));
        Assert.False((await Get("/v2/account", token)).Json.GetProperty("user").TryGetProperty("online", out _));

        _host.Lookup.Show(user, "somebody", "");
        Assert.True((await Get("/v2/account", token)).Json.GetProperty("user").GetProperty("online").GetBoolean());
        Assert.True((await Get($"/v2/user?ids={user}", token)).Json.GetProperty("users")[0].GetProperty("online").GetBoolean());
    }

    [Fact]
    public async Task Users_are_found_by_id_and_by_name_once_each()
    {
        var (token, _) = await _host.LoginAsync(query: "username=caller");
        var caller = Claim(token, "uid");
        var minted = Claim((await _host.LoginAsync("another-device", "username=minted")).Token, "uid");
        var visible = new UserId(Guid.NewGuid());
        _host.Lookup.Show(visible, "visible");
        var hidden = new UserId(Guid.NewGuid());
        _host.Lookup.Holders["hidden"] = [hidden];
        var unknown = Guid.NewGuid();

        var answer = await Get(
            $"/v2/user?ids={caller}&ids={minted.ToUpperInvariant()}&ids={{{visible}}}&ids={unknown}&ids={visible}"
            + "&usernames=minted&usernames=hidden&usernames=visible&usernames=hidden&usernames=nobody&usernames=&facebook_ids=1",
            token);

        var users = answer.Json.GetProperty("users").EnumerateArray()
            .ToDictionary(user => user.GetProperty("id").GetString()!, user => (user.GetProperty("username").GetString(), user.TryGetProperty("online", out _)));
        Assert.Equal(4, users.Count);
        Assert.Equal(("caller", false), users[caller]);
        Assert.Equal(("minted", false), users[minted]);
        Assert.Equal(("visible", true), users[visible.ToString()]);
        Assert.Equal(("hidden", false), users[hidden.ToString()]);
    }

    [Theory]
    [InlineData("")]
    [InlineData("?")]
    [InlineData("?ids=00000000-0000-4000-8000-00000000000f")]
    [InlineData("?usernames=nobody")]
    public async Task Nobody_is_an_empty_answer(string query)
    {
        var (token, _) = await _host.LoginAsync();
        var answer = await Get($"/v2/user{query}", token);

        Assert.Equal((200, "{}"), (answer.Status, answer.Body));
    }

    private static string Token(Answer answer) => answer.Json.GetProperty("token").GetString()!;
}
