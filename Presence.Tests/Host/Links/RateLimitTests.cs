using Presence.Host.Links;
using Xunit;

namespace Presence.Tests.Host.Links;

/// <summary>How much a link may use of a rate, on a clock of the test.</summary>
[Trait("Clause", "L4")]
public sealed class RateLimitTests
{
    private const int Burst = (int)RateLimit.BurstMilliseconds;

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(5000)]
    [InlineData(1_000_000)]
    public void A_burst_of_four_seconds_worth_is_free_and_one_more_is_not(int perSecond)
    {
        var limit = new RateLimit(perSecond);
        var bucket = default(TokenBucket);
        // Half a token less: the last one is rounded.
        bucket.Use(limit, (4 * perSecond) - 1, 1000);
        Assert.False(bucket.IsOverdrawn(1000));
        bucket.Use(limit, 2 + (perSecond / 1000), 1000);
        Assert.True(bucket.IsOverdrawn(1000));
    }

    [Fact]
    public void What_was_overdrawn_comes_back_at_the_rate()
    {
        var limit = new RateLimit(100);
        var bucket = default(TokenBucket);
        // 400 at once and 200 more, for which two seconds have to pass.
        bucket.Use(limit, 600, 5000);
        Assert.True(bucket.IsOverdrawn(6990));
        Assert.False(bucket.IsOverdrawn(7001));
        Assert.False(bucket.IsHalfFull(7001));
        Assert.True(bucket.IsHalfFull(9001));
    }

    [Fact]
    public void What_is_not_used_is_not_saved_beyond_the_burst()
    {
        var limit = new RateLimit(100);
        var bucket = default(TokenBucket);
        bucket.Use(limit, 1, 1000);
        bucket.Use(limit, 402, 1_000_000_000);
        Assert.True(bucket.IsOverdrawn(1_000_000_000));
    }

    [Fact]
    public void Who_keeps_the_rate_is_never_above_it()
    {
        var limit = new RateLimit(1000);
        var bucket = default(TokenBucket);
        for (var now = 0; now < 10 * Burst; now += 10)
        {
            bucket.Use(limit, 10, now);
            Assert.False(bucket.IsOverdrawn(now));
        }
    }

    [Fact]
    public void Zero_sets_no_limit()
    {
        var bucket = default(TokenBucket);
        bucket.Use(new RateLimit(0), int.MaxValue, 1000);
        Assert.False(bucket.IsOverdrawn(1000));
        Assert.True(bucket.IsHalfFull(1000));
    }

    [Fact]
    public void Large_numbers_do_not_overflow()
    {
        var bucket = default(TokenBucket);
        // A year of uptime, and the longest message at the lowest rate that makes sense.
        const long year = 365L * 24 * 3600 * 1000;
        bucket.Use(new RateLimit(1024), 64 * 1024 * 1024, year);
        Assert.True(bucket.IsOverdrawn(year));
        Assert.False(bucket.IsOverdrawn(year + (65_536L * 1000)));
    }
}
