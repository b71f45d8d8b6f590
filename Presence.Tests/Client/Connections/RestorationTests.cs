using CsCheck;
using Presence.Client;
using Xunit;
using static Presence.Tests.Client.Connections.Talk;

namespace Presence.Tests.Client.Connections;

/// <summary>What a client asks of a new link, and what it makes of the difference.</summary>
public sealed class RestorationTests
{
    private readonly Talk _talk = new();

    [Fact]
    [Trait("Clause", "E2")]
    public async Task After_a_reconnect_the_difference_is_told_before_the_client_is_connected()
    {
        _talk.Up();
        await _talk.FollowAliceAsync(Shown("gone", "s1"), Shown("same", "s2"), Shown("old", "s3"));
        Assert.True(_talk.Roster.IsCurrent);
        _talk.Down();
        Assert.False(_talk.Roster.IsCurrent);
        Assert.Equal(3, _talk.Roster.Count);
        _talk.Up();
        Assert.Equal(ConnectionPhase.Reconnecting, _talk.Conversation.State.Phase);
        Assert.Equal("follow alice", _talk.Asked());
        Assert.Empty(Take(_talk.Changes));
        _talk.Answer(Shown("same", "s2"), Shown("new", "s3"), Shown("come", "s4"));
        Assert.Equal(ConnectionPhase.Connected, _talk.Conversation.State.Phase);
        Assert.Equal([Change("old", "new", "s3"), Change(null, "come", "s4"), Change("gone", null, "s1")], Take(_talk.Changes));
        Assert.True(_talk.Roster.IsCurrent);
        Assert.Equal(3, _talk.Roster.Count);
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
        Assert.False(_talk.Roster.IsCurrent);
        while (_talk.Asked() is not null)
            _talk.Answer();
        Assert.True(_talk.Roster.IsCurrent);
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
        Assert.Equal([Shown("one")], _talk.Roster);
        _talk.Up();
        Assert.Equal("follow alice", _talk.Asked());
        _talk.Answer();
        Assert.Equal([Change("one", null)], Take(_talk.Changes));
        Assert.Empty(_talk.Roster);
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
        Assert.Equal([Shown("one")], _talk.Roster);
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
        await _talk.AwaitNameAsync("alice");
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
        Assert.Empty(_talk.Roster);
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
        await _talk.AwaitNameAsync("alice");
        _talk.Down();
        _talk.Up();
        var unfollow = _talk.Conversation.UnfollowAsync([Alice], default);
        Assert.Equal("follow alice", _talk.Asked());
        _talk.Answer(isShown ? [Shown("here")] : []);
        Assert.Equal("unfollow alice", _talk.Asked());
        Assert.Equal(isShown ? 1 : 0, _talk.Roster.Count);
        _talk.Acknowledge();
        await unfollow;
        Assert.Empty(_talk.Roster);
        Assert.Empty(Take(_talk.Changes));
        if (!isShown)
        {
            _talk.Tell(null, Shown("here"));
            Assert.Equal("unfollow alice", _talk.Asked());
        }

        Assert.Null(_talk.Asked());
        Assert.Empty(_talk.Roster);
    }

    [Fact]
    [Trait("Clause", "F7")]
    public async Task Who_is_unfollowed_as_the_client_repeats_the_name_is_unfollowed_once_more()
    {
        _talk.Up();
        await _talk.AwaitNameAsync("alice");
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
        Assert.Empty(_talk.Roster);
        Assert.Empty(Take(_talk.Changes));
    }

    [Fact]
    public async Task A_repetition_of_names_does_not_outlive_its_link()
    {
        _talk.Up();
        await _talk.AwaitNameAsync("carol");
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
}
