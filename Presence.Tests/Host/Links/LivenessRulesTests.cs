using Presence.Host.Links;
using Xunit;

namespace Presence.Tests.Host.Links;

/// <summary>The decisions whether a client is alive (contract C2, L1), without a link.</summary>
[Trait("Clause", "C2")]
public sealed class LivenessRulesTests
{
    private const long Start = 1_000_000;
    private const long Second = 1000;

    private static readonly LinkTimes Times = new(PingPeriod: 15 * Second, PongWait: 25 * Second, WriteStall: 150 * Second);
    private static readonly Liveness Pinged = Liveness.Begin(answersPings: true, Start);
    private static readonly Liveness Plain = Liveness.Begin(answersPings: false, Start);

    [Fact]
    public void A_silent_client_is_pinged_once_until_it_answers()
    {
        Assert.False(Pinged.IsPingDue(0, isAlone: false, Start + (15 * Second), Times));
        Assert.True(Pinged.IsPingDue(0, isAlone: false, Start + (15 * Second) + 1, Times));
        var asked = Pinged.Pinged(3, Start + (16 * Second));
        Assert.False(asked.IsPingDue(1_000_000, isAlone: false, Start + (1000 * Second), Times));
        var answered = asked.Heard(Start + (17 * Second)).Answered(asked.LastPing);
        Assert.False(answered.IsPingDue(3, isAlone: false, Start + (32 * Second), Times));
        Assert.True(answered.IsPingDue(3, isAlone: false, Start + (33 * Second), Times));
        Assert.False(Plain.IsPingDue(1_000_000, isAlone: false, Start + (1000 * Second), Times));
    }

    [Fact]
    public void A_client_that_may_have_much_unread_is_pinged_although_it_is_not_silent()
    {
        // Half of what the slowest client reads in the pong wait.
        const int Unread = 12_500;
        var heard = Pinged.Heard(Start + (2 * Second));
        Assert.False(heard.IsSampleDue(Unread, Start + (2 * Second), Times));
        Assert.True(heard.IsSampleDue(Unread + 1, Start + (2 * Second), Times));
        Assert.False(heard.IsPingDue(Unread + 1, isAlone: false, Start + (4 * Second), Times));
        var sampled = heard.Sampled(Unread + 1, Start + (2 * Second), Times);
        // Not before it is known how much the client is sent: that takes a second, or five if a ping is all that is sent.
        Assert.False(sampled.IsPingDue(Unread + 1, isAlone: false, Start + (3 * Second), Times));
        Assert.True(sampled.IsPingDue(Unread + 1, isAlone: false, Start + (3 * Second) + 1, Times));
        Assert.False(sampled.IsPingDue(Unread + 1, isAlone: true, Start + (7 * Second), Times));
        Assert.True(sampled.IsPingDue(Unread + 1, isAlone: true, Start + (7 * Second) + 1, Times));
        // What it is known to have read does not count.
        var answered = sampled.Pinged(20_000, Start + (4 * Second)).Answered(sampled.NextPing);
        Assert.False(answered.IsPingDue(20_001 + Unread, isAlone: false, Start + (6 * Second), Times));
        Assert.False(answered.IsSampleDue(20_000 + Unread, Start + (6 * Second), Times));
        Assert.True(answered.IsSampleDue(20_001 + Unread, Start + (6 * Second), Times));
        Assert.True(answered.Sampled(20_001 + Unread, Start + (6 * Second), Times).IsPingDue(20_001 + Unread, isAlone: false, Start + (8 * Second), Times));
    }

