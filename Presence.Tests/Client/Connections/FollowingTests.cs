using CsCheck;
using Presence.Client;
using Xunit;
using static Presence.Tests.Client.Connections.Talk;

namespace Presence.Tests.Client.Connections;

/// <summary>What a client makes of follows and unfollows, of those that are refused or cancelled too.</summary>
public sealed class FollowingTests
{
    private readonly Talk _talk = new();

    [Fact]
    [Trait("Clause", "F2")]
    public async Task A_follow_is_in_the_roster_before_it_returns_and_changes_follow_it()
    {
        _talk.Up();
        var follow = _talk.Follow(Alice, Bob);
        Assert.Equal("follow alice bob", _talk.Asked());
        Assert.False(follow.IsCompleted);
        _talk.Answer(Shown("one"));
        Assert.Equal([Shown("one")], _talk.Roster);
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
        Assert.Empty(_talk.Roster);
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
        Assert.Equal([Shown("three")], _talk.Roster);
        _talk.Acknowledge();
        await unfollow;
        _talk.Tell(Shown("three"), null);
        Assert.Empty(Take(_talk.Changes));
        Assert.Empty(_talk.Roster);
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
        Assert.Equal([Shown("one")], _talk.Roster);
        _talk.Down();
        _talk.Up();
        Assert.Equal("follow alice", _talk.Asked());
    }

    [Fact]
    public async Task Who_was_unfollowed_by_the_caller_is_not_unfollowed_once_more_behind_a_follow_by_name()
    {
        _talk.Up();
        await _talk.GiveUpAliceAsync();
        var unfollow = _talk.Conversation.UnfollowAsync([Alice], default);
        var named = _talk.Conversation.FollowAsync(new([], ["alice"]), default);
        _talk.Answer();
        Assert.Equal("unfollow alice", _talk.Asked());
        _talk.Acknowledge();
        await unfollow;
        Assert.Equal("follow alice", _talk.Asked());
        _talk.Answer();
        await named;
        // It would end the follow of a user who has come by the name meanwhile.
        Assert.Null(_talk.Asked());
        _talk.Tell(null, Shown("one"));
        Assert.Equal([Change(null, "one")], Take(_talk.Changes));
    }

    [Fact]
    public async Task A_follow_behind_one_that_is_undone_starts_from_nothing()
    {
        _talk.Up();
        await _talk.GiveUpAliceAsync();
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
        await _talk.AwaitNameAsync("carol");
        await _talk.GiveUpAliceAsync();
        _talk.Answer();
        Assert.Equal("unfollow alice", _talk.Asked());
        _talk.Acknowledge();
        Assert.Equal("follow carol", _talk.Asked());
        _talk.Answer(new UserPresence(Alice, "s1", "carol", "here"));
        Assert.Equal("here", Assert.Single(Take(_talk.Changes)).New);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    [Trait("Clause", "F6")]
    public async Task A_user_of_an_awaited_name_who_is_told_by_a_follow_that_is_being_undone_is_followed_again(bool isUnfollowed)
    {
        _talk.Up();
        await _talk.AwaitNameAsync("carol");
        await _talk.GiveUpAliceAsync();
        _talk.Answer();
        Assert.Equal("unfollow alice", _talk.Asked());
        // Told by the follow that ends; that alice goes right behind its end is told by nobody.
        _talk.Tell(null, new UserPresence(Alice, "s1", "carol", "here"));
        Assert.Equal("here", Assert.Single(Take(_talk.Changes)).New);
        var unfollow = isUnfollowed ? _talk.Conversation.UnfollowAsync([Alice], default) : Task.CompletedTask;
        _talk.Acknowledge();
        Assert.Equal("follow carol", _talk.Asked());
        _talk.Answer();
        if (isUnfollowed)
        {
            Assert.Equal("unfollow alice", _talk.Asked());
            _talk.Acknowledge();
            await unfollow;
        }
        else
        {
            Assert.Equal("follow alice", _talk.Asked());
            _talk.Answer();
            Assert.Null(Assert.Single(Take(_talk.Changes)).New);
        }

        Assert.Null(_talk.Asked());
        Assert.Empty(_talk.Roster);
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
        Assert.Equal([Shown("one")], _talk.Roster);
        Assert.Equal(
            [Change(null, "mine", "s9", Me), Change("elsewhere", "here", "s8", Me), Change("here", null, "s8", Me)], Take(_talk.Own));
        _talk.Down();
        _talk.Up();
        Assert.Empty(Take(_talk.Own));
    }
}
