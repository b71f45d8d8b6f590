using CsCheck;
using Presence.Host.Links;
using Xunit;

namespace Presence.Tests.Host.Links;

[Trait("Clause", "C5")]
public sealed class DrainPlanTests
{
    private static readonly TimeSpan Time = TimeSpan.FromSeconds(10);

    [Fact]
    public void Links_go_one_after_the_other_oldest_first()
    {
        var plan = new DrainPlan<int>([1, 2, 3, 4], Time);

        Assert.Empty(plan.Due(TimeSpan.Zero));
        Assert.Empty(plan.Due(TimeSpan.FromSeconds(2.4)));
        Assert.Equal([1], plan.Due(TimeSpan.FromSeconds(2.5)));
        Assert.Empty(plan.Due(TimeSpan.FromSeconds(2.6)));
        Assert.Equal([2, 3], plan.Due(TimeSpan.FromSeconds(7.5)));
        Assert.False(plan.IsOver);
        Assert.Equal([4], plan.Due(Time));
        Assert.True(plan.IsOver);
    }

    [Fact]
    public void Without_a_drain_time_all_go_at_once()
    {
        var plan = new DrainPlan<int>([1, 2, 3], TimeSpan.Zero);

        Assert.Equal([1, 2, 3], plan.Due(TimeSpan.Zero));
        Assert.True(plan.IsOver);
    }

    [Fact]
    public void Without_links_there_is_nothing_to_wait_for() => Assert.True(new DrainPlan<int>([], Time).IsOver);

    [Fact]
    public void The_rest_goes_when_it_is_asked_for()
    {
        var plan = new DrainPlan<int>([1, 2, 3, 4], Time);

        Assert.Equal([1, 2], plan.Due(TimeSpan.FromSeconds(5)));
        Assert.Equal([3, 4], plan.Rest());
        Assert.True(plan.IsOver);
        Assert.Empty(plan.Due(Time));
    }

    [Fact]
    public void Whenever_it_is_asked_each_link_goes_once_in_order_and_no_moment_has_more_than_its_share() =>
        Gen.Select(Gen.Int[0, 500], Gen.Int[1, 3_600_000], Gen.Int[0, 2000].Array[1, 50]).Sample((links, milliseconds, steps) =>
        {
            var time = TimeSpan.FromMilliseconds(milliseconds);
            var plan = new DrainPlan<int>([.. Enumerable.Range(0, links)], time);
            var told = new List<int>();
            var now = TimeSpan.Zero;
            foreach (var step in steps)
            {
                now += TimeSpan.FromMilliseconds(step);
                var due = plan.Due(now).ToList();
                if (due.Count > Math.Ceiling(links * (step / (double)milliseconds)) + 1)
                    return false;
                told.AddRange(due);
            }

            told.AddRange(plan.Due(now + time));
            return plan.IsOver && told.SequenceEqual(Enumerable.Range(0, links));
        });
}