    [Fact]
    public void A_client_that_is_sent_much_all_the_time_is_pinged_only_when_it_is_silent()
    {
        // 128 KiB in the pong wait, and a byte: its system has no room when a pong is due, if the client does not read.
        const int Rate = (128 * 1024 / 25) + 1;
        var busy = Pinged.Heard(Start + (2 * Second)).Sampled(12_501, Start + (2 * Second), Times);
        var queued = 12_501L;
        for (var now = Start + (3 * Second) + 1; now < Start + (17 * Second); now += Second + 1)
        {
            queued += Rate + 6;
            Assert.False(busy.IsPingDue(queued, isAlone: false, now, Times));
            Assert.True(busy.IsSampleDue(queued, now, Times));
            busy = busy.Sampled(queued, now, Times);
        }

        Assert.True(busy.IsPingDue(queued, isAlone: false, Start + (17 * Second) + 1, Times));
        // When less is sent for some seconds, the link learns how far the client has read.
        var heard = busy.Heard(Start + (17 * Second));
        Assert.False(heard.IsPingDue(queued + 1000, isAlone: false, Start + (20 * Second), Times));
        Assert.True(heard.IsPingDue(queued + 1000, isAlone: false, Start + (23 * Second), Times));
        // A pause is not enough.
        Assert.True(heard.IsSampleDue(queued + 1000, Start + (20 * Second), Times));
        Assert.False(heard.IsSampleDue(queued + 1000, Start + (23 * Second), Times));
    }

    [Fact]
    public void A_client_that_answers_pings_ends_after_the_pong_wait_although_its_system_acknowledges()
    {
        var asked = Pinged.Pinged(3000, Start + (15 * Second)).Wrote(Start + (24 * Second));
        Assert.False(asked.NeedsMeasure(Start + (25 * Second), Times));
        Assert.True(asked.NeedsMeasure(Start + (25 * Second) + 1, Times));
        Assert.False(IsAlive(asked, new PeerProgress(3000, 0, HasQueue: false, HasUnsent: false), Start + (25 * Second) + 1));
        // Something is always on its way to a client that has events each second.
        Assert.False(IsAlive(asked, new PeerProgress(3000, 0, HasQueue: true, HasUnsent: false), Start + (25 * Second) + 1));
        Assert.True(IsAlive(asked.Heard(Start + Second), new PeerProgress(3000, 0, false, false), Start + (25 * Second) + 1));
    }

    [Fact]
    [Trait("Clause", "L1")]
    public void A_ping_behind_what_a_slow_client_has_not_read_is_due_when_it_can_have_read_it()
    {
        // A client of 1000 bytes per second has an answer of 60 KB before the ping, and its system has acknowledged all of it.
        var asked = Pinged.Pinged(60_000, Start + (15 * Second));
        Assert.False(asked.NeedsMeasure(Start + (75 * Second), Times));
        Assert.True(asked.IsAlive(isWaiting: false, isRead: true, Start + (75 * Second), Times));
        Assert.False(asked.IsAlive(isWaiting: false, isRead: true, Start + (75 * Second) + 1, Times));
        // What it is known to have read does not count.
        var answered = asked.Heard(Start + (70 * Second)).Answered(asked.LastPing).Pinged(60_100, Start + (86 * Second));
        Assert.False(answered.IsAlive(isWaiting: false, isRead: true, Start + (95 * Second) + 1, Times));
        // However much that is, it gets no more time than a client that acknowledges nothing.
        var much = Pinged.Pinged(5_000_000, Start + (15 * Second));
        Assert.False(much.IsAlive(isWaiting: false, isRead: true, Start + (150 * Second) + 1, Times));
    }

