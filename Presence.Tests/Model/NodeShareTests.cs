using Presence.Actors.Messages;
using Presence.Actors.Model;
using Xunit;
using static Presence.Tests.Model.Samples;

namespace Presence.Tests.Model;

[Trait("Clause", "E2")]
public sealed class NodeShareTests
{
    // The version of a report that has to be sent for what was learned.
    private const long Next = 1000;

    private static readonly Departed Nobody = Departed.Nobody;

    [Fact]
    [Trait("Clause", "L4")]
    public void A_change_that_may_not_be_reported_waits_and_is_merged_into_the_next_report()
    {
        var session = SessionId.New();
        var first = NodeShare.None.Put(new SessionStatus(session, "alice", "one", 1), 1, mayReport: false);
        Assert.False(first.MustReport);
        Assert.True(first.Next.HasOnlyUnsent && first.Next.IsOwed);

        var second = first.Next.Put(new SessionStatus(session, "alice", "two", 2), 2, mayReport: false);
        var sent = second.Next.Resend(3);

        Assert.True(sent.MustReport);
        Assert.False(sent.Next.HasUnsent);
        Assert.Equal("two", Assert.Single(sent.Next.Own).Status);
    }

    [Fact]
    [Trait("Clause", "E4")]
    public void An_update_that_is_older_than_what_is_known_changes_nothing()
    {
        var share = NodeShare.None.Put(Status(1, 5), 2).Next;
        foreach (var revision in (long[])[4, 5])
        {
            var step = share.Put(Status(1, revision), 3);
            Assert.Same(share, step.Next);
            Assert.False(step.MustReport);
        }

        Assert.Equal(Status(1, 6), Assert.Single(share.Put(Status(1, 6), 3).Next.Own));
    }

    [Fact]
    [Trait("Clause", "S4")]
    public void To_remove_what_is_not_shown_changes_nothing()
    {
        var share = NodeShare.None.Put(Status(1, 1), 2).Next;
        Assert.Same(share, share.Remove(Session(2), 3).Next);
        Assert.False(share.Remove(Session(2), 3).MustReport);
        Assert.True(share.Remove(Session(1), 3).MustReport);
        Assert.Empty(share.Remove(Session(1), 3).Next.Own);
    }

    [Fact]
    [Trait("Clause", "F4")]
    public void To_watch_again_or_not_to_watch_again_changes_nothing()
    {
        var watching = NodeShare.None.Watch(2).Next;
        Assert.Same(watching, watching.Watch(3).Next);
        Assert.Same(NodeShare.None, NodeShare.None.Unwatch(3).Next);
    }

    [Fact]
    [Trait("Clause", "F9")]
    public void To_enter_is_to_watch_and_to_show_in_one_report()
    {
        var entered = NodeShare.None.Enter(Status(1, 1), 2);
        Assert.True(entered.MustReport);
        var report = entered.Next.ToReport(Subject.OfName("somebody"), R1, entered.Report!);
        Assert.True(report.Watching);
        Assert.Equal(2, report.Page.Version);
        Assert.Equal(Status(1, 1), Assert.Single(report.Page.Sessions));
        Assert.False(entered.Next.IsSettled);

        var accepted = entered.Next.Accept(Accepted(2), R1, Nobody, Next);
        Assert.Equal(">s1@1", Told(accepted.Changes));
        Assert.True(accepted.Next.IsSettled);
        Assert.False(accepted.Next.IsOwed);
        Assert.Same(accepted.Next, accepted.Next.Enter(null, 3).Next);
        Assert.True(NodeShare.None.Enter(null, 2).MustReport);
    }

    [Fact]
    [Trait("Clause", "S7")]
    public void An_own_change_is_shown_when_a_home_has_accepted_it()
    {
        var put = Settled().Put(Status(1, 1), 3);
        Assert.True(put.MustReport);
        Assert.Empty(put.Changes);
        Assert.Empty(put.Next.Accept(Accepted(2), R1, Nobody, Next).Changes);
        var accepted = put.Next.Accept(Accepted(3), R1, Nobody, Next);
        Assert.Equal(">s1@1", Told(accepted.Changes));
        Assert.False(accepted.Next.IsOwed);
        Assert.Empty(accepted.Next.Accept(Accepted(3), R1, Nobody, Next).Changes);
    }

