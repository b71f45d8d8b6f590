using Presence.Actors.Connections;
using Presence.Actors.Messages;
using Presence.Actors.Model;
using Xunit;

namespace Presence.Tests.Connections;

public sealed class FollowListTests
{
    private const int Limit = 4;

    private static readonly UserId Self = new(Guid.NewGuid()), Bob = new(Guid.NewGuid()), Carl = new(Guid.NewGuid());
    private static readonly SessionId Session = SessionId.New(), Own = SessionId.New();

    private readonly FollowList _follows = new(Self, Own, Limit, usersPerName: 3);
    private long _request;

    [Fact]
    [Trait("Clause", "F2")]
    public void Nothing_of_a_user_is_told_before_the_answer_and_everything_after_it()
    {
        Begin([Bob]);
        Assert.False(_follows.Admits(Change(Bob, null, 1)));

        Assert.Equal([1L], Revisions(Take(Bob, 1).Reply));
        Assert.True(_follows.Admits(Change(Bob, 1, 2)));
    }

    [Fact]
    [Trait("Clause", "F2")]
    public void A_change_that_comes_while_others_are_awaited_goes_into_the_answer()
    {
        Begin([Bob, Carl]);
        Assert.Null(Take(Bob, 1).Reply);
        Assert.False(_follows.Admits(Change(Bob, 1, 2)));
        Assert.Equal([2L], Revisions(Take(Carl).Reply));
    }

    [Fact]
    [Trait("Clause", "F4")]
    public void Following_again_answers_with_the_present_state_and_goes_on_telling()
    {
        Begin([Bob]);
        Take(Bob, 1);
        Begin([Bob, Carl]);
        Assert.True(_follows.Admits(Change(Bob, 1, 2)));
        Take(Bob, 2);
        Assert.True(_follows.Admits(Change(Bob, 2, 3)));
        Assert.Equal([3L], Revisions(Take(Carl).Reply));
        Assert.Equal(2, _follows.Count);
    }

    [Fact]
    [Trait("Clause", "F7")]
    public void After_an_unfollow_nothing_is_told_and_a_late_answer_means_nothing()
    {
        Begin([Bob]);
        Take(Bob, 1);
        var ended = _follows.End(new ClientRequest.Unfollow("9", [Bob.ToString()]), _request);
        Assert.Equal(Subject.OfUser(Bob), Assert.Single(ended.Drop));
        Assert.False(_follows.Admits(Change(Bob, 1, 2)));

        var old = _request;
        Begin([Bob]);
        Assert.Null(_follows.Take(new RelayReply.Followed(old, [Snapshot(Bob, 1)])).Reply);
        Assert.Equal([2L], Revisions(Take(Bob, 2).Reply));
    }

    [Theory]
    [Trait("Clause", "L4")]
    [InlineData("")]
    [InlineData("with\ta tab")]
    [InlineData("é", 65)]
    [InlineData("a", 129)]
    public void A_name_that_nobody_can_have_refuses_the_whole_follow(string text, int times = 1)
    {
        var name = string.Concat(Enumerable.Repeat(text, times));
        var outcome = _follows.Begin(new ClientRequest.Follow("1", [Bob.ToString()], ["carol", name]), ++_request);
        Assert.Equal("1", Assert.IsType<ServerMessage.Failed>(outcome.Reply).Cid);
        Assert.Empty(outcome.Ask);
        Assert.Equal(0, _follows.Count);
        Assert.Equal(Actors.Telemetry.Limit.NameBytes, outcome.Limit);
    }

    [Fact]
    [Trait("Clause", "L4")]
    public void A_name_may_have_128_bytes() =>
        Assert.Equal(2, _follows.Begin(new ClientRequest.Follow("1", [], [new string('a', 128), string.Concat(Enumerable.Repeat("é", 64))]), ++_request).Ask.Length);

    [Fact]
    [Trait("Clause", "F9")]
    public void Oneself_is_always_told_and_never_followed()
    {
        Assert.True(_follows.Admits(Change(Self, null, 1)));
        Begin([Self]);
        Assert.Equal(0, _follows.Count);
        Assert.IsType<ServerMessage.Snapshot>(Take(Self, 1).Reply);
        Assert.Equal(0, _follows.Count);
        Assert.Empty(_follows.End(new ClientRequest.Unfollow("2", [Self.ToString()]), _request).Drop);
        Assert.True(_follows.Admits(Change(Self, 1, 2)));
    }

