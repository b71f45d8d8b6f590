using CsCheck;
using Presence.Actors.Limits;
using Xunit;

namespace Presence.Tests.Limits;

/// <summary>How much of a rate may be used, on a clock of the test.</summary>
[Trait("Clause", "L4")]
public sealed class TokenBucketTests
{
    private static readonly TimeSpan FourSeconds = TimeSpan.FromSeconds(4);

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(5000)]
    [InlineData(1_000_000)]
    public void A_burst_of_four_seconds_worth_is_free_and_one_more_is_not(int perSecond)
    {
        var limit = new RateLimit(perSecond, FourSeconds);
        var bucket = default(TokenBucket);
        // Half a token less: the last one is rounded.
        bucket.Use(limit, (4 * perSecond) - 1, 1000);
        Assert.False(bucket.IsOverdrawn(limit, 1000));
        bucket.Use(limit, 2 + (perSecond / 1000), 1000);
        Assert.True(bucket.IsOverdrawn(limit, 1000));
        Assert.False(bucket.HasToken(limit, 1000));
    }

    [Fact]
    public void Who_takes_one_after_the_other_gets_the_burst_and_then_the_rate()
    {
        var limit = new RateLimit(2, FourSeconds);
        var bucket = default(TokenBucket);
        Assert.Equal(8, TakeAll(ref bucket, limit, 1000));
        Assert.Equal(500, bucket.UntilToken(limit, 1000));
        Assert.Equal(0, TakeAll(ref bucket, limit, 1499));
        Assert.Equal(1, TakeAll(ref bucket, limit, 1500));
        Assert.Equal(2, TakeAll(ref bucket, limit, 2500));
        Assert.False(bucket.IsFull(6499));
        Assert.True(bucket.IsFull(6500));
        Assert.Equal(8, TakeAll(ref bucket, limit, 1_000_000));
    }

    [Fact]
    public void At_least_one_token_may_be_used_at_once()
    {
        var limit = new RateLimit(0.001, TimeSpan.FromSeconds(1));
        var bucket = default(TokenBucket);
        Assert.Equal(1, TakeAll(ref bucket, limit, 1000));
        Assert.Equal(1_000_000, bucket.UntilToken(limit, 1000));
    }

    [Fact]
    public void What_was_overdrawn_comes_back_at_the_rate()
    {
        var limit = new RateLimit(100, FourSeconds);
        var bucket = default(TokenBucket);
        // 400 at once and 200 more, for which two seconds have to pass.
        bucket.Use(limit, 600, 5000);
        Assert.True(bucket.IsOverdrawn(limit, 6990));
        Assert.False(bucket.IsOverdrawn(limit, 7001));
        Assert.False(bucket.IsHalfFull(limit, 7001));
        Assert.True(bucket.IsHalfFull(limit, 9001));
    }

    [Fact]
    public void What_is_not_used_is_not_saved_beyond_the_burst()
    {
        var limit = new RateLimit(100, FourSeconds);
        var bucket = default(TokenBucket);
        bucket.Use(limit, 1, 1000);
        bucket.Use(limit, 402, 1_000_000_000);
        Assert.True(bucket.IsOverdrawn(limit, 1_000_000_000));
    }

    [Fact]
    public void Who_keeps_the_rate_is_never_above_it()
    {
        var limit = new RateLimit(1000, FourSeconds);
        var bucket = default(TokenBucket);
        for (var now = 0; now < 40_000; now += 10)
        {
            bucket.Use(limit, 10, now);
            Assert.False(bucket.IsOverdrawn(limit, now));
        }
    }

    [Fact]
    public void A_share_has_an_equal_part_of_rate_and_burst()
    {
        var limit = new RateLimit(8, FourSeconds).Share(4);
        var bucket = default(TokenBucket);
        Assert.Equal(8, TakeAll(ref bucket, limit, 1000));
        Assert.Equal(2, TakeAll(ref bucket, limit, 2000));
    }

    [Fact]
    public void Zero_sets_no_limit()
    {
        var limit = new RateLimit(0, FourSeconds);
        var bucket = default(TokenBucket);
        bucket.Use(limit, int.MaxValue, 1000);
        Assert.False(bucket.IsOverdrawn(limit, 1000));
        Assert.True(bucket.HasToken(limit, 1000) && bucket.IsHalfFull(limit, 1000) && bucket.IsFull(1000));
        Assert.False(limit.IsLimited || limit.Share(2).IsLimited);
    }

    [Fact]
    public void Large_numbers_do_not_overflow()
    {
        var limit = new RateLimit(1024, FourSeconds);
        var bucket = default(TokenBucket);
        // A year of uptime, and the longest message at the lowest rate that makes sense.
        const long year = 365L * 24 * 3600 * 1000;
        bucket.Use(limit, 64 * 1024 * 1024, year);
        Assert.True(bucket.IsOverdrawn(limit, year));
        Assert.False(bucket.IsOverdrawn(limit, year + (65_536L * 1000)));
    }

    [Fact]
    public void However_often_it_is_asked_it_gives_no_more_than_its_rate_and_burst() =>
        Gen.Select(Gen.Double[0.5, 100], Gen.Int[1, 5], Gen.Int[0, 3000].Array[0, 60]).Sample((perSecond, burst, waits) =>
        {
            var limit = new RateLimit(perSecond, TimeSpan.FromSeconds(burst));
            var bucket = default(TokenBucket);
            var (now, taken) = (1000L, 0);
            foreach (var wait in waits)
            {
                now += wait;
                taken += TakeAll(ref bucket, limit, now);
            }

            // A thousandth for what is rounded.
            Assert.True(taken <= Math.Max(1, perSecond * burst) + (perSecond * (now - 1000) / 1000 * 1.001) + 1e-3);
        });

    private static int TakeAll(ref TokenBucket bucket, in RateLimit limit, long now)
    {
        var taken = 0;
        while (bucket.TryUse(limit, now))
            taken++;
        return taken;
    }
}
