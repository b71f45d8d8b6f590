using System.Text.RegularExpressions;
using Microsoft.Playwright;
using Presence.Tests.Host;
using Xunit;
using static Microsoft.Playwright.Assertions;

namespace Presence.Tests.Browser;

[Collection(BrowserCollection.Name)]
public sealed partial class StatusTests(ServerFixture server, Chromium chromium)
{
    private const string NoText = "no text";
    private const string Nothing = "nothing";

    [SkippableFact]
    [Trait("Clause", "E1")]
    [Trait("Clause", "F1")]
    public async Task Two_people_in_two_tabs_see_what_was_and_what_is()
    {
        await using var stage = await Stage.OpenAsync(chromium, server.Http);
        var (alice, bob) = (stage.Name("alice"), stage.Name("bob"));
        var aliceTab = await stage.ConnectAsync(alice);
        var bobTab = await stage.ConnectAsync(bob);
        await aliceTab.FollowAsync(bob);
        await bobTab.FollowAsync(alice);

        await bobTab.SayAndSeeAsync("making tea");
        await aliceTab.ExpectToldAsync(bob, "changed", NoText, "making tea");
        await bobTab.SayAsync("drinking tea");
        await aliceTab.ExpectToldAsync(bob, "changed", "making tea", "drinking tea");
        await aliceTab.SayAsync("jealous");
        await bobTab.ExpectToldAsync(alice, "changed", NoText, "jealous");

        await Expect(aliceTab.Devices(bob)).ToContainTextAsync(["drinking tea"]);
        await Expect(bobTab.Devices(alice)).ToContainTextAsync(["jealous"]);
        await aliceTab.ExpectUnbrokenChainAsync();
        await bobTab.ExpectUnbrokenChainAsync();
        stage.AssertNoComplaints();
    }

    [SkippableFact]
    [Trait("Clause", "S1")]
    public async Task Who_does_not_appear_online_is_not_seen_before_the_first_status()
    {
        await using var stage = await Stage.OpenAsync(chromium, server.Http);
        var bob = stage.Name("bob");
        var bobTab = await stage.ConnectAsync(bob, isVisible: false);
        await Expect(bobTab.OwnStatus).ToContainTextAsync("Invisible");
        var aliceTab = await stage.ConnectAsync(stage.Name("alice"));
        await aliceTab.FollowAsync(bob);
        await Expect(aliceTab.Devices(bob)).ToHaveCountAsync(0);

        await bobTab.SayAsync("here after all");

        await aliceTab.ExpectToldAsync(bob, "online", Nothing, "here after all");
        await Expect(aliceTab.Told(bob)).ToHaveCountAsync(1);
        stage.AssertNoComplaints();
    }

    [SkippableFact]
    [Trait("Clause", "S4")]
    public async Task Going_invisible_takes_the_last_status_away_and_the_next_one_comes_from_nothing()
    {
        await using var stage = await Stage.OpenAsync(chromium, server.Http);
        var bob = stage.Name("bob");
        var bobTab = await stage.ConnectAsync(bob);
        await bobTab.SayAndSeeAsync("reading");
        var aliceTab = await stage.ConnectAsync(stage.Name("alice"));
        await aliceTab.FollowAsync(bob);
        await Expect(aliceTab.Devices(bob)).ToContainTextAsync(["reading"]);

        await bobTab.Button("Go invisible").ClickAsync();
        await aliceTab.ExpectToldAsync(bob, "offline", "reading", Nothing);
        await Expect(aliceTab.Devices(bob)).ToHaveCountAsync(0);
        await Expect(bobTab.Button("Go invisible")).ToBeDisabledAsync();

        await bobTab.SayAsync("back");
        await aliceTab.ExpectToldAsync(bob, "online", Nothing, "back");
        await aliceTab.ExpectUnbrokenChainAsync();
        stage.AssertNoComplaints();
    }

    [SkippableFact]
    [Trait("Clause", "S5")]
    [Trait("Clause", "E6")]
    public async Task Closing_a_tab_gives_one_leave_with_the_last_status()
    {
        await using var stage = await Stage.OpenAsync(chromium, server.Http);
        var bob = stage.Name("bob");
        var bobTab = await stage.ConnectAsync(bob);
        await bobTab.SayAndSeeAsync("about to go");
        var aliceTab = await stage.ConnectAsync(stage.Name("alice"));
        await aliceTab.FollowAsync(bob);

        await bobTab.Page.CloseAsync();
        await aliceTab.ExpectToldAsync(bob, "offline", "about to go", Nothing);
        await Expect(aliceTab.Devices(bob)).ToHaveCountAsync(0);

        // What came before the return would be there by now.
        await stage.ConnectAsync(bob);
        await aliceTab.ExpectToldAsync(bob, "online", Nothing, NoText);
        await Expect(aliceTab.Told(bob)).ToHaveCountAsync(2);
        stage.AssertNoComplaints();
    }

