using Xunit;

namespace Presence.Tests.Clusters.Oracle;

/// <summary>
/// That the oracle finds every kind of fault, by name, and finds none where there is none: each fault is put into a chronicle that
/// is right without it.
/// </summary>
public sealed class JudgeTests
{
    private readonly Sketch _sketch = new();
    private readonly Draft _maker;
    private readonly Draft _near;
    private readonly Draft _far;

    public JudgeTests()
    {
        _maker = _sketch.Session("maker.1", node: 0);
        _near = _sketch.Session("near.1", node: 0);
        _far = _sketch.Session("far.1", node: 1);
    }

    // ---- nothing wrong

    [Fact]
    public void A_life_that_is_told_as_it_was_is_right()
    {
        _maker.Set(1, "1").Set(2, "2").Erases(3).Set(4, "3").Leaves(5);
        _near.Follows(0.1, [_maker]).SeesJoin(1.1, _maker["1"]).Sees(2.1, _maker["1"], _maker["2"]).SeesLeave(3.1, _maker["2"])
            .SeesJoin(4.1, _maker["3"]).SeesLeave(5.1, _maker["3"]);
        _far.Follows(1.5, [_maker], _maker["1"]).Sees(2.2, _maker["1"], _maker["2"]).SeesLeave(3.2, _maker["2"]).Unfollows(3.5, _maker);

        Assert.Empty(_sketch.Judge());
    }

    [Fact]
    public void A_status_in_between_may_be_skipped_and_so_may_an_erase()
    {
        _maker.Set(1, "1").Set(2, "2").Erases(2.1).Set(2.2, "3");
        _near.Follows(0.1, [_maker]).SeesJoin(1.1, _maker["1"]).Sees(2.3, _maker["1"], _maker["3"]);

        Assert.Empty(_sketch.Judge());
    }

    [Fact]
    public void An_answer_from_another_node_may_be_late_if_the_change_follows()
    {
        _maker.Set(1, "1");
        _far.Follows(2, [_maker]).SeesJoin(3, _maker["1"]);

        Assert.Empty(_sketch.Judge());
    }

    [Fact]
    public void The_empty_status_is_known_by_its_session()
    {
        _maker.Named().Set(0, "").Set(1, "1").Erases(2);
        _near.Follows(0.5, [_maker], _maker[""]).Sees(1.1, _maker[""], _maker["1"]).SeesLeave(2.1, _maker["1"]);

        Assert.Empty(_sketch.Judge());
    }

    [Fact]
    public void Somebody_who_is_cut_by_a_server_may_be_seen_to_leave_a_moment_before_it_notices()
    {
        _maker.Set(1, "1").IsCut(5);
        _far.Follows(2, [_maker], _maker["1"]).SeesLeave(4.5, _maker["1"]);

        Assert.Empty(_sketch.Judge());
    }

    [Fact]
    public void Sessions_of_a_frozen_node_may_leave_long_before_their_clients_are_cut()
    {
        _sketch.Disturb(DisturbanceKind.Frozen, 0, from: 10, to: 70);
        _maker.Set(1, "1").IsCut(71);
        _near.IsCut(71);
        _far.Follows(2, [_maker], _maker["1"]).SeesLeave(18, _maker["1"]);

        Assert.Empty(_sketch.Judge());
    }

    [Fact]
    public void What_other_own_devices_showed_before_is_not_told_but_what_changes_is()
    {
        var phone = _sketch.Session("phone.1", node: 1, other: _maker, at: 5);
        _maker.Set(1, "1").Set(6, "2");
        phone.Sees(6.1, _maker["1"], _maker["2"]);

        Assert.Empty(_sketch.Judge());
    }

    [Fact]
    public void A_follow_by_name_is_silent_about_whom_it_does_not_find_and_takes_effect_later()
    {
        _far.FollowsByName(0.5, [_maker]).SeesJoin(1.1, _maker["1"]);
        _maker.Set(1, "1");

        Assert.Empty(_sketch.Judge());
    }

    [Fact]
    public void Figures_tell_nodes_apart()
    {
        _maker.Set(1, "1").Leaves(5);
        _near.Follows(0.5, [_maker]).SeesJoin(1.25, _maker["1"]).SeesLeave(5.1, _maker["1"]);
        _far.Follows(0.5, [_maker]).SeesJoin(1.5, _maker["1"]).SeesLeave(5.2, _maker["1"]);

        var verdict = _sketch.Verdict();

        Assert.True(verdict.IsClean, verdict.ToString());
        Assert.Equal((250, 500), (verdict.SameNode.Longest.TotalMilliseconds, verdict.OtherNode.Longest.TotalMilliseconds));
        Assert.Equal((3, 3, 1, 2, 5), (verdict.Clients, verdict.Sessions, verdict.Updates, verdict.Follows, verdict.Events));
        Assert.Equal(200, verdict.EndLeaves.Longest.TotalMilliseconds, tolerance: 0.001);
    }

