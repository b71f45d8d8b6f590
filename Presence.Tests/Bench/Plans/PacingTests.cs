using Presence.Bench.Plans;
using Presence.Bench.Runs;
using Xunit;

namespace Presence.Tests.Bench.Plans;

public sealed class PacingTests
{
    private const long Start = 5 * Clock.Second;

    [Fact]
    public void In_an_open_loop_updates_are_due_at_even_distances()
    {
        var pacing = new OpenLoop(rate: 400, seconds: 0.01, Start);

        Assert.Equal([Start], Take(pacing, Start));
        Assert.Equal(2_500_000, pacing.Wait(Start));
        Assert.Empty(Take(pacing, Start + 2_499_999));
        Assert.Equal(1, pacing.Wait(Start + 2_499_999));
        Assert.Equal([Start + 2_500_000], Take(pacing, Start + 2_500_000));
        Assert.False(pacing.HasEnded(Start + 2_500_000));
    }

    [Fact]
    public void What_was_not_sent_in_time_is_sent_late_and_counts_from_when_it_was_due()
    {
        var pacing = new OpenLoop(rate: 1000, seconds: 0.005, Start);
        var late = Start + 7 * Clock.Second;

        Assert.False(pacing.HasEnded(late));
        Assert.Equal(0, pacing.Wait(late));
        Assert.Equal([.. Enumerable.Range(0, 5).Select(k => Start + k * Clock.Millisecond)], Take(pacing, late));
        Assert.True(pacing.HasEnded(late));
    }

    [Fact]
    public void An_open_loop_waits_for_no_answer()
    {
        var pacing = new OpenLoop(rate: 1000, seconds: 1, Start);
        Take(pacing, Start);
        pacing.Answered();
        Assert.Empty(Take(pacing, Start));
    }

    [Fact]
    public void In_a_closed_loop_an_answer_makes_room_for_an_update_that_counts_from_when_it_is_sent()
    {
        var pacing = new ClosedLoop(window: 2, seconds: 1, Start);

        Assert.Equal(0, pacing.Wait(Start));
        Assert.Equal([Start + 1, Start + 1], Take(pacing, Start + 1));
        Assert.Equal(Clock.Second - 2, pacing.Wait(Start + 2));
        Assert.Empty(Take(pacing, Start + 2));
        pacing.Answered();
        Assert.Equal([Start + 3], Take(pacing, Start + 3));
    }

    [Fact]
    public void A_closed_loop_ends_in_time()
    {
        var pacing = new ClosedLoop(window: 2, seconds: 1, Start);

        Assert.False(pacing.HasEnded(Start + Clock.Second - 1));
        Assert.True(pacing.HasEnded(Start + Clock.Second));
        Assert.Empty(Take(pacing, Start + Clock.Second));
    }

    private static List<long> Take(Pacing pacing, long now)
    {
        var taken = new List<long>();
        while (pacing.TryTake(now, out var intended))
            taken.Add(intended);
        return taken;
    }
}
