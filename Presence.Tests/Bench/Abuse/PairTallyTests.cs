using System.Text.Json;
using Presence.Bench.Abuse;
using Presence.Bench.Runs;
using Xunit;

namespace Presence.Tests.Bench.Abuse;

/// <summary>What a pair counts as received, merged, repeated and lost.</summary>
public sealed class PairTallyTests
{
    private readonly PairTally _tally = new();

    [Fact]
    public void Updates_that_come_one_by_one_are_received()
    {
        Assert.Equal((1, 1), Event(1, 0));
        Assert.Equal((2, 2), Event(2, 1));

        Assert.Equal((2L, 0L, 0L, 0L), (_tally.Received, _tally.Merged, _tally.Duplicated, _tally.Breaks));
        Assert.Equal((0L, 3L), (_tally.Lost(2), _tally.Lost(5)));
    }

    [Fact]
    public void An_event_that_shows_a_later_update_brings_those_between()
    {
        Event(1, 0);

        Assert.Equal((2, 5), Event(5, 1));
        Assert.Equal(3, _tally.Merged);
        Assert.Equal(0, _tally.Lost(5));
    }

    [Fact]
    public void What_comes_twice_or_late_is_repeated_and_brings_nothing()
    {
        Event(1, 0);
        Event(2, 1);
        var (first, last) = Event(1, 2);

        Assert.True(first > last);
        Assert.Equal((1L, 2L), (_tally.Duplicated, _tally.Last));
    }

    [Fact]
    public void A_broken_chain_is_told()
    {
        Event(1, 0);
        Event(3, 2);

        Assert.Equal(1, _tally.Breaks);
        Assert.Contains("leaves while", Assert.Single(_tally.Examples), StringComparison.Ordinal);
    }

    [Fact]
    public void An_update_belongs_to_the_phase_in_which_it_was_due()
    {
        var line = new PhaseLine();
        var warmUp = Clock.Now;
        line.Begin(Phase.Before);
        line.Begin(Phase.During);
        var during = Clock.Now;

        Assert.Equal((Phase.WarmUp, Phase.During), (line.Of(warmUp), line.Of(during)));
        line.Begin(Phase.After);
        Assert.Equal((Phase.During, Phase.After), (line.Of(during), line.Of(Clock.Now)));

        var times = new PairTimes(line);
        times.Add(during, during + 5 * Clock.Millisecond);
        Assert.Null(times.Of(Phase.Before));
        Assert.InRange(times.Of(Phase.During)!.Max, 4.9, 5.1);
    }

    [Fact]
    public void Answers_are_counted_by_kind_and_kinds_are_bounded()
    {
        var counts = new AnswerCounts();
        for (var i = 0; i < 1000; i++)
            counts.Add($"kind {i}");
        counts.Add("kind 0", 5);

        Assert.Equal(6, counts["kind 0"]);
        Assert.InRange(counts.ToImmutable().Length, 2, 100);
        Assert.Equal(1005, counts.ToImmutable().Sum(c => c.Count));
        Assert.Equal("other", counts.ToImmutable()[0].Kind);
    }

    private (long First, long Last) Event(int joins, int leaves) => _tally.Event(JsonSerializer.SerializeToElement(leaves == 0
        ? new { joins = new[] { Presence(joins) }, leaves = Array.Empty<object>() }
        : new { joins = new[] { Presence(joins) }, leaves = new[] { Presence(leaves) } }));

    private static object Presence(int number) => new { user_id = "u", session_id = "s", status = $"t:123;n:{number};" };
}
