using Presence.Actors.Model;
using Presence.Actors.Relays;
using Xunit;

namespace Presence.Tests.Relays;

[Trait("Clause", "L2")]
public sealed class EntryWalkTests
{
    [Fact]
    public void It_visits_each_entry_once_a_few_at_a_time_and_none_that_is_forgotten_meanwhile()
    {
        var entries = Enumerable.Range(0, 5).Select(_ => new RelayEntry(Subject.OfUser(new UserId(Guid.NewGuid())))).ToArray();
        var visited = new List<RelayEntry>();
        var walk = new EntryWalk(entries, visited.Add);

        Assert.Equal(2, walk.Step(2));
        Assert.Equal(entries[..2], visited);
        entries[3].IsForgotten = true;
        Assert.False(walk.IsDone);
        Assert.Equal(3, walk.Step(10));
        Assert.True(walk.IsDone);
        Assert.Equal([entries[0], entries[1], entries[2], entries[4]], visited);
    }

    [Fact]
    public void An_empty_walk_is_done_and_counts_as_a_step()
    {
        var walk = new EntryWalk([], _ => Assert.Fail("There is nothing to visit."));
        Assert.Equal(1, walk.Step(10));
        Assert.True(walk.IsDone);
    }
}