    [SkippableFact]
    [Trait("Clause", "S6")]
    public async Task Going_invisible_and_closing_the_tab_are_the_same_bytes_to_a_follower()
    {
        await using var stage = await Stage.OpenAsync(chromium, server.Http);
        var (hidden, closed) = (stage.Name("hides"), stage.Name("leave"));
        var hiddenTab = await stage.ConnectAsync(hidden);
        var closedTab = await stage.ConnectAsync(closed);
        await hiddenTab.SayAndSeeAsync("the same");
        await closedTab.SayAndSeeAsync("the same");
        var aliceTab = await stage.ConnectAsync(stage.Name("alice"));
        await aliceTab.FollowAsync(hidden, closed);

        await hiddenTab.Button("Go invisible").ClickAsync();
        await aliceTab.ExpectToldAsync(hidden, "offline", "the same", Nothing);
        var ofHidden = await aliceTab.Frames.First.TextContentAsync();
        await closedTab.Page.CloseAsync();
        await aliceTab.ExpectToldAsync(closed, "offline", "the same", Nothing);
        var ofClosed = await aliceTab.Frames.First.TextContentAsync();

        Assert.Equal(WithoutIds(ofHidden!, hidden), WithoutIds(ofClosed!, closed));
        await Expect(aliceTab.Person(hidden).Locator(".hint")).ToHaveTextAsync((await aliceTab.Person(closed).Locator(".hint").TextContentAsync())!);
        stage.AssertNoComplaints();
    }

    [SkippableFact]
    [Trait("Clause", "S3")]
    [Trait("Clause", "F9")]
    public async Task Two_devices_of_one_person_have_a_status_each_and_see_each_other()
    {
        await using var stage = await Stage.OpenAsync(chromium, server.Http);
        var bob = stage.Name("bob");
        var phone = await stage.ConnectAsync(bob);
        var laptop = await stage.ConnectAsync(bob);
        var aliceTab = await stage.ConnectAsync(stage.Name("alice"));
        await aliceTab.FollowAsync(bob);
        await Expect(aliceTab.Devices(bob)).ToHaveCountAsync(2);

        await phone.SayAsync("on the train");
        await Expect(laptop.OtherDevices).ToContainTextAsync(["on the train"]);
        await laptop.SayAsync("at home");
        await Expect(phone.OtherDevices).ToContainTextAsync(["at home"]);
        await Expect(aliceTab.Devices(bob).Filter(new LocatorFilterOptions { HasText = "on the train" })).ToHaveCountAsync(1);
        await Expect(aliceTab.Devices(bob).Filter(new LocatorFilterOptions { HasText = "at home" })).ToHaveCountAsync(1);

        await phone.Button("Go invisible").ClickAsync();
        await aliceTab.ExpectToldAsync(bob, "offline", "on the train", Nothing);
        await Expect(aliceTab.Told(bob).First).ToContainTextAsync("went offline on one device");
        await Expect(aliceTab.Devices(bob)).ToContainTextAsync(["at home"]);
        await Expect(laptop.OtherDevices).ToHaveCountAsync(0);
        await aliceTab.ExpectUnbrokenChainAsync();
        stage.AssertNoComplaints();
    }

    [SkippableFact]
    [Trait("Clause", "F9")]
    public async Task A_second_tab_shows_at_once_what_the_first_one_shows()
    {
        await using var stage = await Stage.OpenAsync(chromium, server.Http);
        var bob = stage.Name("bob");
        var phone = await stage.ConnectAsync(bob);
        await phone.SayAndSeeAsync("on the train");

        var laptop = await stage.ConnectAsync(bob, isVisible: false);

        await Expect(laptop.OtherDevices).ToContainTextAsync(["on the train"]);
        await phone.SayAsync("at the station");
        await Expect(laptop.OtherDevices).ToContainTextAsync(["at the station"]);
        await phone.Page.CloseAsync();
        await Expect(laptop.OtherDevices).ToHaveCountAsync(0);
        // Each of the two changes began with what the tab had been answered, or was told last.
        await Expect(laptop.Chain).ToHaveAttributeAsync("data-changes", "2");
        await laptop.ExpectUnbrokenChainAsync();
        stage.AssertNoComplaints();
    }

