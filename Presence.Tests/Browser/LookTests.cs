using System.Globalization;
using Microsoft.Playwright;
using Presence.Tests.Host;
using Xunit;
using static Microsoft.Playwright.Assertions;

namespace Presence.Tests.Browser;

/// <summary>The page on small and large screens, in light and dark, and for those who do not see it or use no mouse.</summary>
[Collection(BrowserCollection.Name)]
public sealed class LookTests(ServerFixture server, Chromium chromium)
{
    // WCAG 2.2, 1.4.3: text of ordinary size.
    private const double LeastContrast = 4.5;

    private const string Contrasts = """
        () => {
          const canvas = new OffscreenCanvas(1, 1).getContext('2d', { willReadFrequently: true });
          // Over white, so that a colour that shines through counts as it is seen there at worst in the light scheme.
          const over = (colour, below) => {
            canvas.globalAlpha = 1; canvas.fillStyle = `rgb(${below.join(' ')})`; canvas.fillRect(0, 0, 1, 1);
            canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1);
            return [...canvas.getImageData(0, 0, 1, 1).data.slice(0, 3)];
          };
          const ground = element => {
            const layers = [];
            for (let e = element; e; e = e.parentElement) layers.unshift(getComputedStyle(e).backgroundColor);
            return layers.reduce((below, colour) => over(colour, below), [255, 255, 255]);
          };
          const luminance = rgb => {
            const [r, g, b] = rgb.map(c => c / 255).map(c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
            return 0.2126 * r + 0.7152 * g + 0.0722 * b;
          };
          const found = [];
          for (const element of document.querySelectorAll('main *')) {
            const text = [...element.childNodes].filter(n => n.nodeType === 3).map(n => n.data.trim()).join('');
            if (!text || !element.checkVisibility() || element.closest(':disabled, .unseen')) continue;
            const below = ground(element);
            const [dark, light] = [luminance(over(getComputedStyle(element).color, below)), luminance(below)].sort((a, b) => a - b);
            found.push({ text, contrast: (light + 0.05) / (dark + 0.05) });
          }
          return found;
        }
        """;

    // The page itself, and whatever in it would have to be moved sideways to be read. Fields scroll as they like.
    private const string TooWide = """
        () => [...document.querySelectorAll('html, body, body *')]
          .filter(e => e.scrollWidth > e.clientWidth && e.checkVisibility() && !e.closest('.unseen, input, textarea'))
          .filter(e => e === document.documentElement || ['auto', 'scroll', 'hidden'].includes(getComputedStyle(e).overflowX))
          .filter(e => getComputedStyle(e).clipPath === 'none')
          .map(e => `${e.localName}.${e.className} ${e.scrollWidth} in ${e.clientWidth}`)
        """;

    [SkippableTheory]
    [Trait("Clause", "S2")]
    [InlineData(360)]
    [InlineData(390)]
    [InlineData(768)]
    [InlineData(1440)]
    public async Task Nothing_makes_the_page_wider_than_its_screen(int width)
    {
        await using var stage = await Stage.OpenAsync(chromium, server.Http, new BrowserNewContextOptions
        {
            ViewportSize = new ViewportSize { Width = width, Height = 800 },
            IsMobile = width < 500,
            HasTouch = width < 500,
            DeviceScaleFactor = width < 500 ? 2 : 1,
        });
        var unbroken = new string('w', 25);
        var bob = stage.Name(unbroken);
        var tab = await stage.OpenTabAsync();
        await AssertFitsAsync(tab.Page);
        await tab.Page.GetByText("Server key or session token").ClickAsync();
        await tab.Page.GetByText("Raw frames").ClickAsync();
        await AssertFitsAsync(tab.Page);

        await tab.ConnectAsync();
        var bobTab = await stage.ConnectAsync(bob);
        await tab.FollowAsync(bob);
        await bobTab.SayAndSeeAsync(new string('m', 500));
        await bobTab.SayAsync($$"""{"{{unbroken}}{{unbroken}}":"{{new string('i', 300)}}"}""");
        await Expect(tab.Devices(bob).Locator(".field")).ToHaveCountAsync(1);
        await tab.SayAsync(new string('x', 2049));
        await Expect(tab.Fault).ToBeVisibleAsync();

        await AssertFitsAsync(tab.Page);
        await AssertFitsAsync(bobTab.Page);
        stage.AssertNoComplaints();
    }

