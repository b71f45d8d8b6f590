using System.Diagnostics.Metrics;
using Presence.Actors.Telemetry;
using Xunit;

namespace Presence.Tests.Telemetry;

[Trait("Clause", "L4")]
public sealed class RefusalsTests
{
    [Fact]
    public void Each_refusal_is_counted_under_the_name_of_its_limit()
    {
        using var meter = new Meter(Refusals.MeterName);
        var refusals = new Refusals(meter);
        using var counts = RefusalCounts.Of(meter);

        refusals.Count(Limit.ConnectionsPerUser);
        refusals.Count(Limit.ConnectionsPerUser);
        refusals.Count(Limit.Follows);

        Assert.Equal(2, counts["connections_per_user"]);
        Assert.Equal(1, counts["follows"]);
        Assert.Equal(0, counts["overload"]);
    }

    [Fact]
    public void No_two_limits_have_one_name() =>
        Assert.Distinct(Enum.GetValues<Limit>().Select(Refusals.NameOf));
}