    [Fact]
    public void A_pong_with_another_number_shows_life_and_not_how_far_its_client_has_read()
    {
        var asked = Pinged.Pinged(60_000, Start + (15 * Second));
        var unsolicited = asked.Answered(null).Pinged(60_010, Start + (31 * Second));
        Assert.True(unsolicited.IsAlive(isWaiting: false, isRead: true, Start + (80 * Second), Times));
        Assert.False(asked.Answered(asked.LastPing).Pinged(60_010, Start + (31 * Second)).IsAlive(isWaiting: false, isRead: true, Start + (80 * Second), Times));
        // Nor does one that nothing asked for.
        Assert.Equal(Pinged, Pinged.Answered(0));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    [Trait("Clause", "L1")]
    public void While_there_is_no_room_a_client_is_alive_as_long_as_it_acknowledges_now_and_then(bool answersPings)
    {
        var life = Liveness.Begin(answersPings, Start).Pinged(100_000, Start + (15 * Second));
        for (var i = 1; i < 10; i++)
        {
            var at = Start + (140 * i * Second);
            life = life.Measured(new PeerProgress(1000 * i, 0, true, true), isWaiting: true, at, Times);
            Assert.True(life.IsAlive(new PeerProgress(1000 * i, 0, true, true), true, true, at, Times));
            Assert.True(life.IsAlive(new PeerProgress(1000 * i, 0, true, true), true, true, at + (150 * Second), Times));
            Assert.False(life.IsAlive(new PeerProgress(1000 * i, 0, true, true), true, true, at + (150 * Second) + 1, Times));
        }

        // Its system may hold as much again when all of it has gone out.
        var last = Start + (140 * 9 * Second);
        life = life.Measured(new PeerProgress(9500, 0, false, false), isWaiting: false, last + (10 * Second), Times);
        Assert.True(life.IsAlive(new PeerProgress(9500, 0, false, false), false, true, last + (149 * Second), Times));
        Assert.Equal(!answersPings, life.IsAlive(new PeerProgress(9500, 0, false, false), false, true, last + (150 * Second), Times));
    }

    [Theory]
    [InlineData(true, 5)]
    [InlineData(false, 25)]
    public void A_system_that_answers_nothing_ends_the_link(bool answersPings, int seconds)
    {
        var life = Liveness.Begin(answersPings, Start).Wrote(Start + Second);
        var now = Start + (25 * Second) + 1;
        Assert.True(life.NeedsMeasure(now, Times));
        Assert.False(IsAlive(life, new PeerProgress(0, (seconds * Second) + 1, HasQueue: true, HasUnsent: true), now));
        Assert.True(IsAlive(life, new PeerProgress(0, seconds * Second, HasQueue: true, HasUnsent: true), now));
    }

    [Fact]
    public void A_client_without_pings_is_asked_for_only_while_something_may_be_unacknowledged()
    {
        var now = Start + (26 * Second);
        var written = Plain.Wrote(now - (2 * Second));
        Assert.True(written.NeedsMeasure(now, Times));
        var acknowledged = new PeerProgress(10, 0, HasQueue: false, HasUnsent: false);
        // It has just been acknowledged: something may still be on its way to the system.
        var first = written.Measured(acknowledged, isWaiting: false, now, Times);
        Assert.False(first.NeedsMeasure(now + Second, Times));
        Assert.True(first.NeedsMeasure(now + (2 * Second), Times));
        var settled = first.Measured(acknowledged, isWaiting: false, now + (2 * Second), Times);
        Assert.False(settled.NeedsMeasure(now + (1000 * Second), Times));
        Assert.True(settled.IsAlive(isWaiting: false, isRead: true, now + (1000 * Second), Times));
        Assert.True(settled.Wrote(now + (3 * Second)).NeedsMeasure(now + (5 * Second), Times));
        var queued = first.Measured(acknowledged with { HasQueue = true }, isWaiting: false, now + (2 * Second), Times);
        Assert.True(queued.NeedsMeasure(now + (4 * Second), Times));
    }

    [Fact]
    public void A_client_that_is_not_read_is_not_silent()
    {
        var asked = Pinged.Pinged(10, Start + (15 * Second));
        Assert.True(asked.IsAlive(new PeerProgress(10, 0, false, false), isWaiting: false, isRead: false, Start + (100 * Second), Times));
        Assert.False(asked.IsAlive(new PeerProgress(10, (25 * Second) + 1, false, false), isWaiting: false, isRead: false, Start + (100 * Second), Times));
    }

    private static bool IsAlive(Liveness life, PeerProgress progress, long now) =>
        life.Measured(progress, isWaiting: false, now, Times).IsAlive(progress, isWaiting: false, isRead: true, now, Times);
}
