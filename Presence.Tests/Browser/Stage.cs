using System.Collections.Concurrent;
using Microsoft.Playwright;
using Xunit;

namespace Presence.Tests.Browser;

/// <summary>One test's window of the browser: its tabs, its people, and what the browser complains about.</summary>
internal sealed class Stage : IAsyncDisposable
{
    // Generous: it is only ever waited for in full by a test that fails.
    private const float PatienceMilliseconds = 30_000;

    private readonly IBrowserContext _context;
    private readonly Uri _page;
    private readonly string _mark = Guid.NewGuid().ToString("N")[..6];
    private readonly ConcurrentQueue<string> _complaints = new();

    private Stage(IBrowserContext context, Uri server)
    {
        _context = context;
        _page = new Uri(server, "demo/");
    }

    /// <summary>Opens a window.</summary>
    /// <param name="chromium">The browser.</param>
    /// <param name="server">Where the server is.</param>
    /// <param name="options">How the window is; null for a desktop's.</param>
    public static async Task<Stage> OpenAsync(Chromium chromium, Uri server, BrowserNewContextOptions? options = null)
    {
        var context = await chromium.Browser.NewContextAsync(options);
        context.SetDefaultTimeout(PatienceMilliseconds);
        Assertions.SetDefaultExpectTimeout(PatienceMilliseconds);
        return new Stage(context, server);
    }

    /// <summary>A name that no other test uses.</summary>
    public string Name(string name) => $"{name}-{_mark}";

    /// <summary>A tab with the page, not connected.</summary>
    public async Task<Tab> OpenTabAsync(string addressRest = "")
    {
        var page = await _context.NewPageAsync();
        page.Console += (_, message) =>
        {
            if (message.Type is "error" or "warning")
                _complaints.Enqueue(message.Text);
        };
        page.PageError += (_, error) => _complaints.Enqueue(error);
        var response = await page.GotoAsync(_page + addressRest);
        Assert.True(response!.Ok, $"The page is not there: {response.Status}.");
        return new Tab(page);
    }

    /// <summary>A tab in which somebody of this name is connected.</summary>
    public async Task<Tab> ConnectAsync(string name, bool isVisible = true)
    {
        var tab = await OpenTabAsync($"?name={Uri.EscapeDataString(name)}");
        await tab.ConnectAsync(isVisible);
        return tab;
    }

    /// <summary>The browser has had nothing to complain about: no error of a script, no refused resource, no broken policy.</summary>
    public void AssertNoComplaints() => Assert.Empty(_complaints);

    public ValueTask DisposeAsync() => _context.DisposeAsync();
}
