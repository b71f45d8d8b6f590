using System.Diagnostics;
using Presence.Host.Links.Loops;
using Xunit;

namespace Presence.Tests.Host.Links.Loops;

[Trait("Clause", "L2")]
public sealed class TurnBudgetTests
{
    [Fact]
    public void It_is_spent_by_items()
    {
        var budget = new TurnBudget(20, long.MaxValue);
        budget.Spend(19);
        Assert.False(budget.IsSpent);
        budget.Spend(1);
        Assert.True(budget.IsSpent);
    }

    [Fact]
    public void It_is_spent_by_time_that_is_looked_at_once_per_few_items()
    {
        var budget = new TurnBudget(int.MaxValue, Stopwatch.GetTimestamp());
        for (var i = 1; i < TurnBudget.ItemsPerLook; i++)
            budget.Spend(1);
        Assert.False(budget.IsSpent);
        budget.Spend(1);
        Assert.True(budget.IsSpent);
    }
}
