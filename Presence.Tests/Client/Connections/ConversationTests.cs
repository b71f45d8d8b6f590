using CsCheck;
using Presence.Client;
using Presence.Client.Links;
using Presence.Client.Requests;
using Presence.Client.Wire;
using Xunit;
using static Presence.Tests.Client.Connections.Talk;

namespace Presence.Tests.Client.Connections;

/// <summary>What a client asks of a server, link after link, and what it makes of what it is told.</summary>
public sealed class ConversationTests
{
    private readonly Talk _talk = new();

    private Roster Roster => _talk.Conversation.Roster;

    [Fact]
    [Trait("Clause", "F2")]
    public async Task A_follow_is_in_the_roster_before_it_returns_and_changes_follow_it()
    {
        _talk.Up();
        var follow = _talk.Follow(Alice, Bob);
        Assert.Equal("follow alice bob", _talk.Asked());
        Assert.False(follow.IsCompleted);
        _talk.Answer(Shown("one"));
        Assert.Equal([Shown("one")], Roster);
        _talk.Tell(Shown("one"), Shown("two"));
        Assert.Equal([Shown("one")], await follow);
        Assert.Equal([Shown("one")], _talk.Changes.Roster);
        Assert.Equal([Change("one", "two")], Take(_talk.Changes));
        Assert.Equal([Shown("two")], _talk.Changes.Roster);
    }

    [Fact]
    [Trait("Clause", "F2")]
    public async Task A_follow_of_many_takes_several_messages_and_answers_with_one_instant()
    {
        _talk.Up();
        var users = Enumerable.Range(0, 250).Select(_ => Guid.NewGuid()).Prepend(Alice).ToArray();
        var follow = _talk.Follow(users);
        var parts = 0;
        while (_talk.Asked() is { } part)
        {
            Assert.True(part.Length < 4096, "Nakama takes no longer message");
            _talk.Answer(parts++ == 0 ? [Shown("one")] : []);
            _talk.Tell(Shown("one"), Shown($"after part {parts}"));
        }

        Assert.InRange(parts, 3, 4);
        // The last part completed it; what came behind it is a change.
        Assert.Equal([Shown($"after part {parts - 1}")], await follow);
        Assert.Equal([Change($"after part {parts - 1}", $"after part {parts}")], Take(_talk.Changes));
    }

    [Fact]
    [Trait("Clause", "F10")]
    public async Task A_follow_that_is_refused_in_part_is_undone_as_a_whole()
    {
        _talk.Up();
        var users = Enumerable.Range(0, 150).Select(_ => Guid.NewGuid()).Prepend(Alice).ToArray();
        var follow = _talk.Follow(users);
        _talk.Asked();
        _talk.Answer(Shown("one"));
        _talk.Asked();
        _talk.Refuse("A connection may follow 100 users.");
        var refusal = await Assert.ThrowsAsync<PresenceRequestException>(() => follow);
        Assert.Equal((3, "A connection may follow 100 users."), (refusal.Code, refusal.Message));
        Assert.StartsWith("unfollow alice ", _talk.Asked(), StringComparison.Ordinal);
        _talk.Tell(Shown("one"), Shown("two"));
        Assert.Empty(Take(_talk.Changes));
        Assert.Empty(Roster);
    }

    [Fact]
    [Trait("Clause", "F7")]
    public async Task After_an_unfollow_nothing_of_the_user_is_delivered_also_not_what_was_kept()
    {
        _talk.Up();
        await _talk.FollowAliceAsync(Shown("one"));
        _talk.Tell(Shown("one"), Shown("two"));
        var unfollow = _talk.Conversation.UnfollowAsync([Alice], default);
        Assert.Equal("unfollow alice", _talk.Asked());
        _talk.Tell(Shown("two"), Shown("three"));
        Assert.Equal([Shown("three")], Roster);
        _talk.Acknowledge();
        await unfollow;
        _talk.Tell(Shown("three"), null);
        Assert.Empty(Take(_talk.Changes));
        Assert.Empty(Roster);
    }

