using CsCheck;
using Presence.Client;
using Presence.Client.Requests;
using Presence.Client.Rosters;
using Xunit;

namespace Presence.Tests.Client.Rosters;

/// <summary>How answers and events become changes, whatever a server sends.</summary>
public sealed class LedgerTests
{
    private static readonly Guid Alice = Guid.NewGuid();
    private static readonly Guid Bob = Guid.NewGuid();

    private readonly List<StatusChange> _told = [];
    private readonly Ledger _ledger;

    public LedgerTests() => _ledger = new Ledger(_told.Add);

    [Fact]
    [Trait("Clause", "F2")]
    public void The_answer_to_a_follow_is_told_by_itself_and_changes_begin_there()
    {
        Assert.Equal([Shown("one")], Follow([Alice], [], Shown("one")));
        Assert.Empty(_told);
        _ledger.Apply(Shown("one"), Shown("two"));
        Assert.Equal([Change("one", "two")], _told);
        Assert.Equal([Shown("two")], _ledger.Roster);
    }

    [Fact]
    [Trait("Clause", "F2")]
    public void What_happens_between_the_parts_of_an_answer_is_in_the_answer()
    {
        var follow = new FollowRequest([Alice, Bob], []);
        _ledger.Begin(follow);
        var since = _ledger.Now;
        _ledger.Answer(follow, [Alice], [Shown("one")], since);
        _ledger.Apply(Shown("one"), Shown("two"));
        Assert.Empty(_ledger.Roster);
        _ledger.Answer(follow, [Bob], [], since);
        Assert.Equal([Shown("two")], _ledger.Complete(follow));
        Assert.Empty(_told);
    }

    [Theory]
    [InlineData("one", null, "one", 0)] // A join of what is shown already.
    [InlineData("one", null, "two", 1)] // A join of another status: an update.
    [InlineData("one", "zero", "one", 0)] // An update whose end is known already.
    [InlineData("one", "one", "one", 1)] // The same again, said to be an update (contract S8).
    [InlineData("one", "zero", "two", 1)]
    [InlineData("one", "zero", null, 1)] // A leave of another status.
    [InlineData(null, "one", null, 0)] // A leave of what was never shown.
    [InlineData(null, "one", "two", 1)] // An update of what was never shown: a join.
    [Trait("Clause", "E2")]
    public void A_change_begins_at_what_was_shown_last(string? last, string? leave, string? join, int changes)
    {
        Follow([Alice], [], last is null ? [] : [Shown(last)]);
        _ledger.Apply(leave is null ? null : Shown(leave), join is null ? null : Shown(join));
        Assert.Equal(changes, _told.Count);
        Assert.All(_told, change => Assert.Equal(Change(last, join), change));
        Assert.Equal(join is null ? [] : [Shown(join)], _ledger.Roster);
    }

    [Fact]
    [Trait("Clause", "E5")]
    public void Who_is_not_followed_is_not_told_of()
    {
        _ledger.Apply(null, Shown("one"));
        Follow([Alice], [], Shown("one"));
        _ledger.Unfollow(Alice);
        _ledger.Apply(Shown("one"), Shown("two"));
        Assert.Empty(_told);
        Assert.Empty(_ledger.Roster);
    }

    [Fact]
    [Trait("Clause", "F4")]
    public void An_answer_about_who_is_followed_already_is_told_as_changes_where_it_differs()
    {
        Follow([Alice], [], Shown("gone", "s1"), Shown("same", "s2"), Shown("old", "s3"));
        Follow([Alice], [], Shown("same", "s2"), Shown("new", "s3"), Shown("come", "s4"));
        // Who leaves comes last.
        Assert.Equal([Change("old", "new", "s3"), Change(null, "come", "s4"), Change("gone", null, "s1")], _told);
    }

    [Fact]
    [Trait("Clause", "F2")]
    public void An_answer_that_is_older_than_an_event_does_not_count_for_its_session()
    {
        var follow = new FollowRequest([Alice], []);
        _ledger.Begin(follow);
        var since = _ledger.Now;
        _ledger.Apply(Shown("one"), null);
        _ledger.Apply(null, Shown("new", "s2"));
        // Nakama's ghost: the leave overtakes the snapshot.
        _ledger.Answer(follow, [Alice], [Shown("one"), Shown("other", "s3")], since);
        Assert.Equivalent(new[] { Shown("new", "s2"), Shown("other", "s3") }, _ledger.Complete(follow), strict: true);
        _ledger.Apply(Shown("other", "s3"), null);
        Assert.Equal([Change("other", null, "s3")], _told);
    }

