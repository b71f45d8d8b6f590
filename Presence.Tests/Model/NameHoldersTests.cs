using CsCheck;
using Presence.Actors.Model;
using Xunit;

namespace Presence.Tests.Model;

/// <summary>Which of the users with one name are reported, against a plain set.</summary>
[Trait("Clause", "F11")]
[Trait("Clause", "L2")]
public sealed class NameHoldersTests
{
    [Fact]
    public void The_first_users_are_reported_and_more_are_not()
    {
        var holders = new NameHolders(2);
        Assert.Equal(new NameHolders.Change(User(1), null), holders.Add(User(1)));
        Assert.Equal(new NameHolders.Change(User(2), null), holders.Add(User(2)));
        Assert.Equal(default, holders.Add(User(3)));
        Assert.Equal(3, holders.Count);
    }

    [Fact]
    public void A_reported_user_who_leaves_is_replaced_by_one_who_was_not()
    {
        var holders = new NameHolders(2);
        foreach (var user in new[] { 1, 2, 3 })
            holders.Add(User(user));
        Assert.Equal(new NameHolders.Change(User(3), User(1)), holders.Remove(User(1)));
        Assert.Equal(new NameHolders.Change(null, User(2)), holders.Remove(User(2)));
        Assert.Equal(new NameHolders.Change(null, User(3)), holders.Remove(User(3)));
    }

    [Fact]
    public void A_user_has_the_name_until_the_last_connection_ends()
    {
        var holders = new NameHolders(5);
        holders.Add(User(1));
        Assert.Equal(default, holders.Add(User(1)));
        Assert.Equal(default, holders.Remove(User(1)));
        Assert.Equal(new NameHolders.Change(null, User(1)), holders.Remove(User(1)));
        Assert.Equal(default, holders.Remove(User(1)));
    }

    [Fact]
    public void As_many_as_fit_are_reported_after_every_change() =>
        Gen.Select(Gen.Int[1, 12], Gen.Int[1, 40], Gen.Int[0, 1_000_000].Array[0, 400]).Sample((reported, users, steps) =>
        {
            var holders = new NameHolders(reported);
            var connections = new Dictionary<UserId, int>();
            var shown = new HashSet<UserId>();
            foreach (var step in steps)
            {
                var user = User(step / 2 % users);
                var count = connections.GetValueOrDefault(user);
                var isAdded = step % 2 == 0;
                var change = isAdded ? holders.Add(user) : holders.Remove(user);
                connections[user] = isAdded ? count + 1 : Math.Max(0, count - 1);
                if (change.Hidden is { } hidden)
                    Assert.True(shown.Remove(hidden));
                if (change.Shown is { } next)
                    Assert.True(shown.Add(next));
                var present = connections.Where(c => c.Value > 0).Select(c => c.Key).ToHashSet();
                Assert.Equal(present.Count, holders.Count);
                Assert.Equal(Math.Min(reported, present.Count), shown.Count);
                Assert.Subset(present, shown);
            }
        });

    private static UserId User(int number) => new(new Guid(number, 0, 0, new byte[8]));
}
