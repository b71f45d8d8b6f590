using Presence.Host.Links.Loops;
using Xunit;

namespace Presence.Tests.Host.Links.Loops;

/// <summary>When many connections end at one moment.</summary>
public sealed class EndBurstTests
{
    private readonly EndBurst _burst = new();

    [Fact]
    [Trait("Clause", "L2")]
    public void Many_ends_in_a_turn_are_a_burst_and_few_are_none()
    {
        Assert.False(AfterTurn(0, now: 1000));
        Assert.False(AfterTurn(EndBurst.EndsPerTurn, now: 1000));
        Assert.True(AfterTurn(EndBurst.EndsPerTurn + 1, now: 1000));
        Assert.True(AfterTurn(EndBurst.EndsPerTurn + 1, now: 1001));
        Assert.False(AfterTurn(EndBurst.EndsPerTurn, now: 1002));
    }

    [Fact]
    [Trait("Clause", "L2")]
    public void A_burst_that_goes_on_counts_no_more_until_there_was_a_turn_with_few_ends()
    {
        var longest = (long)EndBurst.Longest.TotalMilliseconds;
        Assert.True(AfterTurn(100, now: 1000));
        Assert.True(AfterTurn(100, now: 1000 + longest - 1));
        Assert.False(AfterTurn(100, now: 1000 + longest));
        Assert.False(AfterTurn(100, now: 1000 + (2 * longest)));
        Assert.False(AfterTurn(1, now: 1000 + (2 * longest)));
        Assert.True(AfterTurn(100, now: 1000 + (2 * longest)));
    }

    private bool AfterTurn(int ends, long now)
    {
        for (var end = 0; end < ends; end++)
            _burst.ConnectionEnded();
        return _burst.IsOnAfterTurn(now);
    }
}
