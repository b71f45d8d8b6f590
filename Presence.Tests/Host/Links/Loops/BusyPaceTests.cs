using Presence.Host.Links.Loops;
using Xunit;

namespace Presence.Tests.Host.Links.Loops;

/// <summary>How groups of items are spread over time.</summary>
public sealed class BusyPaceTests
{
    private readonly BusyPace _pace = new(TimeSpan.FromMilliseconds(2));

    [Fact]
    [Trait("Clause", "L2")]
    public void While_there_is_much_to_do_groups_begin_the_time_of_their_items_apart()
    {
        Assert.Equal(0, WaitBefore(4, isBusy: true, now: 100));
        Assert.Equal(8, WaitBefore(4, isBusy: true, now: 100));
        Assert.Equal(1, WaitBefore(1, isBusy: true, now: 107));
        Assert.Equal(0, WaitBefore(1, isBusy: true, now: 108));
        Assert.Equal(2, WaitBefore(4, isBusy: true, now: 108));
    }

    [Fact]
    [Trait("Clause", "L2")]
    public void Otherwise_nothing_waits()
    {
        for (var group = 0; group < 3; group++)
            Assert.Equal(0, WaitBefore(4, isBusy: false, now: 100));
        Assert.Equal(8, WaitBefore(4, isBusy: true, now: 100));
    }

    [Fact]
    [Trait("Clause", "L2")]
    public void A_pause_is_not_saved_up()
    {
        Assert.Equal(0, WaitBefore(4, isBusy: true, now: 100));
        Assert.Equal(0, WaitBefore(4, isBusy: true, now: 10_000));
        Assert.Equal(8, WaitBefore(4, isBusy: true, now: 10_000));
    }

    private double WaitBefore(int items, bool isBusy, long now) => _pace.WaitBefore(items, isBusy, now).TotalMilliseconds;
}
