using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Presence.Tests.Host;
using Xunit;
using static Microsoft.Playwright.Assertions;

namespace Presence.Tests.Browser;

[Collection(BrowserCollection.Name)]
public sealed class SignInTests(ServerFixture server, Chromium chromium, SignInTests.NoMinting noMinting) : IClassFixture<SignInTests.NoMinting>
{
    [SkippableFact]
    [Trait("Clause", "A5")]
    public async Task A_wrong_server_key_is_said_and_can_be_put_right()
    {
        await using var stage = await Stage.OpenAsync(chromium, server.Http);
        var tab = await stage.OpenTabAsync($"?name={stage.Name("alice")}");
        await tab.Page.GetByText("Server key or session token").ClickAsync();
        var key = tab.Page.GetByLabel("Server key", new() { Exact = true });
        await key.FillAsync("another key, ä");
        await tab.Button("Connect").ClickAsync();

        await Expect(tab.Fault).ToContainTextAsync("another server key");
        await Expect(key).ToBeFocusedAsync();
        await Expect(tab.State).ToHaveTextAsync("Not connected");

        await key.FillAsync("defaultkey");
        await tab.ConnectAsync();
        await Expect(tab.Fault).ToBeHiddenAsync();
    }

    [SkippableFact]
    [Trait("Clause", "A1")]
    public async Task A_server_that_mints_no_tokens_is_used_with_a_token_from_elsewhere()
    {
        await using var stage = await Stage.OpenAsync(chromium, noMinting.Http);
        var zoe = stage.Name("Zoë");
        var tab = await stage.OpenTabAsync();
        await tab.Button("Connect").ClickAsync();
        await Expect(tab.Fault).ToContainTextAsync("hands out no tokens");
        var field = tab.Page.GetByLabel("Session token");
        await Expect(field).ToBeFocusedAsync();

        await field.FillAsync("no token at all");
        await tab.Button("Connect").ClickAsync();
        await Expect(tab.Fault).ToContainTextAsync("not a session token");

        var token = await MintAsync(server.Http, zoe);
        await field.FillAsync(token[..^4] + "AAAA");
        await tab.Button("Connect").ClickAsync();
        await Expect(tab.Fault).ToContainTextAsync("does not accept this token");

        await field.FillAsync(token);
        await tab.ConnectAsync();
        await Expect(tab.Page.Locator("#my-name")).ToHaveTextAsync(zoe);
        Assert.DoesNotContain(token, tab.Page.Url, StringComparison.Ordinal);
    }

    [SkippableFact]
    [Trait("Clause", "A5")]
    public async Task The_address_of_the_page_holds_a_name_and_follows_and_never_a_token_or_a_key()
    {
        await using var stage = await Stage.OpenAsync(chromium, server.Http);
        var (alice, bob) = (stage.Name("alice"), stage.Name("bob"));
        var tab = await stage.ConnectAsync(alice);
        await tab.FollowAsync(bob);

        Assert.Equal($"/demo/?name={alice}#follow={bob}&go=", new Uri(tab.Page.Url).PathAndQuery + new Uri(tab.Page.Url).Fragment);
    }

    [SkippableFact]
    [Trait("Clause", "C2")]
    public async Task A_server_that_cannot_be_reached_is_said_in_words()
    {
        await using var stage = await Stage.OpenAsync(chromium, server.Http);
        var tab = await stage.OpenTabAsync();
        await tab.Page.Context.SetOfflineAsync(true);

        await tab.Button("Connect").ClickAsync();

        await Expect(tab.Fault).ToHaveTextAsync("The server cannot be reached.");
        await Expect(tab.Button("Connect")).ToBeEnabledAsync();
    }

    private static async Task<string> MintAsync(Uri server, string name)
    {
        using var http = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(server, $"v2/account/authenticate/custom?username={Uri.EscapeDataString(name)}"))
        {
            Headers = { Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes("defaultkey:"))) },
            Content = JsonContent.Create(new { id = name }),
        };
        using var response = await http.SendAsync(request);
        response.EnsureSuccessStatusCode();
        return (await response.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("token").GetString()!;
    }

    /// <summary>A server with the keys of the other one, whose tokens come from elsewhere.</summary>
    public sealed class NoMinting : ServerFixture
    {
        protected override IEnumerable<string> Settings => ["--Presence:Session:AllowMinting=false"];
    }
}