    [Fact]
    [Trait("Clause", "S7")]
    public void What_is_accepted_is_shown_and_not_what_came_after_it()
    {
        var share = Settled().Put(Status(1, 1), 3).Next.Put(Status(1, 2), 4).Next.Remove(Session(1), 5).Next;
        var first = share.Accept(Accepted(3), R1, Nobody, Next);
        Assert.Equal(">s1@1", Told(first.Changes));
        var second = first.Next.Accept(Accepted(4), R1, Nobody, Next);
        Assert.Equal("s1@1>s1@2", Told(second.Changes));
        Assert.Equal("s1@2>", Told(second.Next.Accept(Accepted(5), R1, Nobody, Next).Changes));
    }

    [Fact]
    [Trait("Clause", "K2")]
    public void The_answer_to_a_later_report_stands_for_the_lost_answers_before_it()
    {
        var share = Settled().Put(Status(1, 1), 3).Next.Put(Status(1, 2), 4).Next;
        var step = share.Accept(Accepted(4), R1, Nobody, Next);
        Assert.Equal(">s1@2", Told(step.Changes));
        Assert.False(step.Next.IsOwed);
    }

    [Fact]
    [Trait("Clause", "L1")]
    public void Beyond_the_window_changes_wait_and_go_as_one_report()
    {
        var share = Settled();
        var version = 2L;
        for (var i = 0; i < NodeShare.Window; i++)
        {
            var step = share.Put(Status(1, ++version), version);
            Assert.True(step.MustReport);
            share = step.Next;
        }

        for (var i = 0; i < 3; i++)
        {
            var step = share.Put(Status(1, ++version), version);
            Assert.False(step.MustReport);
            share = step.Next;
        }

        Assert.True(share.IsOwed);
        var freed = share.Accept(Accepted(3), R1, Nobody, Next);
        Assert.True(freed.MustReport);
        Assert.Equal(version, freed.Next.ToReport(User, R1, freed.Report!).Page.Version);
        Assert.Equal($"s1@{version}", Assert.Single(freed.Next.ToReport(User, R1, freed.Report!).Page.Sessions).Status);

        var all = freed.Next.Accept(Accepted(version), R1, Nobody, Next);
        Assert.Equal($"s1@3>s1@{version}", Told(all.Changes));
        Assert.False(all.MustReport);
        Assert.False(all.Next.IsOwed);
    }

    [Fact]
    [Trait("Clause", "F2")]
    public void A_watch_is_settled_when_a_home_has_accepted_it_and_not_by_what_it_accepted_before()
    {
        var share = NodeShare.None.Put(Status(1, 1), 2).Next.Watch(3).Next;
        Assert.False(share.IsSettled);
        share = share.Accept(Accepted(2), R1, Nobody, Next).Next;
        Assert.False(share.IsSettled);
        share = share.Accept(Accepted(3, 1, 7, new BookPage(R2, PageAt(5, Status(2, 1)))), R1, Nobody, Next).Next;
        Assert.True(share.IsSettled);
        Assert.Equal(["s1@1", "s2@1"], share.Book.Sessions.Select(s => s.Status).Order(StringComparer.Ordinal));

        var again = share.Unwatch(4).Next.Watch(5).Next;
        Assert.False(again.IsSettled);
        Assert.True(again.Book.ShowsNothing);
        Assert.True(again.Accept(Accepted(5), R1, Nobody, Next).Next.IsSettled);
    }

    [Fact]
    [Trait("Clause", "F8")]
    public void A_share_is_forgotten_when_it_stands_for_nothing_and_that_is_accepted()
    {
        Assert.True(NodeShare.None.IsForgettable);
        var share = NodeShare.None.Put(Status(1, 1), 2).Next.Watch(3).Next;
        share = share.Accept(Accepted(3), R1, Nobody, Next).Next;
        Assert.False(share.IsForgettable);
        share = share.Remove(Session(1), 4).Next.Accept(Accepted(4), R1, Nobody, Next).Next;
        Assert.False(share.IsForgettable);
        share = share.Unwatch(5).Next;
        Assert.False(share.IsForgettable);
        Assert.True(share.Accept(Accepted(5), R1, Nobody, Next).Next.IsForgettable);
    }

    [Fact]
    [Trait("Clause", "K2")]
    public void The_next_change_is_taken_as_it_is()
    {
        var step = Settled().Changed(Changed(1, R2, PageAt(5, Status(2, 1))), Nobody, Next);
        Assert.Equal(">s2@1", Told(step.Changes));
        Assert.False(step.MustReport);
    }

