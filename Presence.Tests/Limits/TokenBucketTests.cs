using CsCheck;
using Presence.Actors.Limits;
using Xunit;

namespace Presence.Tests.Limits;

[Trait("Clause", "L4")]
public sealed class TokenBucketTests
{
    [Fact]
    public void A_full_bucket_gives_its_burst_and_then_its_rate()
    {
        var rate = new Rate(PerSecond: 2, Burst: 3);
        var bucket = TokenBucket.Full(rate, TimeSpan.Zero);

        Assert.Equal(3, TakeAll(ref bucket));
        bucket = bucket.Refill(rate, TimeSpan.FromSeconds(0.4));
        Assert.Equal(0, TakeAll(ref bucket));
        bucket = bucket.Refill(rate, TimeSpan.FromSeconds(1));
        Assert.Equal(2, TakeAll(ref bucket));
        bucket = bucket.Refill(rate, TimeSpan.FromHours(1));
        Assert.Equal(3, TakeAll(ref bucket));
    }

    [Fact]
    public void An_overdrawn_bucket_stays_empty_until_the_debt_is_refilled()
    {
        var rate = new Rate(PerSecond: 10, Burst: 10);
        var bucket = TokenBucket.Full(rate, TimeSpan.Zero).Take(30);

        Assert.False(bucket.Refill(rate, TimeSpan.FromSeconds(2)).HasToken);
        Assert.True(bucket.Refill(rate, TimeSpan.FromSeconds(2.1)).HasToken);
        Assert.Equal(TimeSpan.FromSeconds(3), bucket.FullAt(rate));
    }

    [Fact]
    public void An_unlimited_rate_never_runs_out()
    {
        var bucket = TokenBucket.Full(Rate.Unlimited, TimeSpan.Zero).Take(1e9);
        Assert.True(bucket.HasToken);
        Assert.True(bucket.Refill(Rate.Unlimited, TimeSpan.FromSeconds(1)).HasToken);
        Assert.False(Rate.Unlimited.IsLimited);
    }

    [Fact]
    public void However_often_it_is_refilled_it_gives_no_more_than_its_rate_and_burst() =>
        Gen.Select(Gen.Double[0.5, 100], Gen.Int[1, 50], Gen.Double[0, 3].Array[0, 60]).Sample((perSecond, burst, waits) =>
        {
            var rate = new Rate(perSecond, burst);
            var bucket = TokenBucket.Full(rate, TimeSpan.Zero);
            var (now, taken) = (TimeSpan.Zero, 0);
            foreach (var wait in waits)
            {
                now += TimeSpan.FromSeconds(wait);
                bucket = bucket.Refill(rate, now);
                taken += TakeAll(ref bucket);
            }

            Assert.True(taken <= burst + (perSecond * now.TotalSeconds) + 1e-6);
        });

    private static int TakeAll(ref TokenBucket bucket)
    {
        var taken = 0;
        for (; bucket.HasToken; taken++)
            bucket = bucket.Take();
        return taken;
    }
}
