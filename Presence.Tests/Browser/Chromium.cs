using System.Diagnostics.CodeAnalysis;
using Microsoft.Playwright;
using Xunit;

namespace Presence.Tests.Browser;

/// <summary>
/// The Chromium of this machine, started once for all tests of the page. Where there is none the tests are skipped; set
/// <c>PRESENCE_CHROMIUM</c> to the path of one that is somewhere else.
/// </summary>
public sealed class Chromium : IAsyncLifetime
{
    private const string Variable = "PRESENCE_CHROMIUM";

    private static readonly string[] UsualPlaces =
    [
        "/usr/bin/chromium",
        "/usr/bin/chromium-browser",
        "/usr/bin/google-chrome",
        "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
        @"C:\Program Files\Google\Chrome\Application\chrome.exe",
    ];

    private IPlaywright? _playwright;
    private IBrowser? _browser;
    private string _reason = "";

    /// <summary>The browser; ends the test as skipped where there is none.</summary>
    public IBrowser Browser
    {
        get
        {
            Skip.If(_browser is null, _reason);
            return _browser;
        }
    }

    public async Task InitializeAsync()
    {
        if (!TryFind(out var path))
            return;
        _playwright = await Playwright.CreateAsync();
        _browser = await _playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions
        {
            ExecutablePath = path,
            Args =
            [
                "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
                "--disable-background-networking", "--disable-component-update", "--disable-sync",
            ],
        });
    }

    public async Task DisposeAsync()
    {
        if (_browser is not null)
            await _browser.DisposeAsync();
        _playwright?.Dispose();
    }

    private bool TryFind([NotNullWhen(true)] out string? path)
    {
        var named = Environment.GetEnvironmentVariable(Variable);
        path = string.IsNullOrEmpty(named) ? UsualPlaces.FirstOrDefault(File.Exists) : File.Exists(named) ? named : null;
        if (path is null)
        {
            _reason = string.IsNullOrEmpty(named)
                ? $"There is no Chromium in the usual places; {Variable} may name one."
                : $"{Variable} names {named}, which is not there.";
        }

        return path is not null;
    }
}
