using Presence.Host.Links.Loops;
using Xunit;

namespace Presence.Tests.Host.Links.Loops;

/// <summary>How groups of items are spread over time.</summary>
[Trait("Clause", "L2")]
public sealed class BusyPaceTests
{
    private static readonly TimeSpan s_perItem = TimeSpan.FromMilliseconds(2);
    private static readonly TimeSpan s_free = TimeSpan.FromMilliseconds(0.5);

    private readonly BusyPace _pace = new(s_perItem, s_free);
    private double _now = 1000;
    private double _busy = 600;

    public BusyPaceTests() => Begin(1);

    [Fact]
    public void Items_that_cost_little_do_not_wait()
    {
        Idle(1000);
        for (var group = 0; group < 100; group++)
        {
            var items = Begin(4);
            Assert.NotEqual(0, items);
            Work(items * s_free.TotalMilliseconds);
        }
    }

    [Fact]
    public void Behind_items_that_cost_more_the_loop_is_idle_for_twice_as_long()
    {
        Idle(1000);
        Assert.Equal(4, Begin(4));
        Work(4);
        // 2 ms are free.
        AssertWaits(4);
        Idle(1);
        AssertWaits(3);
        Idle(3);
        Assert.Equal(4, Begin(4));
    }

    [Fact]
    public void No_group_waits_for_longer_than_the_time_of_the_items_before_it()
    {
        Idle(1000);
        Assert.Equal(4, Begin(4));
        for (var turn = 0; turn < 8; turn++)
        {
            Work(0.9);
            if (turn >= 2)
                AssertWaits(Math.Min(2 * ((0.9 * (turn + 1)) - 2), 8 - (0.9 * (turn + 1))));
        }

        Work(0.8);
        Assert.Equal(4, Begin(4));
        // The loop is busy with something else, for ever: then there is one item per 2 ms.
        for (var group = 0; group < 10; group++)
        {
            Work(7.9);
            AssertWaits(0.1);
            Work(0.1);
            Assert.Equal(4, Begin(4));
        }
    }

    [Fact]
    public void A_long_time_of_work_is_forgotten_soon()
    {
        Idle(1000);
        Work(10_000);
        Assert.Equal(32, BeginAllOf(32));
        Idle(40);
        Assert.NotEqual(0, Begin(4));
    }

    [Fact]
    public void Groups_grow_slowly_while_none_has_to_wait_and_are_small_again_behind_one_that_has()
    {
        Idle(1000);
        var sizes = new List<int>();
        for (var group = 0; group < 60; group++)
        {
            sizes.Add(Begin(int.MaxValue));
            Work(1);
        }

        Assert.Equal([4, 8, 16, 32], sizes.Distinct());
        Assert.All(new[] { 4, 8, 16 }, size => Assert.Equal(BusyPace.Growth.TotalMilliseconds, sizes.Count(s => s == size)));
        Work(30);
        Assert.Equal(0, Begin(int.MaxValue));
        Idle(100);
        Assert.Equal(BusyPace.SmallGroup, Begin(int.MaxValue));
    }

    [Fact]
    public void Behind_a_pause_a_group_is_small()
    {
        Idle(1000);
        for (var group = 0; group < 60; group++)
        {
            Begin(int.MaxValue);
            Work(1);
        }

        Idle(BusyPace.LargestGroup * s_perItem.TotalMilliseconds);
        Assert.Equal(BusyPace.SmallGroup, Begin(int.MaxValue));
    }

    private int BeginAllOf(int items)
    {
        var begun = 0;
        while (begun < items)
        {
            begun += Begin(items - begun);
            Idle(1);
        }

        return begun;
    }

    private int Begin(int most) => Begin(most, out _);

    private int Begin(int most, out TimeSpan wait) =>
        _pace.Begin(most, TimeSpan.FromMilliseconds(_now), TimeSpan.FromMilliseconds(_busy), out wait);

    private void AssertWaits(double milliseconds)
    {
        Assert.Equal(0, Begin(4, out var wait));
        Assert.Equal(milliseconds, wait.TotalMilliseconds, 0.001);
    }

    private void Work(double milliseconds)
    {
        _now += milliseconds;
        _busy += milliseconds;
    }

    private void Idle(double milliseconds) => _now += milliseconds;
}