    [Fact]
    [Trait("Clause", "E2")]
    public async Task After_a_reconnect_the_difference_is_told_before_the_client_is_connected()
    {
        _talk.Up();
        await _talk.FollowAliceAsync(Shown("gone", "s1"), Shown("same", "s2"), Shown("old", "s3"));
        Assert.True(Roster.IsCurrent);
        _talk.Down();
        Assert.False(Roster.IsCurrent);
        Assert.Equal(3, Roster.Count);
        _talk.Up();
        Assert.Equal(ConnectionPhase.Reconnecting, _talk.Conversation.State.Phase);
        Assert.Equal("follow alice", _talk.Asked());
        Assert.Empty(Take(_talk.Changes));
        _talk.Answer(Shown("same", "s2"), Shown("new", "s3"), Shown("come", "s4"));
        Assert.Equal(ConnectionPhase.Connected, _talk.Conversation.State.Phase);
        Assert.Equal([Change("old", "new", "s3"), Change(null, "come", "s4"), Change("gone", null, "s1")], Take(_talk.Changes));
        Assert.True(Roster.IsCurrent);
        Assert.Equal(3, Roster.Count);
        _talk.Tell(Shown("new", "s3"), Shown("newer", "s3"));
        Assert.Equal([Change("new", "newer", "s3")], Take(_talk.Changes));
    }

    [Fact]
    [Trait("Clause", "F2")]
    public async Task Events_between_the_parts_of_a_restoration_count()
    {
        _talk.Up();
        await _talk.FollowAliceAsync(Shown("one"));
        var rest = _talk.Follow([.. Enumerable.Range(0, 150).Select(_ => Guid.NewGuid())]);
        while (_talk.Asked() is not null)
            _talk.Answer();
        await rest;
        _talk.Down();
        _talk.Up();
        Assert.StartsWith("follow alice", _talk.Asked(), StringComparison.Ordinal);
        _talk.Answer(Shown("two", "s2"));
        _talk.Tell(Shown("two", "s2"), Shown("three", "s2"));
        Assert.False(Roster.IsCurrent);
        while (_talk.Asked() is not null)
            _talk.Answer();
        Assert.True(Roster.IsCurrent);
        Assert.Equal([Change(null, "two", "s2"), Change("one", null), Change("two", "three", "s2")], Take(_talk.Changes));
    }

    [Fact]
    public async Task A_link_that_breaks_in_the_middle_of_a_restoration_takes_nothing_back()
    {
        _talk.Up();
        await _talk.FollowAliceAsync(Shown("one"));
        _talk.Down();
        _talk.Up();
        _talk.Asked();
        _talk.Down();
        Assert.Equal([Shown("one")], Roster);
        _talk.Up();
        Assert.Equal("follow alice", _talk.Asked());
        _talk.Answer();
        Assert.Equal([Change("one", null)], Take(_talk.Changes));
        Assert.Empty(Roster);
    }

    [Fact]
    [Trait("Clause", "S1")]
    public async Task The_status_is_shown_again_after_a_reconnect()
    {
        _talk.Up();
        var set = _talk.Conversation.UpdateStatusAsync("one", default);
        Assert.Equal("update one", _talk.Asked());
        Assert.Null(_talk.Conversation.Shown);
        _talk.Acknowledge();
        await set;
        Assert.Equal("one", _talk.Conversation.Shown);
        _talk.Down();
        Assert.Null(_talk.Conversation.Shown);
        Assert.False(_talk.Conversation.BeginsOnline);
        _talk.Up();
        Assert.Equal("update one", _talk.Asked());
        _talk.Acknowledge();
        Assert.True(_talk.Conversation.State.IsConnected);
        Assert.Equal("one", _talk.Conversation.Shown);
    }

    [Fact]
    [Trait("Clause", "S1")]
    public void Who_appears_online_begins_so_and_asks_for_nothing()
    {
        var talk = new Talk(status: "");
        Assert.True(talk.Conversation.BeginsOnline);
        talk.Up(beganOnline: true);
        Assert.Null(talk.Asked());
        Assert.True(talk.Conversation.State.IsConnected);
        Assert.Equal("", talk.Conversation.Shown);
    }

    [Fact]
    [Trait("Clause", "S4")]
    public async Task Who_has_erased_its_status_does_not_appear_again()
    {
        var talk = new Talk(status: "");
        talk.Up(beganOnline: true);
        var erase = talk.Conversation.UpdateStatusAsync(null, default);
        Assert.Equal("erase", talk.Asked());
        talk.Acknowledge();
        await erase;
        talk.Down();
        Assert.False(talk.Conversation.BeginsOnline);
        talk.Up();
        Assert.Null(talk.Asked());
        Assert.Null(talk.Conversation.Shown);
    }

