using Microsoft.Playwright;
using Xunit;
using static Microsoft.Playwright.Assertions;

namespace Presence.Tests.Browser;

/// <summary>A tab with the page, as its visitor sees and uses it.</summary>
internal sealed class Tab(IPage page)
{
    public IPage Page { get; } = page;

    /// <summary>What the page says about the connection.</summary>
    public ILocator State => Page.GetByRole(AriaRole.Status);

    /// <summary>What was refused, in words.</summary>
    public ILocator Fault => Page.GetByRole(AriaRole.Alert);

    /// <summary>The status that the visitor shows.</summary>
    public ILocator OwnStatus => Page.Locator("#my-status");

    /// <summary>The visitor's other devices.</summary>
    public ILocator OtherDevices => Page.Locator("#mine .device");

    /// <summary>All frames, newest first; they are there before anybody looks.</summary>
    public ILocator Frames => Page.Locator("#frames code");

    /// <summary>The page's own check of contract E2.</summary>
    public ILocator Chain => Page.Locator("#chain");

    public ILocator Button(string name) => Page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = name, Exact = true });

    /// <summary>The row of somebody who is followed.</summary>
    public ILocator Person(string name) => Page.Locator($"[data-person={Quote(name)}]");

    /// <summary>The visible devices of somebody who is followed.</summary>
    public ILocator Devices(string name) => Person(name).Locator(".device");

    /// <summary>What was told about somebody, newest first.</summary>
    /// <param name="name">Who.</param>
    /// <param name="kind">online, changed or offline; null for all of them.</param>
    public ILocator Told(string name, string? kind = null) =>
        Page.Locator($".entry[data-who={Quote(name)}]{(kind is null ? "" : $"[data-kind={kind}]")}");

    public async Task ConnectAsync(bool isVisible = true)
    {
        // Where it sits the switch is drawn; a visitor clicks on its words.
        if (!isVisible)
            await Page.GetByText("Appear online at once").ClickAsync();
        await Button("Connect").ClickAsync();
        await Expect(State).ToHaveTextAsync("Connected");
    }

    public async Task SayAsync(string status)
    {
        await Page.GetByLabel("Your status").FillAsync(status);
        await Button("Set status").ClickAsync();
    }

    /// <summary>Says something, and waits until it is in force.</summary>
    public async Task SayAndSeeAsync(string status)
    {
        await SayAsync(status);
        await Expect(OwnStatus).ToHaveTextAsync(status);
    }

    /// <summary>Follows people, and waits until the server has answered.</summary>
    public async Task FollowAsync(params string[] names)
    {
        await Page.GetByLabel("Follow by name").FillAsync(string.Join(", ", names));
        await Button("Follow").ClickAsync();
        foreach (var name in names)
            await Expect(Page.Locator(".entry.note", new PageLocatorOptions { HasText = name })).ToHaveCountAsync(1);
    }

    /// <summary>The newest entry about somebody says this.</summary>
    public async Task ExpectToldAsync(string name, string kind, string old, string now)
    {
        var entry = Told(name).First;
        await Expect(entry.Locator(".new")).ToHaveTextAsync(now);
        await Expect(entry.Locator(".old")).ToHaveTextAsync(old);
        await Expect(entry).ToHaveAttributeAsync("data-kind", kind);
    }

    /// <summary>Every change that was told began where the one before it had ended (contract E2).</summary>
    public async Task ExpectUnbrokenChainAsync()
    {
        // Both of one instant: more changes may come at any time.
        var counts = await Chain.EvaluateAsync<string[]>("chain => [chain.dataset.changes, chain.dataset.unbroken]");
        Assert.NotEqual("0", counts[0]);
        Assert.Equal(counts[0], counts[1]);
    }

    private static string Quote(string name) => $"\"{name.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"";
}