    [Fact]
    [Trait("Clause", "F9")]
    public void Following_oneself_answers_with_what_the_other_connections_show()
    {
        Begin([Self]);
        var own = new SessionStatus(Own, "self", "mine", 7);
        Assert.Equal([1L], Revisions(Take(new RelayReply.Snapshot(Subject.OfUser(Self), [own, Shown(1)!])).Reply));
        Assert.True(_follows.Admits(Change(Self, 1, 2)));
    }

    [Fact]
    [Trait("Clause", "F9")]
    [Trait("Clause", "F2")]
    public void A_change_of_the_own_user_is_told_at_once_and_goes_into_the_answer_as_well()
    {
        Begin([Self, Bob]);
        Assert.Null(Take(Self, 1).Reply);
        Assert.True(_follows.Admits(Change(Self, 1, 2)));
        Assert.Equal([2L], Revisions(Take(Bob).Reply));
    }

    [Fact]
    [Trait("Clause", "F9")]
    [Trait("Clause", "F11")]
    public void The_own_name_is_followed_as_any_other()
    {
        Begin([], "self");
        var found = Take(Holders("self", Self, Bob));
        Assert.Equal<IEnumerable<Subject>>([Subject.OfUser(Self), Subject.OfUser(Bob)], found.Ask);
        Assert.Null(Take(Self, 1).Reply);
        Assert.Equal([1L, 3L], Revisions(Take(Bob, 3).Reply).Order());
        Assert.Equal(1, _follows.Count);
    }

    [Fact]
    [Trait("Clause", "F9")]
    [Trait("Clause", "F10")]
    public void Oneself_does_not_count()
    {
        Begin([.. Enumerable.Range(0, Limit).Select(_ => new UserId(Guid.NewGuid())), Self]);
        Assert.Equal(Limit, _follows.Count);
    }

    [Theory]
    [Trait("Clause", "F3")]
    [InlineData("not an id", null)]
    [InlineData(null, "")]
    public void A_malformed_request_applies_nothing(string? id, string? name)
    {
        var outcome = _follows.Begin(
            new ClientRequest.Follow("1", id is null ? [Bob.ToString()] : [Bob.ToString(), id], name is null ? [] : [name]), ++_request);
        Assert.Equal(ErrorCode.BadInput, Assert.IsType<ServerMessage.Failed>(outcome.Reply).Code);
        Assert.Equal(0, _follows.Count);
        Assert.Empty(outcome.Ask);
    }

    [Fact]
    [Trait("Clause", "F10")]
    public void A_request_that_would_pass_the_limit_applies_nothing_and_one_that_repeats_passes()
    {
        var users = Enumerable.Range(0, Limit).Select(_ => new UserId(Guid.NewGuid())).ToArray();
        Begin(users);
        Take(users.Select(u => Snapshot(u)));
        Assert.Equal(Limit, _follows.Count);

        Assert.IsType<ServerMessage.Failed>(_follows.Begin(new ClientRequest.Follow("1", [Bob.ToString()], []), ++_request).Reply);
        Assert.IsType<ServerMessage.Failed>(_follows.Begin(new ClientRequest.Follow("1", [], ["bob"]), ++_request).Reply);
        Assert.Equal(Limit, _follows.Count);
        Begin(users);
        Assert.IsType<ServerMessage.Snapshot>(Take(users.Select(u => Snapshot(u))).Reply);
    }

    [Fact]
    [Trait("Clause", "F1")]
    public void A_name_is_followed_as_the_user_who_has_it()
    {
        Begin([], "bob");
        var found = Take(Holders("bob", Bob));
        Assert.Equal(Subject.OfUser(Bob), Assert.Single(found.Ask));
        Assert.Equal(Subject.OfName("bob"), Assert.Single(found.Drop));
        Assert.Equal([1L], Revisions(Take(Bob, 1).Reply));
        Assert.True(_follows.Admits(Change(Bob, 1, 2)));
        Assert.Equal(1, _follows.Count);
    }

    [Fact]
    [Trait("Clause", "F6")]
    public void A_name_that_nobody_has_waits_and_its_first_user_is_told_as_joins()
    {
        Begin([], "bob");
        Assert.Empty(Revisions(Take(Holders("bob")).Reply));
        Assert.Equal(1, _follows.Count);

        var resolved = _follows.Resolve(Appears("bob", Bob));
        Assert.Equal(Subject.OfUser(Bob), Assert.Single(resolved.Ask));
        Assert.False(_follows.Admits(Change(Bob, null, 1)));

        var shown = Assert.Single(Take(Bob, 1).Events);
        Assert.Null(Assert.Single(shown.Changes).Old);
        Assert.True(_follows.Admits(Change(Bob, 1, 2)));
        Assert.Empty(_follows.Resolve(Appears("bob", Carl)).Ask);
    }