    [Fact]
    [Trait("Clause", "F7")]
    public void A_follow_behind_an_unfollow_starts_from_nothing()
    {
        Follow([Alice], [], Shown("one"));
        var again = new FollowRequest([Alice], []);
        _ledger.Begin(again);
        var since = _ledger.Now;
        // Still of the first follow; what alice shows between the two is not told.
        _ledger.Apply(Shown("one"), Shown("two"));
        _ledger.Unfollow(Alice);
        _ledger.Answer(again, [Alice], [Shown("three")], since);
        Assert.Equal([Shown("three")], _ledger.Complete(again));
        Assert.Equal([Change("one", "two")], _told);
        Assert.Equal([Shown("three")], _ledger.Roster);
    }

    [Fact]
    [Trait("Clause", "F6")]
    public void A_name_that_nobody_has_is_awaited_and_then_the_user_is_followed()
    {
        Assert.Empty(Follow([], ["alice"]));
        Assert.Equal(["alice"], _ledger.AwaitedNames);
        _ledger.Apply(null, Shown("here"));
        Assert.Equal([Change(null, "here")], _told);
        Assert.Empty(_ledger.AwaitedNames);
        Assert.Equal([Alice], _ledger.FollowedUsers);
        // Another user of that name later is somebody else.
        _ledger.Apply(null, new UserPresence(Bob, "s9", "alice", "me too"));
        Assert.Single(_told);
    }

    [Fact]
    [Trait("Clause", "F6")]
    public void A_name_that_somebody_has_is_a_follow_of_that_user()
    {
        Assert.Equal([Shown("here")], Follow([], ["alice"], Shown("here")));
        Assert.Empty(_ledger.AwaitedNames);
        Assert.Equal([Alice], _ledger.FollowedUsers);
        Assert.Empty(_told);
    }

    [Fact]
    [Trait("Clause", "F7")]
    public void Who_was_unfollowed_before_it_was_known_that_an_awaited_name_is_theirs_stays_so()
    {
        Follow([], ["alice"]);
        _ledger.Unfollow(Alice);
        _ledger.Apply(null, Shown("here"));
        Assert.Equal([Alice], _ledger.TakeUnwanted());
        _ledger.Apply(Shown("here"), Shown("there"));
        Assert.Empty(_ledger.TakeUnwanted());
        // Should the server tell of them even after that, it is asked again.
        _ledger.Undone([Alice]);
        _ledger.Apply(Shown("there"), null);
        Assert.Equal([Alice], _ledger.TakeUnwanted());
        Assert.Empty(_told);
        Assert.Empty(_ledger.AwaitedNames);
        // But a new follow counts.
        Assert.Equal([Shown("here")], Follow([Alice], [], Shown("here")));
    }

    [Fact]
    [Trait("Clause", "F6")]
    public void Who_shows_an_awaited_name_while_another_follow_of_theirs_is_being_ended_is_to_be_asked_for()
    {
        Follow([], ["alice"]);
        foreach (var isShown in (bool[])[false, true])
        {
            var given = new FollowRequest([Alice], []);
            _ledger.Begin(given);
            _ledger.Abandon(given, wasAccepted: true);
            Assert.Equal([Alice], _ledger.TakeUnwanted());
            if (isShown)
                _ledger.Apply(null, Shown("here"));
            Assert.Equal(isShown ? [Alice] : [], _ledger.Undone([Alice]));
        }

        Assert.Equal([Change(null, "here")], _told);
    }

    [Fact]
    [Trait("Clause", "F6")]
    public void Who_was_unfollowed_is_told_again_when_the_name_is_followed_again()
    {
        Follow([], ["alice"]);
        _ledger.Unfollow(Alice);
        Follow([], ["alice"]);
        _ledger.Apply(null, Shown("here"));
        Assert.Empty(_ledger.TakeUnwanted());
        Assert.Equal([Change(null, "here")], _told);
    }