    // ---- E2: the chain

    [Fact]
    public void A_leave_that_was_not_shown_breaks_the_chain()
    {
        _maker.Set(1, "1").Set(2, "2").Set(3, "3");
        _near.Follows(0.1, [_maker]).SeesJoin(1.1, _maker["1"]).Sees(3.1, _maker["2"], _maker["3"]);

        Assert.Equal(["E2"], _sketch.Judge());
    }

    [Fact]
    public void A_join_without_a_leave_of_what_is_shown_breaks_the_chain()
    {
        _maker.Set(1, "1").Set(2, "2");
        _near.Follows(0.1, [_maker]).SeesJoin(1.1, _maker["1"]).SeesJoin(2.1, _maker["2"]);

        Assert.Equal(["E2"], _sketch.Judge());
    }

    [Fact]
    public void A_leave_of_somebody_who_is_not_shown_breaks_the_chain()
    {
        _maker.Set(1, "1").Erases(2);
        _far.Follows(2.5, [_maker]).SeesLeave(3, _maker["1"]);

        Assert.Equal(["E2"], _sketch.Judge());
    }

    [Fact]
    public void A_leave_that_comes_twice_breaks_the_chain()
    {
        _maker.Set(1, "1").Leaves(2);
        _near.Follows(0.1, [_maker]).SeesJoin(1.1, _maker["1"]).SeesLeave(2.1, _maker["1"]).SeesLeave(2.2, _maker["1"]);

        Assert.Equal(["E2"], _sketch.Judge());
    }

    [Fact]
    public void An_event_after_an_answer_starts_from_the_answer()
    {
        _maker.Set(1, "1").Set(2, "2").Set(3, "3");
        _near.Follows(0.1, [_maker]).SeesJoin(1.1, _maker["1"]).Follows(2.5, [_maker], _maker["2"]).Sees(3.1, _maker["1"], _maker["3"]);

        Assert.Equal(["E2"], _sketch.Judge());
    }

    // ---- E1, E3, E4: only what was set, once, in order

    [Fact]
    public void A_status_that_nobody_set_is_found()
    {
        _maker.Set(1, "1");
        _near.Follows(0.1, [_maker]).SeesJoin(1.1, _maker["other"]);

        Assert.Contains("E1", _sketch.Judge());
    }

    [Fact]
    public void A_status_that_is_told_before_it_was_set_is_found()
    {
        _maker.Set(2, "1");
        _near.Follows(0.1, [_maker]).SeesJoin(1.1, _maker["1"]);

        Assert.Contains("E1", _sketch.Judge());
    }

    [Fact]
    public void A_status_under_another_session_is_found()
    {
        var other = _sketch.Session("other.1", other: _maker);
        _maker.Named().Set(1, "1");
        other.Named().Set(1, "1");
        _near.Follows(0.1, [_maker]).SeesJoin(1.1, _maker["1"]).SeesJoin(1.2, other["1"] with { Status = "maker.1:1" });

        Assert.Contains("E1", _sketch.Judge(isAtRest: false));
    }

    [Fact]
    public void An_update_that_comes_twice_is_found()
    {
        _maker.Set(1, "1");
        _near.Follows(0.1, [_maker]).SeesJoin(1.1, _maker["1"]).Sees(1.2, _maker["1"], _maker["1"]);

        Assert.Equal(["E3"], _sketch.Judge());
    }

    [Fact]
    public void An_older_update_after_a_newer_one_is_found()
    {
        _maker.Set(1, "1").Set(2, "2");
        _near.Follows(0.1, [_maker]).SeesJoin(2.1, _maker["2"]).Sees(2.2, _maker["2"], _maker["1"]);

        Assert.Contains("E4", _sketch.Judge(isAtRest: false));
    }

    [Fact]
    public void A_session_that_comes_back_with_what_it_had_erased_is_found()
    {
        _maker.Set(1, "1").Erases(2);
        _near.Follows(0.1, [_maker]).SeesJoin(1.1, _maker["1"]).SeesLeave(2.1, _maker["1"]).SeesJoin(3, _maker["1"]);

        Assert.Contains("E4", _sketch.Judge(isAtRest: false));
    }

