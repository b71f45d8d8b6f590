using CsCheck;
using Presence.Actors.Limits;
using Presence.Actors.Model;
using Presence.Actors.Relays;
using Xunit;

namespace Presence.Tests.Relays;

[Trait("Clause", "L2")]
public sealed class FollowSchedulerTests
{
    // The clock of the tests, in milliseconds.
    private const long Begin = 1000;
    private const long Hour = 3_600_000;

    private const Room All = Room.Normal | Room.Slow | Room.Creation;

    private readonly UserId _alice = new(Guid.NewGuid()), _bob = new(Guid.NewGuid());
    private readonly FollowScheduler<string> _scheduler = new(default);

    [Fact]
    public void Users_take_turns_and_the_work_of_one_is_done_in_order()
    {
        Enqueue(_alice, "a1", "a2", "a3");
        Enqueue(_bob, "b1");

        Assert.Equal(["a1", "b1", "a2", "a3"], Enumerable.Range(0, 4).Select(_ => Do()));
        Assert.False(_scheduler.TryNext(All, out _));
        Assert.Equal(0, _scheduler.Users);
    }

    [Fact]
    public void A_user_that_needs_room_does_not_hold_up_the_others()
    {
        Enqueue(_alice, "a1");
        Enqueue(_bob, "b1");
        Assert.True(_scheduler.TryNext(Room.None, out var turn));
        _scheduler.Block(turn, Room.Normal);

        Assert.Equal("b1", Do(Room.None));
        Assert.False(_scheduler.CanGoOn(Room.Slow));
        Assert.False(_scheduler.TryNext(Room.Slow, out _));
        Assert.True(_scheduler.CanGoOn(Room.Normal));
        Assert.Equal("a1", Do(Room.Normal));
    }

    [Theory]
    [InlineData(Room.Normal)]
    [InlineData(Room.Slow)]
    [InlineData(Room.Creation)]
    public void A_blocked_user_goes_on_when_there_is_the_room_that_it_needs_and_before_those_that_came_later(object needed)
    {
        var room = (Room)needed;
        Enqueue(_alice, "a1");
        Assert.True(_scheduler.TryNext(Room.None, out var turn));
        _scheduler.Block(turn, room);
        Enqueue(_bob, "b1");

        Assert.False(_scheduler.TryNext(All & ~room, out turn) && turn.User == _alice);
        _scheduler.Yield(turn!);
        Assert.Equal("a1", Do(room));
        Assert.Equal("b1", Do(room));
    }

    [Fact]
    public void A_user_above_its_rate_waits_for_the_time_that_the_rate_says_and_nobody_else_does()
    {
        var scheduler = new FollowScheduler<string>(new RateLimit(1, TimeSpan.FromSeconds(2)));
        scheduler.Enqueue(_alice, "a");
        scheduler.Enqueue(_bob, "b");
        Assert.True(scheduler.TryNext(All, out var alice));
        Assert.True(scheduler.TryTakeFollow(alice, Begin));
        Assert.True(scheduler.TryTakeFollow(alice, Begin));
        Assert.False(scheduler.TryTakeFollow(alice, Begin));
        scheduler.Throttle(alice);

        Assert.True(scheduler.TryNext(All, out var bob));
        Assert.True(scheduler.TryTakeFollow(bob, Begin));
        FollowScheduler<string>.Complete(bob);
        scheduler.Yield(bob);

        scheduler.Tick(Begin + 900);
        Assert.False(scheduler.CanGoOn(All));
        scheduler.Tick(Begin + 1000);
        Assert.True(scheduler.TryNext(All, out var again));
        Assert.Same(alice, again);
        Assert.True(scheduler.TryTakeFollow(again, Begin + 1000));
    }

    [Fact]
    public void A_user_does_not_get_a_new_rate_by_having_nothing_to_do_and_is_forgotten_when_its_rate_is_full()
    {
        var scheduler = new FollowScheduler<string>(new RateLimit(1, TimeSpan.FromSeconds(2)));
        for (var i = 0; i < 2; i++)
        {
            scheduler.Enqueue(_alice, "a");
            Assert.True(scheduler.TryNext(All, out var turn));
            Assert.True(scheduler.TryTakeFollow(turn, Begin));
            FollowScheduler<string>.Complete(turn);
            scheduler.Yield(turn);
            scheduler.Tick(Begin);
        }

        scheduler.Enqueue(_alice, "a");
        Assert.True(scheduler.TryNext(All, out var last));
        Assert.False(scheduler.TryTakeFollow(last, Begin));
        FollowScheduler<string>.Complete(last);
        scheduler.Yield(last);

        scheduler.Tick(Begin + 1900);
        Assert.Equal(1, scheduler.Users);
        scheduler.Tick(Begin + 2000);
        Assert.Equal(0, scheduler.Users);
    }

    [Fact]
    public void Nothing_is_lost_or_done_twice_whatever_holds_it_up() =>
        Gen.Select(Gen.Int[0, 3], Gen.Int[0, 5]).Array[0, 60].Sample(steps =>
        {
            var scheduler = new FollowScheduler<string>(new RateLimit(10, TimeSpan.FromMilliseconds(200)));
            var users = Enumerable.Range(0, 4).Select(_ => new UserId(Guid.NewGuid())).ToArray();
            var (now, made, done) = (Begin, new List<string>(), new List<string>());
            foreach (var (user, what) in steps)
            {
                now += 30;
                if (what < 3)
                {
                    var work = $"{user}:{made.Count:000}";
                    made.Add(work);
                    scheduler.Enqueue(users[user], work);
                }
                else if (scheduler.TryNext((Room)(what - 2), out var turn))
                {
                    switch (what)
                    {
                        case 3:
                            scheduler.Block(turn, Room.Normal);
                            break;
                        case 4 when !scheduler.TryTakeFollow(turn, now):
                            scheduler.Throttle(turn);
                            break;
                        default:
                            done.Add(turn.First);
                            FollowScheduler<string>.Complete(turn);
                            scheduler.Yield(turn);
                            break;
                    }
                }

                scheduler.Tick(now);
            }

            now += Hour;
            scheduler.Tick(now);
            while (scheduler.TryNext(All, out var turn))
            {
                done.Add(turn.First);
                FollowScheduler<string>.Complete(turn);
                scheduler.Yield(turn);
            }

            scheduler.Tick(now + Hour);
            Assert.Equal(made.Order(), done.Order());
            foreach (var ofUser in done.GroupBy(work => work[0]))
                Assert.Equal(ofUser.Order(), ofUser);
            Assert.Equal(0, scheduler.Users);
        });

    private void Enqueue(UserId user, params string[] works)
    {
        foreach (var work in works)
            _scheduler.Enqueue(user, work);
    }

    private string Do(Room room = All)
    {
        Assert.True(_scheduler.TryNext(room, out var turn));
        var work = turn.First;
        FollowScheduler<string>.Complete(turn);
        _scheduler.Yield(turn);
        return work;
    }
}
