using Presence.Actors.Model;
using Presence.Actors.Relays;
using Xunit;

namespace Presence.Tests.Relays;

[Trait("Clause", "L2")]
public sealed class FollowWindowTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    private readonly FollowWindow _window = new(2, Patience);

    [Fact]
    public void There_is_room_for_so_many_and_for_the_next_when_one_leaves()
    {
        var (first, second) = (Entry(), Entry());
        _window.Enter(first, 1, TimeSpan.Zero);
        _window.Enter(first, 1, TimeSpan.Zero);
        Assert.Equal(Room.Normal, _window.Room & Room.Normal);
        _window.Enter(second, 2, TimeSpan.Zero);
        Assert.Equal(Room.None, _window.Room & Room.Normal);

        FollowWindow.Leave(second);
        FollowWindow.Leave(second);
        Assert.Equal(Room.Normal, _window.Room & Room.Normal);
        Assert.Equal(1, _window.Count);
    }

    [Fact]
    public void What_gets_no_answer_makes_room_and_its_shard_has_a_window_of_its_own_until_it_answers()
    {
        var (silent, answered) = (Entry(), Entry());
        _window.Enter(silent, 1, TimeSpan.Zero);
        _window.Enter(answered, 2, TimeSpan.Zero);
        FollowWindow.Leave(answered);

        _window.Expire(Patience - TimeSpan.FromTicks(1));
        Assert.False(_window.HasSlowShards);
        _window.Expire(Patience);
        Assert.Equal(0, _window.Count);
        Assert.Equal(Room.Slow, _window.NeededFor(1));
        Assert.Equal(Room.Normal, _window.NeededFor(2));

        for (var i = 0; i < 2 * FollowWindow.SlowFactor; i++)
        {
            Assert.Equal(Room.Slow, _window.Room & Room.Slow);
            _window.Enter(Entry(), 1, Patience);
        }

        Assert.Equal(Room.Normal, _window.Room);
        _window.Answered(1);
        Assert.Equal(Room.Normal, _window.NeededFor(1));
        // What has gone into the other window counts there.
        Assert.Equal(Room.Normal, _window.Room);
        _window.Expire(Patience + (Patience * FollowWindow.SlowFactor));
        Assert.Equal(0, _window.Count);
    }

    [Fact]
    public void A_late_answer_frees_nothing_twice()
    {
        var entry = Entry();
        _window.Enter(entry, 1, TimeSpan.Zero);
        _window.Expire(Patience);
        FollowWindow.Leave(entry);
        Assert.Equal(0, _window.Count);
    }

    private static RelayEntry Entry() => new(Subject.OfUser(new UserId(Guid.NewGuid())));
}
