using Presence.Bench.Plans;
using Presence.Bench.Reports;
using Presence.Bench.Tallies;

namespace Presence.Tests.Bench.Reports;

/// <summary>What runs might have measured.</summary>
internal static class SampleReports
{
    public static readonly LoadReport Clean = new()
    {
        Scenario = "spread",
        StartedAt = new DateTimeOffset(2026, 11, 24, 12, 0, 0, TimeSpan.Zero),
        Servers = ["ws://127.0.0.1:7350/ws"],
        Settings = Scenario.Named("spread").Settings,
        Connect = new ConnectFigures(2000, 0.5, 4000, 120, 12),
        Follow = new FollowFigures(100_000, 100_000, 0.4, 4, 30),
        IdleCores = 0.01,
        WarmUp = new Deliveries(20_000, 20_000, 0, 0, 0),
        Run = new RunFigures(5, 1000, 1000, 200, new Deliveries(51_000, 51_000, 0, 0, 0), 10_200, 3, 0.5, 0.2),
        LatencyMs = new Spread(51_000, 1, 2, 3, 4, 5, 1.1),
        SendLagMs = new Spread(1000, 0.01, 0.02, 0.03, 0.04, 0.05, 0.01),
        Disconnect = new DisconnectFigures(2000, 30),
        MemoryMib = new MemoryFigures(50, 74, 110, 120, 80),
        Faults = new FaultFigures(0, 0, 0, 0, []),
    };
}
