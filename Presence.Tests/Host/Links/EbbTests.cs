using Presence.Host.Links;
using Xunit;

namespace Presence.Tests.Host.Links;

/// <summary>When the memory of links that have gone is given back.</summary>
public sealed class EbbTests
{
    private static readonly TimeSpan Look = Ebb.Calm / 4;

    [Fact]
    public void It_comes_when_it_has_been_calm_for_long_enough_and_not_again()
    {
        var ebb = After(default, 20_000, 12_000, 300, 300, 305, 299);
        Assert.False(ebb.HasCome);
        ebb = After(ebb, 300);
        Assert.True(ebb.HasCome);
        Assert.Equal(20_000, ebb.Most);
        Assert.False(After(ebb, 300, 300, 300, 300, 300, 300).HasCome);
    }

    [Fact]
    public void It_comes_again_after_the_next_flood()
    {
        var ebb = After(default, 5000, 0, 0, 0, 0, 0);
        Assert.True(ebb.HasCome);
        Assert.True(After(ebb, 0, 4000, 0, 0, 0, 0, 0).HasCome);
    }

    [Theory]
    [InlineData(999, 0)]
    [InlineData(5000, 2501)]
    [InlineData(50_000, 5001)]
    public void It_does_not_come_where_it_is_not_worth_it_or_many_would_wait(int most, int left) =>
        Assert.False(After(default, most, left, left, left, left, left, left).HasCome);

    [Theory]
    [InlineData(1000, 0)]
    [InlineData(5000, 2500)]
    [InlineData(50_000, 5000)]
    public void These_are_its_bounds(int most, int left) => Assert.True(After(default, most, left, left, left, left, left).HasCome);

    [Fact]
    public void Who_comes_or_goes_puts_it_off()
    {
        var ebb = After(default, 10_000, 1000, 1000, 1000, 1000, 1100);
        Assert.False(ebb.HasCome);
        Assert.False(After(ebb, 1100, 1100, 1100).HasCome);
        Assert.True(After(ebb, 1100, 1100, 1100, 1100).HasCome);
    }

    private static Ebb After(Ebb ebb, params int[] looks) => looks.Aggregate(ebb, (e, links) => e.After(links, Look));
}
