using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Presence.Host.Links.Admission;
using Presence.Host.Load;
using Presence.Tests.Host;
using Presence.Tests.Host.Load;
using Presence.Tests.Semantics.Clients;
using Xunit;
using static Microsoft.Playwright.Assertions;

namespace Presence.Tests.Browser;

/// <summary>What a browser, and the page, are told of a connection that is refused (protocol section A2).</summary>
[Collection(BrowserCollection.Name)]
public sealed class RefusalTests(Chromium chromium, RefusalTests.Server server) : IClassFixture<RefusalTests.Server>, IDisposable
{
    // The page opens a WebSocket and answers with the code and the reason of its close.
    private const string CloseOf = """
        address => new Promise(told => {
            const socket = new WebSocket(address);
            socket.onclose = close => told(`${close.code} ${close.reason}`);
        })
        """;

    private const string Invalid = "4401 Missing or invalid token";

    public void Dispose() => server.Load.Level = LoadLevel.Calm;

    [SkippableFact]
    [Trait("Clause", "A1")]
    [Trait("Clause", "L4")]
    [Trait("Clause", "L5")]
    public async Task A_browser_that_asks_for_it_is_told_why_by_a_close_code()
    {
        await using var stage = await Stage.OpenAsync(chromium, server.Http);
        var tab = await stage.OpenTabAsync();
        var identity = Peers.IdentityOf(Peers.NewUser(), "alice");
        Task<string> CloseAsync(string token) =>
            tab.Page.EvaluateAsync<string>(CloseOf, $"ws://{server.Http.Authority}/ws?errors=close&token={token}");

        Assert.Equal(Invalid, await CloseAsync("nonsense"));
        using (server.TakePlace(identity))
            Assert.Equal("4429 Too many connections of this user; try again in 5 s", await CloseAsync(Tokens.Sign(identity)));
        server.Load.Level = LoadLevel.Overloaded;
        Assert.Matches("^4503 Overloaded; try again in [0-9]+ s$", await CloseAsync(Tokens.Sign(identity)));
    }

    [SkippableFact]
    [Trait("Clause", "L4")]
    [Trait("Clause", "L5")]
    public async Task The_page_says_why_it_is_refused()
    {
        await using var stage = await Stage.OpenAsync(chromium, server.Http);
        var tab = await stage.OpenTabAsync();
        var identity = Peers.IdentityOf(Peers.NewUser(), stage.Name("alice"));
        await tab.Page.GetByText("Server key or session token").ClickAsync();
        var field = tab.Page.GetByLabel("Session token");

        var token = Tokens.Sign(identity);
        await field.FillAsync(token[..^4] + "AAAA");
        await tab.Button("Connect").ClickAsync();
        await Expect(tab.Fault).ToContainTextAsync("does not accept this token");
        await Expect(tab.State).ToHaveTextAsync("Not connected");

        await field.FillAsync(token);
        using (server.TakePlace(identity))
        {
            await tab.Button("Connect").ClickAsync();
            await Expect(tab.Fault).ToContainTextAsync("Too many connections of this user; try again in 5 s");
        }

        server.Load.Level = LoadLevel.Overloaded;
        await tab.Button("Connect").ClickAsync();
        await Expect(tab.Fault).ToContainTextAsync("Overloaded; try again in");
        await Expect(tab.State).ToHaveTextAsync("Not connected");

        server.Load.Level = LoadLevel.Calm;
        await tab.ConnectAsync();
        await Expect(tab.Fault).ToBeHiddenAsync();
    }

    /// <summary>A server where a user may have one connection, and whose load is what the test says.</summary>
    public sealed class Server : ServerFixture
    {
        internal FixedLoad Load { get; } = new();

        protected override IEnumerable<string> Settings => ["--Presence:Limits:ConnectionsPerUser=1"];

        /// <summary>The user has as many connections as it may have, until this is disposed of.</summary>
        internal IDisposable TakePlace(Actors.Connections.Identity identity) => new Place(Services.GetRequiredService<UserLinks>(), identity);

        protected override void Adapt(IServiceCollection services) => services.Replace(ServiceDescriptor.Singleton<ILoadState>(Load));

        private sealed class Place : IDisposable
        {
            private readonly UserLinks _links;
            private readonly Actors.Connections.Identity _identity;

            public Place(UserLinks links, Actors.Connections.Identity identity)
            {
                (_links, _identity) = (links, identity);
                Assert.True(links.TryEnter(identity.User));
            }

            public void Dispose() => _links.Leave(_identity.User);
        }
    }
}