    [SkippableFact]
    [Trait("Clause", "S2")]
    public async Task A_refusal_beside_a_connection_expires_and_can_be_dismissed()
    {
        await using var stage = await Stage.OpenAsync(chromium, server.Http);
        var tab = await stage.OpenTabAsync($"?name={stage.Name("bob")}");
        await tab.Page.Clock.InstallAsync();
        await tab.ConnectAsync();
        var tooLong = new string('x', 2049);

        await tab.SayAsync(tooLong);
        await Expect(tab.Fault).ToContainTextAsync("2048");
        await tab.Button("Dismiss").ClickAsync();
        await Expect(tab.Fault).ToBeHiddenAsync();

        await tab.SayAsync(tooLong);
        await Expect(tab.Fault).ToBeVisibleAsync();
        await tab.Page.Keyboard.PressAsync("Escape");
        await Expect(tab.Fault).ToBeHiddenAsync();

        await tab.SayAsync(tooLong);
        await Expect(tab.Fault).ToBeVisibleAsync();
        await tab.Page.Clock.FastForwardAsync(10_000);
        await Expect(tab.Fault).ToBeHiddenAsync();
        await Expect(tab.State).ToHaveTextAsync("Connected");
        stage.AssertNoComplaints();
    }

    [SkippableFact]
    [Trait("Clause", "S2")]
    public async Task A_longer_status_is_refused_in_words_and_the_old_one_stays()
    {
        await using var stage = await Stage.OpenAsync(chromium, server.Http);
        var bob = stage.Name("bob");
        var bobTab = await stage.ConnectAsync(bob);
        var aliceTab = await stage.ConnectAsync(stage.Name("alice"));
        await aliceTab.FollowAsync(bob);
        await bobTab.SayAndSeeAsync("short");

        // Two bytes a letter: the limit counts bytes.
        await bobTab.SayAsync(new string('é', 1024) + "!");
        await Expect(bobTab.Fault).ToContainTextAsync("2048");
        await Expect(bobTab.OwnStatus).ToHaveTextAsync("short");

        var longest = new string('é', 1024);
        await bobTab.SayAndSeeAsync(longest);
        await Expect(bobTab.Fault).ToBeHiddenAsync();
        await aliceTab.ExpectToldAsync(bob, "changed", "short", longest);
        await Expect(aliceTab.Told(bob, "changed")).ToHaveCountAsync(2);
        stage.AssertNoComplaints();
    }

    [SkippableFact]
    [Trait("Clause", "S2")]
    public async Task Text_of_strangers_stays_text_and_JSON_is_shown_by_its_fields()
    {
        await using var stage = await Stage.OpenAsync(chromium, server.Http);
        var evil = stage.Name("<b title='x'>\"it\"</b>");
        var evilTab = await stage.ConnectAsync(evil);
        var aliceTab = await stage.ConnectAsync(stage.Name("alice"));
        await aliceTab.FollowAsync(evil);
        const string Markup = "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script>";

        await evilTab.SayAndSeeAsync(Markup);
        await aliceTab.ExpectToldAsync(evil, "changed", NoText, Markup);
        await Expect(aliceTab.Person(evil).Locator("b.name")).ToHaveTextAsync(evil);
        await Expect(aliceTab.Devices(evil)).ToContainTextAsync([Markup]);

        const string Json = """{"<i>key</i>":"<b>value</b>","party":3}""";
        await evilTab.SayAsync(Json);
        await Expect(aliceTab.Told(evil, "changed")).ToHaveCountAsync(2);
        // In the events as in the roster.
        await Expect(aliceTab.Told(evil).First.Locator(".new .field")).ToHaveTextAsync(["<i>key</i> <b>value</b>", "party 3"]);
        await Expect(aliceTab.Devices(evil).Locator(".field")).ToHaveTextAsync(["<i>key</i> <b>value</b>", "party 3"]);

        foreach (var tab in (Tab[])[aliceTab, evilTab])
        {
            await Expect(tab.Page.Locator("img, i, main script, main b[title]")).ToHaveCountAsync(0);
            Assert.DoesNotContain("owned", await tab.Page.TitleAsync(), StringComparison.Ordinal);
        }

        stage.AssertNoComplaints();
    }

    private static string WithoutIds(string frame, string name) => Id().Replace(frame.Replace(name, "NAME", StringComparison.Ordinal), "ID");

    [GeneratedRegex("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")]
    private static partial Regex Id();
}
