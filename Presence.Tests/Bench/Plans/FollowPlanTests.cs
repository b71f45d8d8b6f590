using CsCheck;
using Presence.Bench.Plans;
using Xunit;

namespace Presence.Tests.Bench.Plans;

public sealed class FollowPlanTests
{
    // The counts that the strides divide among them.
    private static readonly Gen<LoadSettings> Spread = Gen.OneOf(Gen.Int[2, 500], Gen.Const(7919), Gen.Const(2 * 7919)).SelectMany(
        connections => Gen.Int[1, Math.Min(connections - 1, 60)],
        (connections, follows) => new LoadSettings { Connections = connections, Follows = follows, Window = 1 });

    [Fact]
    public void Everybody_follows_as_many_others_as_told_each_once_and_is_followed_by_as_many() => Spread.Sample(
        settings =>
        {
            var plan = new FollowPlan(settings);
            for (var i = 0; i < settings.Connections; i++)
            {
                var followed = plan.FollowedBy(i).ToArray();
                Assert.Equal(settings.Follows, followed.Distinct().Count());
                Assert.DoesNotContain(i, followed);
                Assert.All(followed, f => Assert.InRange(f, 0, settings.Connections - 1));
                // And one to itself.
                Assert.Equal(settings.Follows + 1, plan.Worth(i));
            }

            Assert.Equal((long)settings.Connections * settings.Follows, plan.Follows);
        },
        iter: 50);

    [Fact]
    public void With_hubs_everybody_else_follows_all_of_them_and_only_they_publish()
    {
        var plan = new FollowPlan(new LoadSettings { Connections = 25, Hubs = 5, Window = 1 });

        Assert.Equal(5, plan.Publishers);
        Assert.Equal(100, plan.Follows);
        Assert.All(Enumerable.Range(0, 5), hub => Assert.Equal(21, plan.Worth(hub)));
        Assert.All(Enumerable.Range(0, 5), hub => Assert.True(plan.FollowedBy(hub).IsEmpty));
        Assert.All(Enumerable.Range(5, 20), other => Assert.Equal([0, 1, 2, 3, 4], plan.FollowedBy(other).ToArray()));
        Assert.All(Enumerable.Range(0, 100), update => Assert.InRange(plan.PublisherOf(update), 0, 4));
    }

    [Theory]
    [InlineData(7)]
    [InlineData(2000)]
    [InlineData(104_729)]
    public void All_publish_in_turn(int connections)
    {
        var plan = new FollowPlan(new LoadSettings { Connections = connections, Follows = 1, Window = 1 });

        var turn = Enumerable.Range(0, connections).Select(k => plan.PublisherOf(k)).ToArray();

        Assert.Equal(connections, turn.Distinct().Count());
        Assert.Equal(turn[0], plan.PublisherOf(connections));
        Assert.Equal(turn[1], plan.PublisherOf(1_000_000_007L * connections + 1));
    }
}
