using System.Collections.Immutable;

namespace Presence.Bench.Plans;

/// <summary>A load that has a name, so that two runs can be compared. Its settings are defaults: each can be changed.</summary>
/// <param name="Name">What it is called on the command line and in reports.</param>
/// <param name="Summary">What it is, in a line.</param>
/// <param name="Settings">Its settings.</param>
internal sealed record Scenario(string Name, string Summary, LoadSettings Settings)
{
    // What a server compiles when it is first called is done by then, in seconds.
    private const double WarmUp = 2;

    /// <summary>All of them.</summary>
    public static readonly ImmutableArray<Scenario> All =
    [
        new("spread", "everybody follows 50 others and publishes, as fast as updates are acknowledged",
            new LoadSettings { Connections = 2000, Follows = 50, Window = 8, WarmUp = WarmUp }),
        new("hubs", "a thousand follow the same ten, who publish as fast as updates are acknowledged",
            new LoadSettings { Connections = 1010, Hubs = 10, Window = 4, WarmUp = WarmUp }),
        new("paced", "as spread, at 400 updates a second: what a delivery takes, and costs, when there is no hurry",
            new LoadSettings { Connections = 2000, Follows = 50, Rate = 400, WarmUp = WarmUp }),
        new("wide", "ten thousand connections follow 20 others each, at 500 updates a second",
            new LoadSettings { Connections = 10_000, Follows = 20, Rate = 500, WarmUp = WarmUp }),
        new("storm", "everybody connects at once and vanishes at once, again and again",
            new LoadSettings { Connections = 5000, StormRounds = 5 }),
    ];

    /// <summary>The scenario of a name.</summary>
    public static Scenario Named(string name) => All.First(s => s.Name == name);
}