    [SkippableTheory]
    [Trait("Clause", "S2")]
    [InlineData(ColorScheme.Light)]
    [InlineData(ColorScheme.Dark)]
    public async Task Light_and_dark_are_what_they_say_and_every_text_can_be_read(ColorScheme scheme)
    {
        await using var stage = await Stage.OpenAsync(chromium, server.Http, new BrowserNewContextOptions { ColorScheme = scheme, ReducedMotion = ReducedMotion.Reduce });
        var bob = stage.Name("bob");
        var tab = await stage.OpenTabAsync();
        await AssertReadableAsync(tab.Page);

        await tab.ConnectAsync();
        var bobTab = await stage.ConnectAsync(bob);
        await tab.FollowAsync(bob, stage.Name("nobody"));
        await bobTab.SayAndSeeAsync("plain");
        await bobTab.Button("JSON").ClickAsync();
        await Expect(tab.Devices(bob).Locator(".field")).ToHaveCountAsync(3);
        await tab.SayAsync(new string('x', 2049));
        await Expect(tab.Fault).ToBeVisibleAsync();
        await AssertReadableAsync(tab.Page);

        var ground = await tab.Page.EvaluateAsync<string>("() => getComputedStyle(document.body).backgroundColor");
        var red = int.Parse(ground["rgb(".Length..ground.IndexOf(',', StringComparison.Ordinal)], CultureInfo.InvariantCulture);
        Assert.Equal(scheme == ColorScheme.Dark, red < 128);
        stage.AssertNoComplaints();
    }

    [SkippableFact]
    [Trait("Clause", "E1")]
    public async Task All_of_it_works_by_keyboard_and_is_said_aloud()
    {
        await using var stage = await Stage.OpenAsync(chromium, server.Http);
        var bob = stage.Name("bob");
        var tab = await stage.OpenTabAsync();
        await tab.Page.GetByLabel("Your name").FillAsync(stage.Name("alice"));
        await tab.Page.Keyboard.PressAsync("Enter");
        await Expect(tab.State).ToHaveTextAsync("Connected");
        await tab.Page.GetByLabel("Follow by name").FillAsync(bob);
        await tab.Page.Keyboard.PressAsync("Enter");
        await Expect(tab.Person(bob)).ToBeVisibleAsync();
        await tab.Page.GetByLabel("Your status").FocusAsync();
        await tab.Page.Keyboard.TypeAsync("by keyboard");
        await tab.Page.Keyboard.PressAsync("Enter");
        await Expect(tab.OwnStatus).ToHaveTextAsync("by keyboard");

        var bobTab = await stage.ConnectAsync(bob);
        await bobTab.SayAndSeeAsync("whistling");

        var spoken = tab.Page.GetByRole(AriaRole.Log);
        await Expect(spoken).ToContainTextAsync($"{bob} came online");
        await Expect(spoken).ToContainTextAsync($"{bob} changed: whistling");
        var nameless = await tab.Page.EvaluateAsync<string[]>(
            """
            () => [...document.querySelectorAll('input, textarea, button, a')]
              .filter(e => !(e.labels?.length || e.getAttribute('aria-label') || e.textContent.trim()))
              .map(e => e.outerHTML)
            """);
        Assert.Empty(nameless);
        stage.AssertNoComplaints();
    }

    [SkippableFact]
    [Trait("Clause", "S2")]
    public async Task Nothing_moves_for_those_who_asked_for_that()
    {
        await using var stage = await Stage.OpenAsync(chromium, server.Http, new BrowserNewContextOptions { ReducedMotion = ReducedMotion.Reduce });
        var tab = await stage.ConnectAsync(stage.Name("alice"));
        await tab.SayAndSeeAsync("sitting still");

        Assert.Equal(0, await tab.Page.EvaluateAsync<int>("() => document.getAnimations().length"));
        stage.AssertNoComplaints();
    }

    private static async Task AssertFitsAsync(IPage page) => Assert.Empty(await page.EvaluateAsync<string[]>(TooWide));

    private static async Task AssertReadableAsync(IPage page)
    {
        var texts = (await page.EvaluateAsync(Contrasts))!.Value.EnumerateArray()
            .Select(found => (Text: found.GetProperty("text").GetString(), Contrast: found.GetProperty("contrast").GetDouble()))
            .ToArray();
        Assert.NotEmpty(texts);
        Assert.DoesNotContain(texts, found => found.Contrast < LeastContrast);
    }
}
