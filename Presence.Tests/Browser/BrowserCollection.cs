using Presence.Tests.Host;
using Xunit;

namespace Presence.Tests.Browser;

/// <summary>The tests of the page share one server and one browser, and take turns with them.</summary>
[CollectionDefinition(Name)]
public sealed class BrowserCollection : ICollectionFixture<ServerFixture>, ICollectionFixture<Chromium>
{
    public const string Name = "The page in a browser";
}
