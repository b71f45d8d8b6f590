using Microsoft.Playwright;
using Presence.Tests.Host;
using Xunit;
using static Microsoft.Playwright.Assertions;

namespace Presence.Tests.Browser;

[Collection(BrowserCollection.Name)]
public sealed class FollowTests(ServerFixture server, Chromium chromium)
{
    [SkippableFact]
    [Trait("Clause", "F7")]
    public async Task After_an_unfollow_nothing_of_that_person_reaches_the_tab()
    {
        await using var stage = await Stage.OpenAsync(chromium, server.Http);
        var (bob, carl) = (stage.Name("bob"), stage.Name("carl"));
        var bobTab = await stage.ConnectAsync(bob);
        var carlTab = await stage.ConnectAsync(carl);
        var aliceTab = await stage.ConnectAsync(stage.Name("alice"));
        await aliceTab.FollowAsync(bob, carl);

        await aliceTab.Button($"Unfollow {bob}").ClickAsync();
        await Expect(aliceTab.Frames.Filter(new LocatorFilterOptions { HasText = "status_unfollow" })).ToHaveCountAsync(1);
        // The reply to the next request comes behind the reply to the unfollow.
        await aliceTab.SayAndSeeAsync("rid of one");
        await bobTab.SayAndSeeAsync("unheard");
        await carlTab.SayAsync("heard");

        await aliceTab.ExpectToldAsync(carl, "changed", "no text", "heard");
        await Expect(aliceTab.Person(bob)).ToHaveCountAsync(0);
        await Expect(aliceTab.Frames.Filter(new LocatorFilterOptions { HasText = "unheard" })).ToHaveCountAsync(0);
        stage.AssertNoComplaints();
    }

    [SkippableFact]
    [Trait("Clause", "F6")]
    public async Task Somebody_who_is_followed_before_coming_is_announced_on_coming()
    {
        await using var stage = await Stage.OpenAsync(chromium, server.Http);
        var late = stage.Name("late");
        var aliceTab = await stage.ConnectAsync(stage.Name("alice"));
        await aliceTab.FollowAsync(late);
        await Expect(aliceTab.Devices(late)).ToHaveCountAsync(0);

        await stage.ConnectAsync(late);

        await aliceTab.ExpectToldAsync(late, "online", "nothing", "no text");
        await Expect(aliceTab.Devices(late)).ToHaveCountAsync(1);
        stage.AssertNoComplaints();
    }

    [SkippableFact]
    [Trait("Clause", "F5")]
    public async Task A_follow_belongs_to_the_tab_that_made_it()
    {
        await using var stage = await Stage.OpenAsync(chromium, server.Http);
        var (alice, bob) = (stage.Name("alice"), stage.Name("bob"));
        var follows = await stage.ConnectAsync(alice);
        var doesNot = await stage.ConnectAsync(alice);
        var bobTab = await stage.ConnectAsync(bob);
        await follows.FollowAsync(bob);

        await bobTab.SayAsync("for one tab only");
        await follows.ExpectToldAsync(bob, "changed", "no text", "for one tab only");

        // Told to both behind it, so that the other tab has had its chance.
        await follows.SayAsync("did you hear?");
        await Expect(doesNot.OtherDevices).ToContainTextAsync(["did you hear?"]);
        await Expect(doesNot.Frames.Filter(new LocatorFilterOptions { HasText = "for one tab only" })).ToHaveCountAsync(0);
        stage.AssertNoComplaints();
    }

    [SkippableFact]
    [Trait("Clause", "F9")]
    public async Task Following_oneself_is_explained_instead()
    {
        await using var stage = await Stage.OpenAsync(chromium, server.Http);
        var alice = stage.Name("alice");
        var tab = await stage.ConnectAsync(alice);

        await tab.Page.GetByLabel("Follow by name").FillAsync(alice);
        await tab.Button("Follow").ClickAsync();

        await Expect(tab.Fault).ToContainTextAsync("That is you");
        await Expect(tab.Person(alice)).ToHaveCountAsync(0);
        stage.AssertNoComplaints();
    }

    [SkippableFact]
    [Trait("Clause", "F1")]
    public async Task The_link_to_a_second_person_opens_somebody_and_each_follows_the_other()
    {
        await using var stage = await Stage.OpenAsync(chromium, server.Http);
        var alice = stage.Name("alice");
        var tab = await stage.ConnectAsync(alice);
        var door = tab.Page.Locator("#another-person");
        var other = await door.GetAttributeAsync("data-name");

        var opened = await tab.Page.Context.RunAndWaitForPageAsync(() => door.ClickAsync());
        var otherTab = new Tab(opened);

        await Expect(otherTab.State).ToHaveTextAsync("Connected");
        await Expect(otherTab.Devices(alice)).ToHaveCountAsync(1);
        await Expect(tab.Devices(other!)).ToHaveCountAsync(1);
        stage.AssertNoComplaints();
    }

    [SkippableFact]
    [Trait("Clause", "S5")]
    public async Task A_tab_that_lost_its_connection_comes_back_with_its_status_and_its_follows()
    {
        await using var stage = await Stage.OpenAsync(chromium, server.Http);
        var (alice, bob) = (stage.Name("alice"), stage.Name("bob"));
        var bobTab = await stage.OpenTabAsync($"?name={bob}");
        var links = new List<(IWebSocketRoute Page, IWebSocketRoute Server)>();
        await bobTab.Page.RouteWebSocketAsync("**/ws?**", link =>
        {
            var toServer = link.ConnectToServer();
            // By itself the route would tell the page of the server's close as it is, and maybe before the close below.
            toServer.OnClose((_, _) => { });
            links.Add((link, toServer));
        });
        await bobTab.ConnectAsync();
        var aliceTab = await stage.ConnectAsync(alice);
        await aliceTab.FollowAsync(bob);
        await bobTab.FollowAsync(alice);
        await bobTab.SayAndSeeAsync("still here");
        await aliceTab.ExpectToldAsync(bob, "changed", "no text", "still here");

        await links[0].Server.CloseAsync(new WebSocketRouteCloseOptions { Code = 1000 });
        await links[0].Page.CloseAsync(new WebSocketRouteCloseOptions { Code = 1012, Reason = "service restart" });

        await Expect(bobTab.Page.Locator(".entry.note").Filter(new LocatorFilterOptions { HasText = "The server restarts" })).ToHaveCountAsync(1);
        await Expect(bobTab.State).ToHaveTextAsync("Connected");
        await Expect(aliceTab.Told(bob, "offline")).ToHaveCountAsync(1);
        await Expect(aliceTab.Devices(bob)).ToContainTextAsync(["still here"]);
        await aliceTab.SayAsync("welcome back");
        await bobTab.ExpectToldAsync(alice, "changed", "no text", "welcome back");
        await aliceTab.ExpectUnbrokenChainAsync();
        Assert.Equal(2, links.Count);
        stage.AssertNoComplaints();
    }
}