    [Fact]
    [Trait("Clause", "F2")]
    public void Who_was_unfollowed_and_is_followed_again_by_id_starts_at_the_answer()
    {
        Follow([], ["alice"]);
        _ledger.Unfollow(Alice);
        Assert.Equal([Shown("here")], Follow([Alice], [], Shown("here")));
        Assert.Empty(_told);
    }

    [Theory]
    [InlineData(false, false)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    [Trait("Clause", "F7")]
    public void Who_was_unfollowed_stays_so_when_the_client_itself_asks_for_the_name_again(bool isNewLink, bool isShownInAnswer)
    {
        Follow([Bob], ["alice"]);
        _ledger.Unfollow(Alice);
        if (isNewLink)
            _ledger.LinkLost();
        var again = Repeat();
        Answer(again, isShownInAnswer ? [Shown("here")] : []);
        Assert.Empty(_ledger.Complete(again));
        _ledger.Apply(isShownInAnswer ? Shown("here") : null, Shown("there"));
        Assert.Equal([Alice], _ledger.TakeUnwanted());
        _ledger.Apply(Shown("there"), null);
        Assert.Empty(_ledger.TakeUnwanted());
        Assert.Empty(_told);
        Assert.Empty(_ledger.Roster);
        Assert.Equal([Bob], _ledger.FollowedUsers);
        Assert.Empty(_ledger.AwaitedNames);
    }

    [Fact]
    [Trait("Clause", "F7")]
    public void Who_was_unfollowed_stays_so_when_an_event_comes_before_the_answer_to_the_repetition()
    {
        Follow([], ["alice"]);
        _ledger.Unfollow(Alice);
        var again = Repeat();
        _ledger.Apply(null, Shown("here"));
        Assert.Equal([Alice], _ledger.TakeUnwanted());
        Answer(again, Shown("here"));
        Assert.Empty(_ledger.Complete(again));
        Assert.Empty(_ledger.TakeUnwanted());
        Assert.Empty(_told);
        Assert.Empty(_ledger.FollowedUsers);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    [Trait("Clause", "F7")]
    public void Who_is_unfollowed_while_the_name_is_asked_for_again_is_not_followed_by_it(bool isKnown)
    {
        Follow([], ["alice"]);
        // The unfollow is on its way; the repetition is sent behind it.
        var again = Repeat();
        if (isKnown)
            _ledger.Apply(null, Shown("here"));
        _ledger.Unfollow(Alice);
        Assert.Empty(_ledger.Roster);
        Answer(again, Shown("here"));
        Assert.Empty(_ledger.Complete(again));
        Assert.Equal([Alice], _ledger.TakeUnwanted());
        Assert.Empty(_ledger.Roster);
        Assert.Empty(_ledger.FollowedUsers);
        Assert.Equal(isKnown ? 1 : 0, _told.Count);
    }

    [Fact]
    [Trait("Clause", "F7")]
    public void Who_is_unfollowed_behind_the_answer_to_a_repetition_is_followed_no_more()
    {
        Follow([], ["alice"]);
        _ledger.LinkLost();
        var again = Repeat();
        Answer(again, Shown("here"));
        _ledger.Complete(again);
        Assert.Equal([Change(null, "here")], _told);
        _ledger.Unfollow(Alice);
        Assert.Empty(_ledger.TakeUnwanted());
        _ledger.LinkLost();
        var last = Repeat();
        Assert.Empty(last.Users);
        Assert.Empty(last.Names);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    [Trait("Clause", "F7")]
    public void Who_was_unfollowed_and_is_followed_again_is_told_whatever_the_client_repeats(bool isById)
    {
        Follow([], ["alice"]);
        _ledger.Unfollow(Alice);
        var again = Repeat();
        var wanted = isById ? new FollowRequest([Alice], []) : new FollowRequest([], ["alice"]);
        _ledger.Begin(wanted);
        // Unfollowing now would end what the caller has asked for since.
        _ledger.Apply(null, Shown("here"));
        Assert.Empty(_ledger.TakeUnwanted());
        Answer(again, Shown("here"));
        Assert.Empty(_ledger.Complete(again));
        Assert.Empty(_ledger.TakeUnwanted());
        Answer(wanted, Shown("here"));
        Assert.Equal([Shown("here")], _ledger.Complete(wanted));
        Assert.Empty(_ledger.TakeUnwanted());
        Assert.Empty(_told);
        // And on the next link.
        _ledger.LinkLost();
        var restored = Repeat();
        Answer(restored, Shown("there"));
        _ledger.Complete(restored);
        Assert.Empty(_ledger.TakeUnwanted());
        Assert.Equal([Change("here", "there")], _told);
    }

    [Fact]
    [Trait("Clause", "F6")]
    public void A_name_that_was_asked_for_after_the_unfollow_is_wanted_on_every_link()
    {
        _ledger.Unfollow(Alice);
        Follow([], ["alice"]);
        _ledger.LinkLost();
        var again = Repeat();
        Answer(again, Shown("here"));
        _ledger.Complete(again);
        Assert.Empty(_ledger.TakeUnwanted());
        Assert.Equal([Change(null, "here")], _told);
        Assert.Equal([Alice], _ledger.FollowedUsers);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Who_is_given_up_is_not_unfollowed_while_a_name_may_be_theirs(bool isTheirs)
    {
        var given = new FollowRequest([Alice], []);
        _ledger.Begin(given);
        var name = new FollowRequest([], ["alice"]);
        _ledger.Begin(name);
        Answer(given);
        _ledger.Abandon(given, wasAccepted: true);
        Assert.Empty(_ledger.TakeUnwanted());
        Answer(name, isTheirs ? [Shown("here")] : []);
        _ledger.Complete(name);
        Assert.Equal(isTheirs ? [] : [Alice], _ledger.TakeUnwanted());
        Assert.Equal(isTheirs ? [Alice] : [], _ledger.FollowedUsers);
    }

    [Fact]
    public void A_follow_that_is_given_up_leaves_what_others_want()
    {
        Follow([Bob], []);
        var one = new FollowRequest([Alice, Bob], ["carol"]);
        var other = new FollowRequest([Alice], []);
        _ledger.Begin(one);
        _ledger.Begin(other);
        var carol = new UserPresence(Guid.NewGuid(), "s3", "carol", "hello");
        _ledger.Answer(one, [Alice, Bob], [Shown("one"), carol], _ledger.Now);
        _ledger.Abandon(one, wasAccepted: true);
        Assert.Equal([carol.UserId], _ledger.TakeUnwanted());
        _ledger.Answer(other, [Alice], [Shown("one")], _ledger.Now);
        Assert.Equal([Shown("one")], _ledger.Complete(other));
        Assert.Equivalent(new[] { Alice, Bob }, _ledger.FollowedUsers);
    }

    /// <summary>
    /// A server that answers and tells in one order, as this one does, or in two that run freely, as Nakama's do: a snapshot is
    /// taken at any time after the subscription, and answers and events overtake each other. In both cases whoever adds up what is told
    /// is right as soon as everything has arrived, and every change begins at the end of the last.
    /// </summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    [Trait("Clause", "E2")]
    [Trait("Clause", "E3")]
    [Trait("Clause", "F2")]
    public void Whatever_the_order_the_sum_of_what_is_told_is_the_truth(bool isExact) =>
        LedgerProgram.Steps.Sample(steps => new LedgerProgram(isExact).Run(steps), iter: 3000, threads: 2);

    private IReadOnlyList<UserPresence> Follow(Guid[] ids, string[] names, params UserPresence[] answer)
    {
        var follow = new FollowRequest(ids, names);
        _ledger.Begin(follow);
        _ledger.Answer(follow, ids, answer, _ledger.Now);
        return _ledger.Complete(follow);
    }

    /// <summary>The client itself asks again for all that is wanted.</summary>
    private FollowRequest Repeat()
    {
        var again = _ledger.RepeatAll();
        _ledger.Begin(again);
        return again;
    }

    private void Answer(FollowRequest follow, params UserPresence[] answer) =>
        _ledger.Answer(follow, follow.Ids, answer, _ledger.Now);

    private static UserPresence Shown(string status, string session = "s1") => new(Alice, session, "alice", status);

    private static StatusChange Change(string? old, string? now, string session = "s1") => new(Alice, session, "alice", old, now);
}
