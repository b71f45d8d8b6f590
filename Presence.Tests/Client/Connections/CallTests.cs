using CsCheck;
using Presence.Client;
using Presence.Client.Requests;
using Presence.Client.Wire;
using Xunit;
using static Presence.Tests.Client.Connections.Talk;

namespace Presence.Tests.Client.Connections;

/// <summary>When a call is sent, how often, and when no more.</summary>
public sealed class CallTests
{
    private readonly Talk _talk = new();

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
        Assert.Equal([Shown("two")], _talk.Roster);
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
        Assert.Equal([Shown("b", "s2", Bob)], _talk.Roster);
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
}