    [Fact]
    public async Task What_was_superseded_while_there_was_no_link_is_not_shown()
    {
        _talk.Up();
        var first = _talk.Conversation.UpdateStatusAsync("one", default);
        _talk.Asked();
        _talk.Down();
        var second = _talk.Conversation.UpdateStatusAsync("two", default);
        var third = _talk.Conversation.UpdateStatusAsync("three", default);
        _talk.Up();
        Assert.Equal("update three", _talk.Asked());
        Assert.Null(_talk.Asked());
        Assert.False(first.IsCompleted);
        _talk.Acknowledge();
        await Task.WhenAll(first, second, third);
        Assert.Equal("three", _talk.Conversation.Shown);
        Assert.Null(_talk.Asked());
    }

    [Fact]
    public async Task A_later_status_that_is_refused_leaves_the_one_before_it()
    {
        _talk.Up();
        _talk.Down();
        var first = _talk.Conversation.UpdateStatusAsync("one", default);
        var second = _talk.Conversation.UpdateStatusAsync("too long", default);
        _talk.Up();
        Assert.Equal("update too long", _talk.Asked());
        _talk.Refuse();
        await Assert.ThrowsAsync<PresenceRequestException>(() => second);
        Assert.Equal("update one", _talk.Asked());
        _talk.Acknowledge();
        await first;
        Assert.True(_talk.Conversation.State.IsConnected);
    }

