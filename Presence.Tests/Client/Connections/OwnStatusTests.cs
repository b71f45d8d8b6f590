using Presence.Client;
using Xunit;

namespace Presence.Tests.Client.Connections;

/// <summary>The status that a client shows, link after link.</summary>
public sealed class OwnStatusTests
{
    private readonly Talk _talk = new();

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
}