    [Fact]
    public void A_last_update_that_does_not_come_is_found_at_rest()
    {
        _maker.Set(1, "1").Set(2, "2");
        _near.Follows(0.1, [_maker]).SeesJoin(1.1, _maker["1"]);

        Assert.Empty(_sketch.Judge(isAtRest: false));
        Assert.Equal(["E3"], _sketch.Judge(isAtRest: true));
        Assert.True(_sketch.Verdict().MayStillSettle);
    }

    [Fact]
    public void A_session_that_is_never_told_is_found_at_rest()
    {
        _near.Follows(0.1, [_maker]);
        _maker.Set(1, "1");

        Assert.Equal(["E3"], _sketch.Judge(isAtRest: true));
    }

    [Fact]
    public void A_follower_by_name_must_know_the_truth_at_rest_as_well()
    {
        _far.FollowsByName(0.5, [_maker]);
        _maker.Set(1, "1");

        Assert.Equal(["E3"], _sketch.Judge(isAtRest: true));
    }

    [Fact]
    public void An_erased_session_that_is_still_shown_is_found_at_rest()
    {
        _maker.Set(1, "1").Erases(2);
        _near.Follows(0.1, [_maker]).SeesJoin(1.1, _maker["1"]);

        Assert.Equal(["E3"], _sketch.Judge(isAtRest: true));
    }

    [Fact]
    public void An_own_device_that_is_not_told_of_is_found_at_rest()
    {
        _ = _sketch.Session("phone.1", node: 1, other: _maker);
        _maker.Set(1, "1");

        Assert.Equal(["E3"], _sketch.Judge(isAtRest: true));
    }

    // ---- K2, E6, K3: leaves

    [Fact]
    public void A_leave_of_a_session_that_neither_erased_nor_ended_is_false()
    {
        _maker.Set(1, "1");
        _far.Follows(2, [_maker], _maker["1"]).SeesLeave(3, _maker["1"]);

        Assert.Contains("K2", _sketch.Judge(isAtRest: false));
    }

    [Fact]
    public void A_leave_and_a_join_again_because_of_anothers_crash_are_false()
    {
        _sketch.Disturb(DisturbanceKind.Killed, 2, from: 3, to: 12);
        _maker.Set(1, "1");
        _far.Follows(2, [_maker], _maker["1"]).SeesLeave(5, _maker["1"]).SeesJoin(6, _maker["1"]);

        Assert.Equal(["E3", "K2"], _sketch.Judge());
    }

    [Fact]
    public void A_leave_before_the_end_is_false()
    {
        _maker.Set(1, "1").Leaves(10);
        _far.Follows(2, [_maker], _maker["1"]).SeesLeave(9, _maker["1"]);

        Assert.Equal(["K2"], _sketch.Judge());
    }

    [Fact]
    public void A_leave_before_the_freeze_that_ends_it_is_false()
    {
        _sketch.Disturb(DisturbanceKind.Frozen, 0, from: 10, to: 70);
        _maker.Set(1, "1").IsCut(71);
        _near.IsCut(71);
        _far.Follows(2, [_maker], _maker["1"]).SeesLeave(9, _maker["1"]);

        Assert.Equal(["K2"], _sketch.Judge());
    }

    [Fact]
    public void A_leave_is_false_although_an_earlier_node_at_that_place_was_killed()
    {
        _sketch.Disturb(DisturbanceKind.Killed, 0, from: 1, to: 10);
        var again = _sketch.Session("maker.2", node: 0, other: _maker, at: 11);
        again.Set(12, "1").IsCut(30);
        _far.Follows(13, [_maker], again["1"]).SeesLeave(20, again["1"]);

        Assert.Contains("K2", _sketch.Judge());
    }

    [Fact]
    public void A_ghost_is_found()
    {
        _maker.Set(1, "1").Leaves(5);
        _far.Follows(2, [_maker], _maker["1"]);

        Assert.Equal(["E6"], _sketch.Judge());
    }

    [Fact]
    public void A_ghost_that_an_answer_shows_is_found()
    {
        _maker.Set(1, "1").Leaves(5);
        _far.Follows(40, [_maker], _maker["1"]).Unfollows(50, _maker);

        Assert.Equal(["E6"], _sketch.Judge());
    }