    [Fact]
    [Trait("Clause", "F2")]
    public void Somebody_who_appears_while_the_name_is_being_followed_belongs_into_the_answer()
    {
        Begin([Carl], "bob");
        Assert.Null(Take(Holders("bob")).Reply);
        Assert.Equal(Subject.OfUser(Bob), Assert.Single(_follows.Resolve(Appears("bob", Bob)).Ask));
        Assert.Null(Take(Carl).Reply);
        Assert.Equal([1L], Revisions(Take(Bob, 1).Reply));
    }

    [Fact]
    [Trait("Clause", "F7")]
    public void A_user_who_was_unfollowed_is_not_brought_back_by_a_name_that_was_waiting()
    {
        Begin([], "bob");
        Take(Holders("bob"));
        _follows.End(new ClientRequest.Unfollow("2", [Bob.ToString()]), _request);
        Assert.Empty(_follows.Resolve(Appears("bob", Bob)).Ask);

        Begin([], "bob");
        Assert.Single(Take(Holders("bob", Bob)).Ask);
    }

    [Theory]
    [Trait("Clause", "F11")]
    [InlineData(false)]
    [InlineData(true)]
    public void Of_two_users_who_take_an_awaited_name_at_once_the_one_with_the_lowest_id_is_followed(bool isReversed)
    {
        Begin([], "bob");
        Take(Holders("bob"));
        UserId[] users = isReversed ? [Carl, Bob] : [Bob, Carl];
        var first = users.MinBy(user => user.Value);
        var both = users.Select(user => new StatusChange(null, SessionStatus.OfHolder(user, 1)));
        Assert.Equal(Subject.OfUser(first), Assert.Single(_follows.Resolve(new RelayReply.HoldersChanged("bob", [.. both])).Ask));
        Assert.Equal(1, _follows.Count);
    }

    [Fact]
    [Trait("Clause", "F11")]
    public void All_who_have_the_name_are_followed_and_nobody_who_takes_it_later()
    {
        Begin([], "bob");
        Assert.Equal<IEnumerable<Subject>>([Subject.OfUser(Bob), Subject.OfUser(Carl)], Take(Holders("bob", Bob, Carl)).Ask);
        Take(Bob);
        Take(Carl);
        Assert.Empty(_follows.Resolve(Appears("bob", new UserId(Guid.NewGuid()))).Ask);
        Assert.Equal(2, _follows.Count);
    }

    [Fact]
    [Trait("Clause", "F11")]
    public void A_name_that_too_many_have_is_ambiguous_and_nothing_of_the_request_is_applied()
    {
        Begin([Carl], "bob", "dora");
        Take(Carl, 1);
        var outcome = Take(Holders("bob", [.. Enumerable.Range(0, 4).Select(_ => new UserId(Guid.NewGuid()))]));
        Assert.Equal(("1", ErrorCode.BadInput), (Assert.IsType<ServerMessage.Failed>(outcome.Reply).Cid, ((ServerMessage.Failed)outcome.Reply!).Code));
        Assert.Equal(Actors.Telemetry.Limit.UsersPerName, outcome.Limit);
        Assert.Equal<IEnumerable<Subject>>([Subject.OfUser(Carl), Subject.OfName("bob"), Subject.OfName("dora")], outcome.Drop);
        Assert.Equal(0, _follows.Count);
        Assert.False(_follows.Admits(Change(Carl, 1, 2)));
        // Late answers mean nothing.
        Assert.Null(Take(Holders("dora")).Reply);
    }

    [Fact]
    [Trait("Clause", "F11")]
    public void A_request_that_fails_leaves_what_was_followed_before()
    {
        Begin([Bob], "dora");
        Take(Bob, 1);
        Take(Holders("dora"));
        var dora = new UserId(Guid.NewGuid());
        _follows.Resolve(Appears("dora", dora));
        Begin([Bob, dora], "eve");
        Take(Bob, 1);
        Take(dora, 5);
        var outcome = Take(Holders("eve", [.. Enumerable.Range(0, 4).Select(_ => new UserId(Guid.NewGuid()))]));
        Assert.IsType<ServerMessage.Failed>(outcome.Reply);
        Assert.Equal(Subject.OfName("eve"), Assert.Single(outcome.Drop));
        Assert.Equal(dora, Assert.Single(outcome.Events).User);
        Assert.True(_follows.Admits(Change(Bob, 1, 2)));
        Assert.True(_follows.Admits(Change(dora, 5, 6)));
        Assert.Equal(2, _follows.Count);
    }

