using System.Security.Cryptography;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Presence.Actors.Model;
using Presence.Host.Auth;
using Presence.Host.Configuration;
using Presence.Tests.Host.Http;
using Xunit;

namespace Presence.Tests.Host.Auth;

/// <summary>Tokens of identity providers, whose claims say in their own ways who the user is.</summary>
[Trait("Clause", "A1")]
public sealed class ClaimTests
{
    private const string Key = WellKnownKeys.Signing;

    private readonly FakeTimeProvider _time = new(Jwt.Now);

    private TokenValidator Validator(Action<SessionSettings>? change = null)
    {
        var options = TestOptions.With(change);
        return new(options, new Revocations(options, _time), _time, NullLogger<TokenValidator>.Instance);
    }

    /// <summary>Claims beside <c>exp</c>; the user id and the name that come of them.</summary>
    public static TheoryData<string, string, string?, string?> Who => new()
    {
        { "the claims of the SDKs", $$"""{"uid":"{{Jwt.Uid}}","usn":"alice","sub":"other","name":"Other"}""", Jwt.Uid, "alice" },
        { "those of OpenID", $$"""{"sub":"{{Jwt.Uid}}","preferred_username":"alice","name":"Alice Liddell"}""", Jwt.Uid, "alice" },
        { "a name alone", $$"""{"sub":"{{Jwt.Uid}}","name":"Alice Liddell"}""", Jwt.Uid, "Alice Liddell" },
        { "null before the name", $$"""{"uid":null,"sub":"{{Jwt.Uid}}","usn":null,"preferred_username":null,"name":"Alice"}""", Jwt.Uid, "Alice" },
        { "no name", $$"""{"sub":"{{Jwt.Uid}}"}""", Jwt.Uid, Jwt.Uid },
        // uuid.uuid5(uuid.uuid5(uuid.NAMESPACE_URL, iss), sub) in Python.
        { "Auth0", """{"iss":"https://example.eu.auth0.com/","sub":"auth0|507f1f77bcf86cd799439020"}""", "8a63a856-ab33-533a-b05c-6ab1b01a5e59", "auth0|507f1f77bcf86cd799439020" },
        { "Firebase", """{"iss":"https://securetoken.google.com/my-project","sub":"Jk4hT8bV2mQ6xZ0aYc3wE5rN7pL1"}""", "35bad43d-db60-5e70-ae0d-20478f27da37", "Jk4hT8bV2mQ6xZ0aYc3wE5rN7pL1" },
        { "no issuer", """{"sub":"alice"}""", "a361e778-6a38-5a95-9c68-234146626439", "alice" },
        { "an id that is no name", $$"""{"sub":"{{new string('x', 129)}}"}""", null, null },
        { "an id with a control character", """{"sub":"a\u0007"}""", null, null },
        { "an empty id", """{"sub":""}""", "", "" },
        { "an empty id before another", $$"""{"uid":"","sub":"{{Jwt.Uid}}"}""", "", "" },
        { "no id", """{"preferred_username":"alice"}""", "", "" },
        { "an empty name", $$"""{"sub":"{{Jwt.Uid}}","name":""}""", "", "" },
    };

    [Theory]
    [MemberData(nameof(Who))]
    public async Task The_first_claim_that_is_there_says_who_the_user_is(string what, string claims, string? user, string? name)
    {
        var identity = await Validator().BearerAsync(Jwt.Hmac($"{claims[..^1]},\"exp\":{Jwt.At(60)}}}", Key));

        if (user == "")
        {
            Assert.True(identity is null, $"accepted: {what}");
            return;
        }

        Assert.True(identity is not null, $"refused: {what}");
        Assert.Equal(name ?? identity.User.ToString(), identity.Username);
        Assert.Equal(user ?? identity.User.ToString(), identity.User.ToString());
        Assert.Contains(identity.User.Value.Version, (int[])[4, 5]);
    }

    [Fact]
    public async Task The_same_id_of_two_issuers_is_two_users_and_the_same_user_each_time()
    {
        var validator = Validator();
        async Task<UserId> Of(string claims) => (await validator.BearerAsync(Jwt.Hmac($"{claims[..^1]},\"exp\":{Jwt.At(60)}}}", Key)))!.User;

        Assert.Equal(await Of("""{"iss":"a","sub":"alice"}"""), await Of("""{"sub":"alice","iss":"a"}"""));
        Assert.NotEqual(await Of("""{"iss":"a","sub":"alice"}"""), await Of("""{"iss":"b","sub":"alice"}"""));
        Assert.NotEqual(await Of("""{"iss":"a","sub":"alice"}"""), await Of("""{"iss":"a","sub":"Alice"}"""));
    }

    [Theory]
    [InlineData("sub", "nick", "sid", """{"uid":"other","sub":"8f96bc43-7008-4d2a-8be1-1e73859b3033","usn":"other","nick":"alice","tid":"other","sid":"t1"}""")]
    [InlineData("user,sub", "https://game.example/name , nick", "sid,jti", """{"sub":"8f96bc43-7008-4d2a-8be1-1e73859b3033","https://game.example/name":"alice","jti":"t1"}""")]
    public async Task Other_claims_can_be_configured(string user, string name, string login, string claims)
    {
        var validator = Validator(session =>
        {
            session.AllowMinting = false;
            (session.Claims.UserId, session.Claims.Username, session.Claims.TokenId) = (user, name, login);
        });
        var identity = await validator.BearerAsync(Jwt.Hmac($"{claims[..^1]},\"exp\":{Jwt.At(60)}}}", Key));

        Assert.Equal((Jwt.Uid, "alice", "t1"), (identity?.User.ToString(), identity?.Username, identity?.TokenId));
    }