    /// <summary>The last change of home 1 that is known is the 4th.</summary>
    [Theory]
    [InlineData(1, 5, false)]
    [InlineData(1, 6, true)]
    [InlineData(1, 9, true)]
    [InlineData(1, 4, false)]
    [InlineData(1, 1, false)]
    [InlineData(2, 5, true)]
    [InlineData(2, 1, true)]
    [Trait("Clause", "K2")]
    public void A_gap_or_an_unknown_life_of_the_home_is_reason_to_report(long incarnation, long sequence, bool reports)
    {
        var share = NodeShare.None.Watch(2).Next.Accept(Accepted(2, incarnation: 1, sequence: 4), R1, Nobody, Next).Next;
        var step = share.Changed(Changed(sequence, R2, PageAt(5, Status(2, 1)), incarnation), Nobody, Next);
        Assert.Equal(incarnation == 1 && sequence <= 4 ? "" : ">s2@1", Told(step.Changes));
        Assert.Equal(reports, step.MustReport);
    }

    [Fact]
    [Trait("Clause", "E6")]
    public void What_answers_a_watch_that_is_over_is_not_shown_to_the_next_one()
    {
        var share = NodeShare.None.Watch(2).Next.Unwatch(3).Next.Watch(4).Next;
        var late = share.Accept(Accepted(2, 1, 5, new BookPage(R2, PageAt(5, Status(2, 1)))), R1, Nobody, Next).Next;
        Assert.Empty(late.Book.Sessions);
        var now = late.Accept(Accepted(4, 1, 8), R1, Nobody, Next).Next;
        Assert.True(now.IsSettled);
        Assert.Empty(now.Changed(Changed(6, R2, PageAt(5, Status(2, 1))), Nobody, Next).Changes);
    }

    [Fact]
    [Trait("Clause", "E6")]
    public void What_was_learned_after_the_report_that_a_new_home_has_taken_is_reported_again_and_accepted_by_itself()
    {
        var share = Settled().Resend(Next).Next.Changed(Changed(1, R2, PageAt(5, Status(2, 1))), Nobody, Next).Next;
        var step = share.Accept(Accepted(2, incarnation: 2), R1, Nobody, Next);
        Assert.True(step.MustReport);
        Assert.Contains(new Known(R2, 5), step.Next.ToReport(User, R1, step.Report!).Digest);
        Assert.True(step.Next.Accept(Accepted(2, incarnation: 2), R1, Nobody, Next + 1).Next.IsOwed);
        Assert.False(step.Next.Accept(Accepted(Next, incarnation: 2), R1, Nobody, Next + 1).Next.IsOwed);
    }

    [Fact]
    [Trait("Clause", "S7")]
    public void A_new_home_that_has_taken_something_old_is_told_the_newest()
    {
        var share = NodeShare.None.Put(Status(1, 1), 2).Next.Put(Status(1, 2), 3).Next.Accept(Accepted(3), R1, Nobody, Next).Next;
        Assert.True(share.Accept(Accepted(2, incarnation: 2), R1, Nobody, Next).MustReport);
        Assert.False(share.Accept(Accepted(2), R1, Nobody, Next).MustReport);
    }

    /// <summary>Changes 5 to 8 come as one, or 6 to 8 do and the 5th is lost.</summary>
    [Theory]
    [InlineData(5, false)]
    [InlineData(6, true)]
    [Trait("Clause", "K5")]
    public void Changes_that_come_as_one_make_no_gap_of_their_own(long since, bool reports)
    {
        var share = NodeShare.None.Watch(2).Next.Accept(Accepted(2, incarnation: 1, sequence: 4), R1, Nobody, Next).Next;
        var step = share.Changed(
            new PresenceChanged(User, 1, since, 8, [new BookPage(R2, PageAt(5, Status(2, 1))), new BookPage(R3, PageAt(9, Status(3, 1)))]), Nobody, Next);
        Assert.Equal(">s2@1, >s3@1", Told(step.Changes));
        Assert.Equal(reports, step.MustReport);
        Assert.False(step.Next.Changed(Changed(9, R2, PageAt(6)), Nobody, Next).MustReport);
    }

