using Presence.Client;
using Presence.Client.Links;
using Xunit;
using static Presence.Tests.Client.Connections.Talk;

namespace Presence.Tests.Client.Connections;

/// <summary>What those who enumerate changes are told, to the end of their client.</summary>
public sealed class SubscriptionTests
{
    private readonly Talk _talk = new();

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
        Assert.False(_talk.Roster.IsCurrent);
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
}