    [Theory]
    [Trait("Clause", "F6")]
    [Trait("Clause", "F11")]
    [InlineData(Found.InTheSameAnswer)]
    [InlineData(Found.InAnAnswerBefore)]
    [InlineData(Found.AndTold)]
    [InlineData(Found.ByAChangeBefore)]
    [InlineData(Found.ByAnAnswerBehind)]
    [InlineData(Found.TooManyAtOnce)]
    public void A_request_that_fails_leaves_what_an_earlier_request_found_by_a_name(Found found)
    {
        Begin([], "bob");
        Take(Holders("bob"));
        Begin([], "bob", "eve");
        var eve = Holders("eve", Users(4));
        // The change that tells of Bob has come before the answer to the second request, which has the same.
        Assert.Equal(FollowList.Outcome.Nothing, _follows.Resolve(Appears("bob", Bob)));
        var (asked, first) = (false, Bob);
        FollowList.Outcome failed;
        switch (found)
        {
            case Found.InTheSameAnswer:
                failed = Take([Holders("bob", Bob), eve]);
                break;
            case Found.InAnAnswerBefore:
                asked = Take(Holders("bob", Bob)).Ask.Contains(Subject.OfUser(Bob));
                failed = Take(eve);
                break;
            case Found.AndTold:
                asked = Take(Holders("bob", Bob)).Ask.Contains(Subject.OfUser(Bob));
                Take(Bob, 1);
                failed = Take(eve);
                Assert.Equal(Bob, Assert.Single(failed.Events).User);
                break;
            case Found.ByAChangeBefore:
                Take(Holders("bob"));
                asked = _follows.Resolve(Appears("bob", Bob)).Ask.Contains(Subject.OfUser(Bob));
                failed = Take(eve);
                break;
            case Found.ByAnAnswerBehind:
                failed = Take(eve);
                Assert.DoesNotContain(Subject.OfName("bob"), failed.Drop);
                asked = Take(Holders("bob", Bob)).Ask.Contains(Subject.OfUser(Bob));
                break;
            default:
                var many = Users(4);
                first = many.MinBy(user => user.Value);
                failed = Take(Holders("bob", many));
                break;
        }

        Assert.IsType<ServerMessage.Failed>(failed.Reply);
        Assert.DoesNotContain(Subject.OfUser(first), failed.Drop);
        Assert.True(asked || failed.Ask.Contains(Subject.OfUser(first)));
        if (found != Found.AndTold)
            Assert.Equal(first, Assert.Single(Take(first, 1).Events).User);
        Assert.True(_follows.Admits(Change(first, 1, 2)));
        Assert.Equal(1, _follows.Count);
        // The name is resolved: nobody else is found by it.
        Assert.Equal(FollowList.Outcome.Nothing, _follows.Resolve(Appears("bob", Carl)));
    }

    [Fact]
    [Trait("Clause", "F6")]
    [Trait("Clause", "F7")]
    public void A_request_that_fails_brings_nobody_back_who_was_unfollowed_since_an_earlier_request_for_the_name()
    {
        Begin([], "bob");
        Take(Holders("bob"));
        _follows.End(new ClientRequest.Unfollow("2", [Bob.ToString()]), _request);
        Begin([], "bob", "eve");
        var failed = Take([Holders("bob", Bob), Holders("eve", Users(4))]);
        Assert.IsType<ServerMessage.Failed>(failed.Reply);
        Assert.Empty(failed.Ask);
        Assert.DoesNotContain(Subject.OfName("bob"), failed.Drop);

        // The name waits on, as of the first request.
        Assert.Empty(_follows.Resolve(Appears("bob", Bob)).Ask);
        Assert.Equal(Subject.OfUser(Carl), Assert.Single(_follows.Resolve(Appears("bob", Carl)).Ask));
    }