    /// <summary>
    /// Change 3 was told to an earlier watch, which ended; changes 5 to 8 were told to this one. They arrive merged. A relay that left between
    /// the watches was not reported to this node.
    /// </summary>
    [Fact]
    [Trait("Clause", "F2")]
    [Trait("Clause", "E4")]
    public void A_change_that_begins_before_the_watch_says_nothing_of_relays_that_may_have_left()
    {
        var share = NodeShare.None.Watch(2).Next.Accept(Accepted(2, incarnation: 1, sequence: 4) with { Newer = [new BookPage(R2, PageAt(4))] }, R1, Nobody, Next).Next;
        var step = share.Changed(
            new PresenceChanged(User, 1, 3, 8, [new BookPage(R2, PageAt(5, Status(2, 1))), new BookPage(R3, PageAt(9, Status(3, 1)))]), Nobody, Next);
        Assert.Equal(">s2@1", Told(step.Changes));
        Assert.True(step.MustReport);
        Assert.False(step.Next.Changed(Changed(9, R2, PageAt(6)), Nobody, Next).MustReport);
    }

    [Fact]
    [Trait("Clause", "K2")]
    public void A_gap_is_reason_to_report_once()
    {
        var share = Settled().Changed(Changed(3, R2, PageAt(5)), Nobody, Next).Next;
        Assert.False(share.Changed(Changed(4, R2, PageAt(6)), Nobody, Next).MustReport);
    }

    [Fact]
    [Trait("Clause", "K2")]
    public void A_new_life_of_the_home_counts_from_what_it_said_when_it_accepted()
    {
        var share = Settled().Changed(Changed(1, R2, PageAt(5)), Nobody, Next).Next.Resend(Next).Next
            .Accept(Accepted(2, incarnation: 2, sequence: 0), R1, Nobody, Next).Next;
        Assert.False(share.Changed(Changed(1, R2, PageAt(6), incarnation: 2), Nobody, Next).MustReport);
        Assert.True(share.Changed(Changed(2, R2, PageAt(6), incarnation: 2), Nobody, Next).MustReport);
        Assert.True(share.Changed(Changed(2, R2, PageAt(6), incarnation: 1), Nobody, Next).MustReport);
    }

    [Fact]
    [Trait("Clause", "K2")]
    public void An_answer_that_comes_late_makes_no_gap()
    {
        var share = NodeShare.None.Watch(2).Next.Accept(Accepted(2, sequence: 7), R1, Nobody, Next).Next
            .Accept(Accepted(2, sequence: 3), R1, Nobody, Next).Next;
        Assert.False(share.Changed(Changed(8, R2, PageAt(5)), Nobody, Next).MustReport);
    }

    [Fact]
    [Trait("Clause", "E4")]
    public void A_page_that_comes_late_is_not_shown()
    {
        var share = Settled().Changed(Changed(2, R2, PageAt(6, Status(2, 2))), Nobody, Next).Next;
        Assert.Empty(share.Changed(Changed(1, R2, PageAt(5, Status(2, 1))), Nobody, Next).Changes);
    }

    [Fact]
    [Trait("Clause", "F7")]
    public void Who_does_not_watch_and_is_told_says_so()
    {
        var step = NodeShare.None.Put(Status(1, 1), 2).Next.Changed(Changed(1, R2, PageAt(5, Status(2, 1))), Nobody, Next);
        Assert.Empty(step.Changes);
        Assert.True(step.MustReport);
        Assert.False(step.Next.ToReport(User, R1, step.Report!).Watching);
    }

    [Fact]
    [Trait("Clause", "K3")]
    public void What_a_removed_node_showed_leaves_at_once_and_does_not_come_again()
    {
        var departed = Nobody.With(R2.Node);
        var share = Settled().Changed(Changed(1, R2, PageAt(5, Status(2, 1))), Nobody, Next).Next
            .Changed(Changed(2, R3, PageAt(5, Status(3, 1))), Nobody, Next).Next;
        var step = share.Retire(departed);
        Assert.Equal("s2@1>", Told(step.Changes));
        Assert.Empty(step.Next.Retire(departed).Changes);
        Assert.Empty(step.Next.Changed(Changed(3, R2, PageAt(6, Status(2, 2))), departed, Next).Changes);

        // Nor at somebody who never knew it there.
        Assert.Empty(Settled().Changed(Changed(1, R2, PageAt(6, Status(2, 2))), departed, Next).Changes);
        Assert.Empty(Settled().Accept(Accepted(2, 1, 1, new BookPage(R2, PageAt(6, Status(2, 2)))), R1, departed, Next).Changes);
    }