    /// <summary>The payloads of docs/configuration.md's examples, with what their configuration makes of them.</summary>
    public static TheoryData<string, string, string, string?, string, string> Providers => new()
    {
        {
            "Keycloak", "https://keycloak.example/realms/game", "presence", null,
            """
            {"exp":@exp,"iat":@iat,"jti":"onrtac:7d1c3c0e-7a4d-4d0a-9c0f-2f1a6b6f7a11","iss":"https://keycloak.example/realms/game","aud":["presence","account"],
             "sub":"8f96bc43-7008-4d2a-8be1-1e73859b3033","typ":"Bearer","azp":"game","sid":"5c0a6f4e","acr":"1","realm_access":{"roles":["offline_access"]},
             "scope":"openid profile","email_verified":true,"name":"Alice Liddell","preferred_username":"alice","given_name":"Alice"}
            """,
            "8f96bc43-7008-4d2a-8be1-1e73859b3033 alice onrtac:7d1c3c0e-7a4d-4d0a-9c0f-2f1a6b6f7a11"
        },
        {
            "Firebase", "https://securetoken.google.com/my-project", "my-project", null,
            """
            {"name":"Alice Liddell","picture":"https://x.example/p.png","iss":"https://securetoken.google.com/my-project","aud":"my-project","auth_time":@iat,
             "user_id":"Jk4hT8bV2mQ6xZ0aYc3wE5rN7pL1","sub":"Jk4hT8bV2mQ6xZ0aYc3wE5rN7pL1","iat":@iat,"exp":@exp,"firebase":{"identities":{},"sign_in_provider":"anonymous"}}
            """,
            "35bad43d-db60-5e70-ae0d-20478f27da37 Alice Liddell #"
        },
        {
            "Auth0", "https://example.eu.auth0.com/", "https://presence.example", "https://presence.example/username,name",
            """
            {"https://presence.example/username":"alice","iss":"https://example.eu.auth0.com/","sub":"auth0|507f1f77bcf86cd799439020",
             "aud":["https://presence.example","https://example.eu.auth0.com/userinfo"],"iat":@iat,"exp":@exp,"scope":"openid profile","azp":"x"}
            """,
            "8a63a856-ab33-533a-b05c-6ab1b01a5e59 alice #"
        },
    };

    [Theory]
    [MemberData(nameof(Providers))]
    public async Task The_providers_of_the_documentation_work_as_it_says(string provider, string issuer, string audience, string? username, string payload, string who)
    {
        using var key = RSA.Create(2048);
        await using var local = await LocalIssuer.StartAsync(issuer);
        local.Publish(LocalIssuer.Key(key, "k1"));
        using var validator = Validator(session =>
        {
            (session.SigningKey, session.AllowMinting) = (null, false);
            (session.Authority, session.Audience) = (local.Url, audience);
            session.Claims.Username = username ?? session.Claims.Username;
        });
        string Token(string text) => Jwt.Rsa(
            text.Replace("@exp", Jwt.At(3600), StringComparison.Ordinal).Replace("@iat", Jwt.At(0), StringComparison.Ordinal), key, """{"alg":"RS256","kid":"k1","typ":"JWT"}""");
        var identity = await validator.BearerAsync(Token(payload));

        Assert.True(identity is not null, $"refused: {provider}");
        Assert.StartsWith(who, $"{identity.User} {identity.Username} {identity.TokenId}", StringComparison.Ordinal);
        Assert.Null(await validator.BearerAsync(Token(payload.Replace(issuer, "https://mallory.example", StringComparison.Ordinal))));
        Assert.Null(await validator.BearerAsync(Token(payload.Replace($"\"{audience}\"", "\"other\"", StringComparison.Ordinal))));
    }

    [Fact]
    public async Task Users_are_looked_up_by_the_ids_of_the_callers_own_issuer()
    {
        await using var host = await ApiHost.StartAsync();
        var token = Jwt.Hmac($$"""{"iss":"https://issuer.example","sub":"alice@1","name":"Alice","exp":{{Jwt.At(60)}}}""", Key);
        var user = NamedUser.Of("https://issuer.example", "alice@1");

        var answer = await host.SendAsync("GET", "/v2/user?ids=alice%401", $"Bearer {token}");
        Assert.Equal(200, answer.Status);
        Assert.Equal(user.ToString(), answer.Json.GetProperty("users")[0].GetProperty("id").GetString());
        Assert.Equal("Alice", answer.Json.GetProperty("users")[0].GetProperty("username").GetString());
        Assert.Equal(user.ToString(), (await host.SendAsync("GET", "/v2/account", $"Bearer {token}")).Json.GetProperty("user").GetProperty("id").GetString());
        Assert.Equal((400, 3), (await host.SendAsync("GET", "/v2/user?ids=", $"Bearer {token}")).Error);
        // For a caller whose own id is a UUID such a text is a malformed id.
        Assert.Equal((400, 3), (await host.SendAsync("GET", "/v2/user?ids=alice%401", $"Bearer {Jwt.Hmac(Jwt.Payload(), Key)}")).Error);
    }
}