    [Fact]
    public async Task A_status_that_is_refused_on_a_new_link_gives_way_to_the_one_before_cancelled_or_not()
    {
        _talk.Up();
        var one = _talk.Conversation.UpdateStatusAsync("one", default);
        _talk.Asked();
        _talk.Acknowledge();
        await one;
        _talk.Down();
        using var cancel = new CancellationTokenSource();
        var bad = _talk.Conversation.UpdateStatusAsync("too long", cancel.Token);
        _talk.Up();
        Assert.Equal("update too long", _talk.Asked());
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => bad);
        _talk.Refuse();
        Assert.Equal("update one", _talk.Asked());
        _talk.Acknowledge();
        Assert.True(_talk.Conversation.State.IsConnected);
        Assert.Equal("one", _talk.Conversation.Shown);
    }

    [Fact]
    public async Task What_was_asked_for_without_a_link_waits_for_one_and_keeps_its_order()
    {
        var follow = _talk.Follow(Alice);
        var unfollow = _talk.Conversation.UnfollowAsync([Alice], default);
        var again = _talk.Follow(Alice, Bob);
        Assert.False(follow.IsCompleted);
        _talk.Up();
        Assert.Equal("follow alice", _talk.Asked());
        _talk.Answer(Shown("one"));
        Assert.Equal("unfollow alice", _talk.Asked());
        _talk.Acknowledge();
        Assert.Equal("follow alice bob", _talk.Asked());
        _talk.Answer(Shown("two"));
        Assert.Equal([Shown("one")], await follow);
        await unfollow;
        Assert.Equal([Shown("two")], await again);
        Assert.Empty(Take(_talk.Changes));
        Assert.Equal([Shown("two")], Roster);
    }

    [Fact]
    public async Task What_was_in_flight_when_the_link_broke_is_asked_again()
    {
        _talk.Up();
        await _talk.FollowAliceAsync(Shown("one"));
        var unfollow = _talk.Conversation.UnfollowAsync([Alice], default);
        var follow = _talk.Follow(Bob);
        _talk.Asked();
        _talk.Asked();
        _talk.Down();
        _talk.Up();
        Assert.Equal("follow alice", _talk.Asked());
        _talk.Answer(Shown("one"));
        Assert.Equal("unfollow alice", _talk.Asked());
        _talk.Acknowledge();
        Assert.Equal("follow bob", _talk.Asked());
        _talk.Answer(Shown("b", "s2", Bob));
        await unfollow;
        Assert.Equal([Shown("b", "s2", Bob)], await follow);
        Assert.Equal([Shown("b", "s2", Bob)], Roster);
    }

    [Fact]
    public async Task Who_cancels_before_it_was_sent_has_asked_for_nothing()
    {
        using var cancel = new CancellationTokenSource();
        var status = _talk.Conversation.UpdateStatusAsync("one", cancel.Token);
        var follow = _talk.Conversation.FollowAsync(new([Alice], ["bob"]), cancel.Token);
        var unfollow = _talk.Conversation.UnfollowAsync([Bob], cancel.Token);
        await cancel.CancelAsync();
        foreach (var call in new Task[] { status, follow, unfollow })
        {
            var e = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
            Assert.Equal(cancel.Token, e.CancellationToken);
        }

        _talk.Up();
        Assert.Null(_talk.Asked());
    }

    [Fact]
    public async Task A_follow_that_is_cancelled_on_its_way_is_undone()
    {
        _talk.Up();
        await _talk.FollowAliceAsync(Shown("one"));
        using var cancel = new CancellationTokenSource();
        var follow = _talk.Conversation.FollowAsync(new([Alice, Bob], []), cancel.Token);
        _talk.Asked();
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => follow);
        _talk.Answer(Shown("one"), Shown("b", "s2", Bob));
        Assert.Equal("unfollow bob", _talk.Asked());
        _talk.Tell(Shown("b", "s2", Bob), null);
        Assert.Empty(Take(_talk.Changes));
        Assert.Equal([Shown("one")], Roster);
        _talk.Down();
        _talk.Up();
        Assert.Equal("follow alice", _talk.Asked());
    }

    [Fact]
    public async Task A_follow_behind_one_that_is_undone_starts_from_nothing()
    {
        _talk.Up();
        using var cancel = new CancellationTokenSource();
        var first = _talk.Conversation.FollowAsync(new([Alice], []), cancel.Token);
        _talk.Asked();
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        _talk.Answer();
        Assert.Equal("unfollow alice", _talk.Asked());
        var second = _talk.Follow(Alice);
        // Of the follow that is ending; what alice shows between the two is told by nobody.
        _talk.Tell(null, Shown("one"));
        _talk.Acknowledge();
        Assert.Equal("follow alice", _talk.Asked());
        _talk.Answer(Shown("two"));
        Assert.Equal([Shown("two")], await second);
    }

    [Fact]
    [Trait("Clause", "F6")]
    public async Task Undoing_a_follow_leaves_the_names_that_are_awaited()
    {
        _talk.Up();
        var names = _talk.Conversation.FollowAsync(new([], ["carol"]), default);
        _talk.Asked();
        _talk.Answer();
        await names;
        using var cancel = new CancellationTokenSource();
        var follow = _talk.Conversation.FollowAsync(new([Alice], []), cancel.Token);
        _talk.Asked();
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => follow);
        _talk.Answer();
        Assert.Equal("unfollow alice", _talk.Asked());
        _talk.Acknowledge();
        Assert.Equal("follow carol", _talk.Asked());
        _talk.Answer(new UserPresence(Alice, "s1", "carol", "here"));
        Assert.Equal("here", Assert.Single(Take(_talk.Changes)).New);
    }

    [Fact]
    public async Task What_was_cancelled_on_its_way_is_not_asked_again_on_another_link()
    {
        _talk.Up();
        using var cancel = new CancellationTokenSource();
        var status = _talk.Conversation.UpdateStatusAsync("one", cancel.Token);
        _talk.Asked();
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => status);
        _talk.Down();
        _talk.Up();
        Assert.Null(_talk.Asked());
    }

    [Theory]
    [InlineData(1009)]
    [InlineData(1007)]
    [Trait("Clause", "0.7")]
    public async Task What_the_server_will_not_read_is_refused_and_not_sent_again(int closeCode)
    {
        _talk.Up();
        var bad = _talk.Conversation.UpdateStatusAsync("bad", default);
        var good = _talk.Follow(Alice);
        _talk.Asked();
        _talk.Asked();
        _talk.Say(new ServerMessage.Failed(null, 3, "The message is too long."));
        Assert.Equal(DisconnectReason.ProtocolViolation, _talk.Down(closeCode).Reason);
        Assert.Equal("The message is too long.", (await Assert.ThrowsAsync<PresenceRequestException>(() => bad)).Message);
        _talk.Up();
        Assert.Equal("follow alice", _talk.Asked());
        _talk.Answer();
        await good;
    }

    [Fact]
    [Trait("Clause", "0.6")]
    public async Task A_request_that_no_server_takes_is_refused_without_one()
    {
        _talk.Up();
        await Assert.ThrowsAsync<PresenceRequestException>(() => _talk.Conversation.UpdateStatusAsync(new string('x', 70_000), default));
        Assert.Null(_talk.Asked());
        var next = _talk.Follow(Alice);
        Assert.Equal("follow alice", _talk.Asked());
        _talk.Answer();
        await next;
    }

    [Fact]
    public async Task No_more_is_asked_at_once_than_any_server_can_answer_at_once()
    {
        _talk.Up();
        var calls = Enumerable.Range(0, 100).Select(_ => _talk.Conversation.UnfollowAsync([Guid.NewGuid()], default)).ToArray();
        for (var i = 1; i < Exchange.MostUnanswered; i++)
            Assert.StartsWith("unfollow ", _talk.Asked(), StringComparison.Ordinal);
        for (var i = Exchange.MostUnanswered; i <= calls.Length; i++)
        {
            Assert.StartsWith("unfollow ", _talk.Asked(), StringComparison.Ordinal);
            Assert.Null(_talk.Asked());
            _talk.Acknowledge();
        }

        // On another link those that were sent and those that were not are asked once each.
        _talk.Down();
        _talk.Up();
        while (_talk.Asked() is not null)
            _talk.Acknowledge();
        await Task.WhenAll(calls);
    }

    [Fact]
    public async Task What_waits_for_its_turn_is_neither_late_nor_to_blame()
    {
        _talk.Up();
        var (first, second) = (_talk.Follow(Alice), _talk.Follow(Bob));
        _talk.Asked();
        Assert.NotNull(_talk.Conversation.OldestSentAt);
        _talk.Answer();
        await first;
        Assert.Null(_talk.Conversation.OldestSentAt);
        Assert.Equal(DisconnectReason.ProtocolViolation, _talk.Down(1007).Reason);
        Assert.False(second.IsCompleted);
        _talk.Up();
        Assert.Equal("follow alice", _talk.Asked());
        _talk.Answer();
        Assert.Equal("follow bob", _talk.Asked());
        _talk.Answer();
        await second;
    }

    [Fact]
    public async Task A_restoration_that_is_refused_ends_the_link()
    {
        _talk.Up();
        await _talk.FollowAliceAsync(Shown("one"));
        _talk.Down();
        _talk.Up();
        _talk.Asked();
        _talk.Refuse("A connection may follow 0 users.");
        Assert.Equal(DisconnectReason.RestoreRefused, (await _talk.Dropped!).Reason);
        Assert.False(_talk.Conversation.State.IsConnected);
        Assert.Equal([Shown("one")], Roster);
    }

    [Fact]
    [Trait("Clause", "F9")]
    public async Task The_clients_own_user_is_kept_apart()
    {
        _talk.Up();
        var follow = _talk.Follow(Me, Alice);
        _talk.Asked();
        // No server answers with the client's own user; if one did, it would be no answer about somebody followed.
        _talk.Answer(Shown("one"), Shown("me", "s8", Me));
        Assert.Equal([Shown("one")], await follow);
        _talk.Tell(null, Shown("mine", "s9", Me));
        _talk.Tell(Shown("elsewhere", "s8", Me), Shown("here", "s8", Me));
        _talk.Tell(Shown("here", "s8", Me), null);
        Assert.Empty(Take(_talk.Changes));
        Assert.Equal([Shown("one")], Roster);
        Assert.Equal(
            [Change(null, "mine", "s9", Me), Change("elsewhere", "here", "s8", Me), Change("here", null, "s8", Me)], Take(_talk.Own));
        _talk.Down();
        _talk.Up();
        Assert.Empty(Take(_talk.Own));
    }

    [Fact]
    [Trait("Clause", "F6")]
    public async Task A_name_is_followed_again_by_name_until_its_bearer_is_known()
    {
        _talk.Up();
        var follow = _talk.Conversation.FollowAsync(new([], ["alice", "carol"]), default);
        Assert.Equal("follow alice carol", _talk.Asked());
        _talk.Answer();
        Assert.Empty(await follow);
        _talk.Tell(null, Shown("here"));
        Assert.Equal([Change(null, "here")], Take(_talk.Changes));
        _talk.Down();
        _talk.Up();
        // The first alice is an id now: "alice" in the list below is her.
        Assert.Equal("follow alice carol", _talk.Asked());
        _talk.Answer(Shown("here"), new UserPresence(Guid.NewGuid(), "s7", "carol", "hello"));
        Assert.Equal("hello", Assert.Single(Take(_talk.Changes)).New);
        _talk.Down();
        _talk.Up();
        Assert.DoesNotContain("carol", _talk.Asked()!, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Clause", "F7")]
    public async Task Who_was_unfollowed_under_an_awaited_name_is_quietly_unfollowed_when_a_restoration_finds_them()
    {
        _talk.Up();
        var follow = _talk.Conversation.FollowAsync(new([], ["alice"]), default);
        _talk.Asked();
        _talk.Answer();
        await follow;
        var unfollow = _talk.Conversation.UnfollowAsync([Alice], default);
        _talk.Asked();
        _talk.Acknowledge();
        await unfollow;
        _talk.Down();
        _talk.Up();
        var bob = _talk.Follow(Bob);
        Assert.Equal("follow alice", _talk.Asked());
        _talk.Answer(Shown("here"));
        Assert.True(_talk.Conversation.State.IsConnected);
        Assert.Equal("unfollow alice", _talk.Asked());
        _talk.Tell(Shown("here"), Shown("there"));
        _talk.Acknowledge();
        Assert.Equal("follow bob", _talk.Asked());
        _talk.Answer();
        await bob;
        Assert.Null(_talk.Asked());
        Assert.Empty(Take(_talk.Changes));
        Assert.Empty(Roster);
        _talk.Down();
        _talk.Up();
        Assert.Equal("follow bob", _talk.Asked());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    [Trait("Clause", "F7")]
    public async Task Who_is_unfollowed_during_a_restoration_is_unfollowed_behind_it(bool isShown)
    {
        _talk.Up();
        var follow = _talk.Conversation.FollowAsync(new([], ["alice"]), default);
        _talk.Asked();
        _talk.Answer();
        await follow;
        _talk.Down();
        _talk.Up();
        var unfollow = _talk.Conversation.UnfollowAsync([Alice], default);
        Assert.Equal("follow alice", _talk.Asked());
        _talk.Answer(isShown ? [Shown("here")] : []);
        Assert.Equal("unfollow alice", _talk.Asked());
        Assert.Equal(isShown ? 1 : 0, Roster.Count);
        _talk.Acknowledge();
        await unfollow;
        Assert.Empty(Roster);
        Assert.Empty(Take(_talk.Changes));
        if (!isShown)
        {
            _talk.Tell(null, Shown("here"));
            Assert.Equal("unfollow alice", _talk.Asked());
        }

        Assert.Null(_talk.Asked());
        Assert.Empty(Roster);
    }

    [Fact]
    [Trait("Clause", "F7")]
    public async Task Who_is_unfollowed_as_the_client_repeats_the_name_is_unfollowed_once_more()
    {
        _talk.Up();
        var names = _talk.Conversation.FollowAsync(new([], ["alice"]), default);
        _talk.Asked();
        _talk.Answer();
        await names;
        using var cancel = new CancellationTokenSource();
        var follow = _talk.Conversation.FollowAsync(new([Bob], []), cancel.Token);
        _talk.Asked();
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => follow);
        var unfollow = _talk.Conversation.UnfollowAsync([Alice], default);
        // The follow of bob is undone, and the name repeated; the unfollow of alice is on its way before that.
        _talk.Answer();
        _talk.Tell(null, Shown("here"));
        Assert.Equal("unfollow alice", _talk.Asked());
        _talk.Acknowledge();
        await unfollow;
        Assert.Equal("unfollow bob", _talk.Asked());
        _talk.Acknowledge();
        Assert.Equal("follow alice", _talk.Asked());
        _talk.Answer(Shown("here"));
        Assert.Equal("unfollow alice", _talk.Asked());
        _talk.Acknowledge();
        Assert.Null(_talk.Asked());
        Assert.Empty(Roster);
        Assert.Empty(Take(_talk.Changes));
    }

    [Fact]
    public async Task A_repetition_of_names_does_not_outlive_its_link()
    {
        _talk.Up();
        var names = _talk.Conversation.FollowAsync(new([], ["carol"]), default);
        _talk.Asked();
        _talk.Answer();
        await names;
        using var cancel = new CancellationTokenSource();
        var follow = _talk.Conversation.FollowAsync(new([Alice], []), cancel.Token);
        _talk.Asked();
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => follow);
        _talk.Answer();
        _talk.Down();
        _talk.Up();
        Assert.Equal("follow carol", _talk.Asked());
        _talk.Answer();
        Assert.True(_talk.Conversation.State.IsConnected);
        Assert.Null(_talk.Asked());
    }

    [Fact]
    public async Task When_the_client_is_disposed_of_calls_fail_and_enumerations_end()
    {
        _talk.Up();
        await _talk.FollowAliceAsync(Shown("one"));
        _talk.Tell(Shown("one"), Shown("two"));
        var pending = _talk.Conversation.UpdateStatusAsync("one", default);
        _talk.Conversation.Dispose();
        Assert.Equal(DisconnectReason.ClosedByCaller, (await Assert.ThrowsAsync<PresenceConnectionException>(() => pending)).Reason);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => _talk.Follow(Bob));
        await _talk.Conversation.Completion;
        // What was kept is told first.
        var told = new List<StatusChange>();
        await foreach (var change in _talk.Changes)
            told.Add(change);
        Assert.Equal([Change("one", "two")], told);
        await foreach (var _ in _talk.Conversation.Subscribe(toOwn: false))
            Assert.Fail("Nothing comes any more.");
        Assert.False(Roster.IsCurrent);
    }

    [Fact]
    public async Task When_the_client_ends_by_itself_everybody_is_told_why()
    {
        _talk.Up();
        var pending = _talk.Follow(Alice);
        _talk.Conversation.LinkDown(
            new(4003, "replaced by a newer connection"), (error, _) => new ConnectionState(ConnectionPhase.Closed, error));
        foreach (var task in new[] { pending, _talk.Conversation.Completion, _talk.Follow(Bob), EnumerateAsync(_talk.Changes), EnumerateAsync(_talk.Own) })
        {
            var e = await Assert.ThrowsAsync<PresenceConnectionException>(() => task);
            Assert.Equal((DisconnectReason.Replaced, 4003), (e.Reason, e.CloseCode));
        }

        Assert.Throws<PresenceConnectionException>(() => _talk.Changes.TryTake(out _));
        Assert.Equal(DisconnectReason.Replaced, _talk.Conversation.State.Reason);

        static async Task EnumerateAsync(StatusSubscription subscription)
        {
            await foreach (var _ in subscription)
            {
                // Nothing comes.
            }
        }
    }

    [Fact]
    public async Task Whoever_enumerates_can_be_cancelled_and_goes_on_later()
    {
        _talk.Up();
        await _talk.FollowAliceAsync();
        using var cancel = new CancellationTokenSource();
        await using var first = _talk.Changes.GetAsyncEnumerator(cancel.Token);
        var waiting = first.MoveNextAsync();
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await waiting);
        _talk.Tell(null, Shown("one"));
        await using var second = _talk.Changes.GetAsyncEnumerator();
        Assert.True(await second.MoveNextAsync());
        Assert.Equal(Change(null, "one"), second.Current);
        await _talk.Changes.DisposeAsync();
        Assert.False(await second.MoveNextAsync());
    }

    [Fact]
    public async Task A_subscription_that_was_ended_tells_nothing_more_not_even_how_its_client_ends()
    {
        _talk.Up();
        await _talk.FollowAliceAsync();
        _talk.Tell(null, Shown("one"));
        Assert.True(_talk.Changes.TryTake(out _));
        _talk.Tell(Shown("one"), Shown("two"));
        await _talk.Changes.DisposeAsync();
        _talk.Tell(Shown("two"), Shown("three"));
        _talk.Conversation.LinkDown(new LinkEnd(4003, null), (error, _) => new ConnectionState(ConnectionPhase.Closed, error));
        Assert.False(_talk.Changes.TryTake(out _));
        await using var enumerator = _talk.Changes.GetAsyncEnumerator();
        Assert.False(await enumerator.MoveNextAsync());
        Assert.Equal("one", Assert.Single(_talk.Changes.Roster).Status);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    [Trait("Clause", "E2")]
    [Trait("Clause", "E3")]
    [Trait("Clause", "F7")]
    [Trait("Clause", "L1")]
    public void Wherever_links_break_the_sum_of_what_is_told_is_the_truth_in_the_end(bool isAwaiting) =>
        ConversationProgram.Steps.Sample(steps => ConversationProgram.Run(isAwaiting, steps), iter: 3000, threads: 2);
}