    [Fact]
    public void A_leave_that_comes_too_late_is_found()
    {
        _maker.Set(1, "1").Leaves(5);
        _far.Follows(2, [_maker], _maker["1"]).SeesLeave(30, _maker["1"]);

        Assert.Equal(["E6"], _sketch.Judge());
    }

    [Fact]
    public void A_session_that_comes_again_after_its_end_is_found()
    {
        _maker.Set(1, "1").Set(2, "2").Leaves(5);
        _far.Follows(1.5, [_maker], _maker["1"]).SeesLeave(5.2, _maker["1"]).SeesJoin(5.3, _maker["2"]).SeesLeave(5.4, _maker["2"]);

        Assert.Equal(["E6"], _sketch.Judge());
    }

    [Fact]
    public void A_killed_nodes_session_has_ten_seconds_to_leave()
    {
        _sketch.Disturb(DisturbanceKind.Killed, 0, from: 10, to: 60);
        _maker.Set(1, "1").IsCut(10.1);
        _near.IsCut(10.1);
        _far.Follows(2, [_maker], _maker["1"]);
        var late = _sketch.Session("late.1", node: 1).Follows(2, [_maker], _maker["1"]).SeesLeave(20.5, _maker["1"]);
        var inTime = _sketch.Session("inTime.1", node: 1).Follows(2, [_maker], _maker["1"]).SeesLeave(19, _maker["1"]);

        var verdict = _sketch.Verdict();

        Assert.All(verdict.Findings, f => Assert.Equal("K3", f.Clause));
        Assert.Equal([late.Life, _far.Life], verdict.Findings.Select(f => f.Follower));
        Assert.DoesNotContain(inTime.Life, verdict.Findings.Select(f => f.Follower));
        Assert.Equal(10_500, verdict.CrashLeaves.Longest.TotalMilliseconds, tolerance: 0.001);
    }

    // ---- F1, F2, F7, E5: follows

    [Fact]
    public void An_event_before_the_answer_is_found()
    {
        _maker.Set(1, "1");
        _near.SeesJoin(1.01, _maker["1"]).Follows(1, [_maker], _maker["1"]);

        Assert.Equal(["F2"], _sketch.Judge());
    }

    [Fact]
    public void An_answer_older_than_what_was_told_is_found()
    {
        _maker.Set(1, "1").Set(2, "2");
        _far.Follows(0.1, [_maker]).SeesJoin(2.2, _maker["2"]).Follows(2.3, [_maker], _maker["1"]);

        Assert.Contains("F2", _sketch.Judge(isAtRest: false));
    }

    [Fact]
    public void An_answer_older_than_what_was_told_before_an_unfollow_is_found()
    {
        _maker.Set(1, "1").Set(2, "2");
        _far.Follows(0.1, [_maker]).SeesJoin(2.2, _maker["2"]).Unfollows(2.3, _maker).Follows(2.5, [_maker], _maker["1"]);

        Assert.Contains("F2", _sketch.Judge(isAtRest: false));
    }

    [Fact]
    public void An_answer_that_lacks_somebody_who_is_shown_and_there_is_found()
    {
        _maker.Set(1, "1");
        _far.Follows(2, [_maker], _maker["1"]).Follows(3, [_maker]).SeesJoin(3.5, _maker["1"]);

        Assert.Contains("F2", _sketch.Judge(isAtRest: false));
    }

    [Fact]
    public void An_answer_with_a_stranger_is_found()
    {
        var stranger = _sketch.Session("stranger.1").Set(1, "1");
        _near.Follows(2, [_maker], stranger["1"]);

        Assert.Equal(["F1"], _sketch.Judge());
    }

    [Fact]
    public void An_answer_that_shows_a_session_twice_is_found()
    {
        _maker.Set(1, "1");
        _near.Follows(2, [_maker], _maker["1"], _maker["1"]);

        Assert.Contains("F1", _sketch.Judge());
    }

    [Fact]
    public void An_event_after_the_reply_to_an_unfollow_is_found()
    {
        _maker.Set(1, "1").Set(3, "2");
        _near.Follows(0.1, [_maker]).SeesJoin(1.1, _maker["1"]).Unfollows(2, _maker).Sees(3.1, _maker["1"], _maker["2"]);

        Assert.Contains("F7", _sketch.Judge());
    }

    [Fact]
    public void An_event_of_somebody_who_is_not_followed_is_found()
    {
        _maker.Set(1, "1");
        _near.SeesJoin(1.1, _maker["1"]);

        Assert.Equal(["E5"], _sketch.Judge());
    }