    [Fact]
    [Trait("Clause", "E6")]
    public void A_leave_that_was_shown_by_the_node_itself_is_not_told_again_by_the_home()
    {
        var share = Settled().Changed(Changed(1, R2, PageAt(5, Status(2, 1))), Nobody, Next).Next.Retire(Nobody.With(R2.Node)).Next;
        Assert.Empty(share.Changed(Changed(2, R2, Page.Retired), Nobody.With(R2.Node), Next).Changes);
    }

    [Fact]
    [Trait("Clause", "E6")]
    public void What_a_failed_relay_showed_leaves_when_the_one_in_its_place_is_heard_of()
    {
        var next = R2 with { Incarnation = 1 };
        var share = Settled().Changed(Changed(1, R2, PageAt(5, Status(2, 1))), Nobody, Next).Next;
        var step = share.Changed(Changed(2, next, PageAt(1, Status(3, 1))), Nobody, Next);
        Assert.Equal(">s3@1, s2@1>", Told(step.Changes));
        Assert.Equal("1.0:2, 2.1:1", Told(step.Next.Book.Pages));
        // What a home tells late of the failed one changes nothing, and is not kept.
        Assert.Empty(step.Next.Changed(Changed(3, R2, PageAt(6, Status(2, 2))), Nobody, Next).Changes);
        Assert.Equal("1.0:2, 2.1:1", Told(step.Next.Changed(Changed(3, R2, Page.Retired), Nobody, Next).Next.Book.Pages));
    }

    /// <summary>
    /// The change that says that a relay has gone comes merged with one of an earlier watch, and overtakes an answer in which that relay
    /// still shows something.
    /// </summary>
    [Fact]
    [Trait("Clause", "E6")]
    public void What_left_by_a_change_that_was_not_taken_is_not_shown_by_an_answer_from_before()
    {
        var share = NodeShare.None.Watch(2).Next.Accept(Accepted(2, sequence: 4), R1, Nobody, 3).Next
            .Put(Status(1, 1), 5).Next.Put(Status(1, 2), 6).Next;
        var step = share.Changed(Changed(3, R2, Page.Retired) with { Sequence = 8 }, Nobody, 7);
        Assert.Equal(7, step.Report!.Version);
        share = step.Next.Accept(Accepted(6, sequence: 7, newer: new BookPage(R2, PageAt(5, Status(2, 1)))), R1, Nobody, 8).Next;
        share = share.Accept(Accepted(7, sequence: 8), R1, Nobody, 9).Next;
        Assert.Equal("s1@2", string.Join(' ', share.Book.Sessions.Select(s => s.Status)));
        Assert.False(share.IsOwed);
    }

    [Fact]
    [Trait("Clause", "F1")]
    public void Without_a_home_a_node_shows_what_it_knows_itself()
    {
        var share = NodeShare.None.Put(Status(1, 1), 2).Next.Watch(3).Next;
        var alone = share.SettleAlone(R1);
        Assert.Equal(">s1@1", Told(alone.Changes));
        Assert.False(alone.Next.IsSettled);
        Assert.Equal(">s2@1", Told(alone.Next.Accept(Accepted(3, 1, 1, new BookPage(R2, PageAt(9, Status(2, 1)))), R1, Nobody, Next).Changes));
    }

    [Fact]
    [Trait("Clause", "K2")]
    public void To_send_again_is_to_send_the_present_state_and_what_is_known()
    {
        var share = Settled().Changed(Changed(1, R2, PageAt(5)), Nobody, Next).Next.Put(Status(1, 1), 3).Next;
        var step = share.Resend(Next);
        Assert.True(step.MustReport);
        var report = step.Next.ToReport(User, R1, step.Report!);
        Assert.Equal(3, report.Page.Version);
        Assert.True(report.Watching);
        Assert.Contains(new Known(R2, 5), report.Digest);
        Assert.Equal(">s1@1", Told(step.Next.Accept(Accepted(3), R1, Nobody, Next).Changes));
    }

    // Watches since version 2, which home 1 has accepted before its first change.
    private static NodeShare Settled() => NodeShare.None.Watch(2).Next.Accept(Accepted(2), R1, Nobody, Next).Next;
}