    [Fact]
    [Trait("Clause", "F6")]
    [Trait("Clause", "F10")]
    public void A_request_that_finds_too_many_users_leaves_what_an_earlier_request_found_by_a_name()
    {
        var others = Users(3);
        Begin(others, "bob");
        Take(others.Select(user => Snapshot(user)).Append(Holders("bob")));
        Assert.Equal(Limit, _follows.Count);

        Begin([], "bob");
        UserId[] both = [Bob, Carl];
        var failed = Take(Holders("bob", both));
        Assert.Equal(Actors.Telemetry.Limit.Follows, failed.Limit);
        Assert.Equal(Subject.OfUser(both.MinBy(user => user.Value)), Assert.Single(failed.Ask));
        Assert.Equal(Subject.OfName("bob"), Assert.Single(failed.Drop));
        Assert.Equal(Limit, _follows.Count);
    }

    [Fact]
    [Trait("Clause", "F10")]
    public void Names_that_a_request_resolves_count_no_more_while_it_is_answered()
    {
        Begin([], "bob", "carl");
        Take([Holders("bob"), Holders("carl")]);
        Begin([], "bob", "carl");
        Take(Holders("bob", Bob));
        var answer = Take(Holders("carl", Carl, Users(1)[0], Users(1)[0]));
        Assert.Equal(3, answer.Ask.Length);
        Assert.Equal(Limit, _follows.Count);
    }

    [Fact]
    [Trait("Clause", "F10")]
    public void Users_who_are_found_by_a_name_count_as_well()
    {
        Begin([Bob, Carl, new UserId(Guid.NewGuid())], "dora");
        var outcome = Take(Holders("dora", new UserId(Guid.NewGuid()), new UserId(Guid.NewGuid())));
        Assert.IsType<ServerMessage.Failed>(outcome.Reply);
        Assert.Equal(Actors.Telemetry.Limit.Follows, outcome.Limit);
        Assert.Equal(0, _follows.Count);
    }

    [Fact]
    [Trait("Clause", "F11")]
    public void A_name_is_followed_in_its_composed_spelling()
    {
        var outcome = _follows.Begin(new ClientRequest.Follow("1", [], ["Zoe\u0308", "Zo\u00eb"]), ++_request);
        Assert.Equal(Subject.OfName("Zo\u00eb"), Assert.Single(outcome.Ask));
    }

    private void Begin(UserId[] users, params string[] names) =>
        _follows.Begin(new ClientRequest.Follow("1", [.. users.Select(u => u.ToString())], [.. names]), ++_request);

    private FollowList.Outcome Take(UserId user, params long[] revisions) => Take([Snapshot(user, revisions)]);

    private FollowList.Outcome Take(RelayReply.Snapshot snapshot) => Take([snapshot]);

    private FollowList.Outcome Take(IEnumerable<RelayReply.Snapshot> snapshots) =>
        _follows.Take(new RelayReply.Followed(_request, [.. snapshots]));

    private static RelayReply.Snapshot Snapshot(UserId user, params long[] revisions) =>
        new(Subject.OfUser(user), [.. revisions.Select(r => Shown(r)!)]);

    private static RelayReply.Snapshot Holders(string name, params UserId[] users) =>
        new(Subject.OfName(name), [.. users.Select(user => SessionStatus.OfHolder(user, 1))]);

    private static UserId[] Users(int count) => [.. Enumerable.Range(0, count).Select(_ => new UserId(Guid.NewGuid()))];

    private static RelayReply.HoldersChanged Appears(string name, UserId user) => new(name, [new StatusChange(null, SessionStatus.OfHolder(user, 1))]);

    private static ServerMessage.StatusEvent Change(UserId user, long? from, long? to) => new(user, [new StatusChange(Shown(from), Shown(to))]);

    private static SessionStatus? Shown(long? revision) => revision is { } r ? new SessionStatus(Session, "bob", $"status {r}", r) : null;

    private static long[] Revisions(ServerMessage? reply) =>
        [.. Assert.IsType<ServerMessage.Snapshot>(reply).Presences.Select(p => p.Status.Revision)];

    /// <summary>How the users of an awaited name become known beside a request that fails because of another name.</summary>
    public enum Found
    {
        /// <summary>By the same answer of a relay that makes the request fail.</summary>
        InTheSameAnswer,

        /// <summary>By an answer before.</summary>
        InAnAnswerBefore,

        /// <summary>By an answer before, and what the user shows is known as well.</summary>
        AndTold,

        /// <summary>By a change before, when the name has been answered.</summary>
        ByAChangeBefore,

        /// <summary>By an answer that comes when the request has failed.</summary>
        ByAnAnswerBehind,

        /// <summary>The awaited name is itself the one that too many users have.</summary>
        TooManyAtOnce,
    }
}