    [Fact]
    public void A_request_that_is_not_answered_is_found()
    {
        _maker.SetsInVain(5, "1");

        Assert.Equal(["F1"], _sketch.Judge());
        Assert.Empty(_sketch.Judge(at: 10));
    }

    [Fact]
    public void A_request_that_is_answered_too_late_is_found()
    {
        _maker.SetsSlowly(5, "1", answered: 25);

        Assert.Equal(["F1"], _sketch.Judge(isAtRest: false));
    }

    [Fact]
    public void Requests_wait_for_the_ones_before()
    {
        _maker.SetsSlowly(5, "1", answered: 13).SetsSlowly(5, "2", answered: 21).SetsSlowly(5, "3", answered: 29);

        Assert.Empty(_sketch.Judge(isAtRest: false));
    }

    [Fact]
    public void A_request_to_a_frozen_node_may_wait()
    {
        _sketch.Disturb(DisturbanceKind.Frozen, 0, from: 4, to: 80);
        _maker.SetsInVain(5, "1");

        Assert.Empty(_sketch.Judge(isAtRest: false));
    }

    [Fact]
    public void A_request_that_is_refused_is_found()
    {
        _near.IsRefused(1);

        Assert.Equal(["L3"], _sketch.Judge());
    }

    // ---- S7: what is acknowledged is in force

    [Fact]
    public void An_answer_that_lacks_what_was_acknowledged_on_the_same_node_is_found()
    {
        _maker.Set(1, "1");
        _near.Follows(2, [_maker]).SeesJoin(2.2, _maker["1"]);

        Assert.Equal(["S7"], _sketch.Judge());
    }

    [Fact]
    public void An_answer_that_shows_what_was_erased_on_the_same_node_is_found()
    {
        _maker.Set(1, "1").Erases(2);
        _near.Follows(3, [_maker], _maker["1"]).SeesLeave(3.2, _maker["1"]);

        Assert.Equal(["S7"], _sketch.Judge());
    }

    [Fact]
    public void A_change_that_neither_the_answer_nor_an_event_tells_another_node_is_found()
    {
        _maker.Set(1, "1").Set(2, "2");
        _far.Follows(3, [_maker], _maker["1"]);

        Assert.Contains("S7", _sketch.Judge(isAtRest: false));
        Assert.Empty(_sketch.Judge(at: 5, isAtRest: false));
    }

    [Fact]
    public void While_the_cluster_recovers_a_change_may_take_longer()
    {
        _sketch.Disturb(DisturbanceKind.Killed, 2, from: 2.5, to: 20);
        _maker.Set(1, "1").Set(2, "2");
        _far.Follows(3, [_maker], _maker["1"]).Sees(30, _maker["1"], _maker["2"]);

        Assert.Empty(_sketch.Judge());
    }

    // ---- what a finding says

    [Fact]
    public void A_finding_tells_the_clause_the_follower_and_what_led_to_it()
    {
        _maker.Set(1, "1").Set(2, "2");
        _near.Follows(0.1, [_maker]).SeesJoin(1.1, _maker["1"]).SeesJoin(2.1, _maker["2"]);

        var verdict = _sketch.Verdict().ToString();

        Assert.Contains("1 violations (E2 1)", verdict, StringComparison.Ordinal);
        Assert.Contains("E2 at 2.100, towards near.1", verdict, StringComparison.Ordinal);
        Assert.Contains("2.000 set 'maker.1:2', acknowledged 2.100", verdict, StringComparison.Ordinal);
        Assert.Contains("->2.100 event +[", verdict, StringComparison.Ordinal);
    }

    [Fact]
    public void A_verdict_shows_the_first_finding_of_each_clause()
    {
        _maker.Set(1, "1").Set(2, "2");
        _near.Follows(0.1, [_maker]).SeesJoin(1.1, _maker["1"]).SeesJoin(2.1, _maker["2"]);
        _far.SeesJoin(1.1, _maker["1"]).IsRefused(3).IsRefused(4);

        var verdict = _sketch.Verdict().ToString();

        Assert.Contains("4 violations (E2 1, E5 1, L3 2)", verdict, StringComparison.Ordinal);
        foreach (var first in (string[])["E2 at 2.100", "E5 at 1.100", "L3 at 3.100"])
            Assert.Contains(first, verdict, StringComparison.Ordinal);
        Assert.DoesNotContain("L3 at 4.100", verdict, StringComparison.Ordinal);
    }
}
