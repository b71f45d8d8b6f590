using Presence.Bench.Plans;
using Presence.Bench.Tallies;
using Presence.Bench.Wire;
using Xunit;

namespace Presence.Tests.Bench.Tallies;

public sealed class TallyTests
{
    // 0 is followed by 1 and 2, and told of itself.
    private readonly Tally _tally = new(new FollowPlan(new LoadSettings { Connections = 3, Hubs = 1, Window = 1 }));

    [Fact]
    public void Everything_arrived_when_all_who_should_have_been_told_of_every_update()
    {
        Send(2);
        for (var i = 0; i < 3; i++)
        {
            Assert.False(_tally.IsComplete);
            Tell(i, 0, 1);
            Tell(i, 1, 2);
        }

        Assert.True(_tally.IsComplete);
        Assert.Equal(new Deliveries(6, 6, 0, 0, 0), _tally.Close());
    }

    [Fact]
    public void What_one_was_told_twice_does_not_make_up_for_what_another_was_not_told()
    {
        Send(1);
        Tell(0, 0, 1);
        Tell(1, 0, 1);
        Tell(1, 0, 1);

        Assert.Equal(new Deliveries(3, 3, 0, Lost: 1, Duplicated: 1), _tally.Close());
    }

    [Fact]
    [Trait("Clause", "L1")]
    public void What_was_merged_was_not_lost()
    {
        Send(3);
        Tell(0, 0, 3);
        Tell(1, 0, 3);
        Tell(2, 0, 2);
        Tell(2, 2, 3);

        Assert.True(_tally.IsComplete);
        Assert.Equal(new Deliveries(9, 4, Merged: 5, 0, 0), _tally.Close());
    }

    [Fact]
    public void A_break_in_the_chain_is_a_loss()
    {
        Send(3);
        foreach (var i in (int[])[0, 1])
            Tell(i, 0, 3);
        Tell(2, 0, 1);
        Tell(2, 2, 3);

        Assert.Equal(1, _tally.Close().Lost);
    }

    [Fact]
    public void After_a_warm_up_it_counts_anew_and_numbers_go_on()
    {
        Send(2);
        Tell(0, 0, 2);
        _tally.Restart();

        Assert.Equal(3, _tally.Send(0));
        for (var i = 0; i < 3; i++)
            Tell(i, 2, 3);
        _tally.Acknowledge();

        Assert.Equal((1L, 1L), (_tally.Updates, _tally.Acknowledged));
        Assert.Equal(new Deliveries(3, 3, 0, 0, 0), _tally.Close());
    }

    [Fact]
    public void Latencies_are_told_in_milliseconds()
    {
        var latencies = new Latencies();
        Assert.Null(latencies.Close());
        for (var i = 1; i <= 1000; i++)
            latencies.Add(i * 1_000_000L);

        var spread = latencies.Close()!;

        Assert.Equal(1000, spread.Count);
        // To three digits.
        Assert.InRange(spread.P50, 499, 501);
        Assert.InRange(spread.P99, 989, 991);
        Assert.InRange(spread.Max, 999, 1001);
        Assert.InRange(spread.Mean, 499, 502);
    }

    private void Send(int updates)
    {
        for (var i = 0; i < updates; i++)
            _tally.Send(0);
    }

    private void Tell(int connection, long from, long to) =>
        _tally.Tell(connection, new EventMarks { Joins = 1, HasLeaves = true, Numbers = to - from });
}
