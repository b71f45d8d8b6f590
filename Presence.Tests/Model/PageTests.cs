using CsCheck;
using Presence.Actors.Model;
using Xunit;
using static Presence.Tests.Model.Samples;

namespace Presence.Tests.Model;

[Trait("Clause", "E1")]
[Trait("Clause", "E2")]
public sealed class PageTests
{
    [Fact]
    public void From_no_page_every_session_joins() =>
        Assert.Equal(">s1@1, >s2@4", Told(Page.Difference(null, PageAt(3, Status(1, 1), Status(2, 4)))));

    [Fact]
    public void Between_two_pages_sessions_join_change_stay_and_leave() =>
        Assert.Equal(
            ">s4@1, s1@1>s1@2, s3@1>",
            Told(Page.Difference(
                PageAt(3, Status(1, 1), Status(2, 1), Status(3, 1)), PageAt(4, Status(4, 1), Status(2, 1), Status(1, 2)))));

    [Fact]
    [Trait("Clause", "S8")]
    public void The_same_text_in_a_new_revision_is_a_change()
    {
        var (once, again) = (Status(1, 1), Status(1, 1) with { Revision = 2 });
        Assert.Equal(new StatusChange(once, again), Assert.Single(Page.Difference(PageAt(1, once), PageAt(2, again))));
    }

    [Fact]
    [Trait("Clause", "E6")]
    public void On_the_last_page_everybody_has_left()
    {
        Assert.True(Page.Retired.IsRetired);
        Assert.Equal("s1@1>, s2@1>", Told(Page.Difference(PageAt(9, Status(1, 1), Status(2, 1)), Page.Retired)));
    }

    [Fact]
    public void Nothing_changes_between_empty_pages() => Assert.Empty(Page.Difference(PageAt(1), PageAt(2)));

    [Fact]
    [Trait("Clause", "L2")]
    public void A_small_change_of_a_large_page_travels_without_the_rest()
    {
        var before = Large(1);
        var after = new Page(2, before.Sessions.SetItem(7, Status(7, 2)).RemoveAt(3).Add(Status(99, 1)));
        var change = Assert.IsType<PageDifference>(Page.Update(before, after));
        Assert.Equal((1, 1, 2), (change.Since, change.Until, change.Version));
        Assert.Equal([Status(7, 2), Status(99, 1)], change.Sessions.AsEnumerable());
        Assert.Equal([Session(3)], change.Hidden.AsEnumerable());
        Assert.Equal(after.Sessions.ToHashSet(), change.ApplyTo(before)!.Sessions.ToHashSet());
        Assert.Equal(2, change.ApplyTo(before)!.Version);
    }

    [Fact]
    public void A_difference_is_of_no_use_without_the_page_at_which_it_starts()
    {
        var before = Large(5);
        var change = Page.Update(before, new Page(6, before.Sessions.SetItem(0, Status(0, 2))));
        Assert.Null(change.ApplyTo(null));
        Assert.Null(change.ApplyTo(before with { Version = 4 }));
        Assert.Null(change.ApplyTo(before with { Version = 6 }));
    }

    [Fact]
    public void A_difference_starts_at_each_version_that_shows_the_same()
    {
        var before = Large(5) with { SameSince = 3 };
        var change = Page.Update(before, new Page(6, before.Sessions.SetItem(0, Status(0, 2))));
        Assert.All([3, 4, 5], version => Assert.NotNull(change.ApplyTo(before with { Version = version })));
        Assert.Null(change.ApplyTo(before with { Version = 2 }));
    }

    [Fact]
    public void Small_pages_and_large_changes_travel_whole()
    {
        var large = Large(1);
        Assert.IsType<Page>(Page.Update(PageAt(1, Status(1, 1)), PageAt(2, Status(1, 2))));
        Assert.IsType<Page>(Page.Update(null, large));
        Assert.IsType<Page>(Page.Update(large, new Page(2, [.. Enumerable.Range(0, 20).Select(i => Status(i, i < 15 ? 2 : 1))])));
        Assert.Same(Page.Retired, Page.Update(large, Page.Retired));
    }

    [Fact]
    public void Differences_one_after_the_other_and_as_one_lead_to_the_same_page() =>
        Gen.Int[0, 1_000_000].Array[20, 60].Sample(steps =>
        {
            var pages = new List<Page> { Large(1) };
            foreach (var step in steps)
            {
                var last = pages[^1];
                var session = step / 3 % 30;
                var at = last.Sessions.ToList().FindIndex(s => s.Session == Session(session));
                var status = Status(session, last.Version + 1);
                var sessions = (at, step % 3) switch
                {
                    ( < 0, _) => last.Sessions.Add(status),
                    (_, 0) when last.Sessions.Length > 10 => last.Sessions.RemoveAt(at),
                    _ => last.Sessions.SetItem(at, status),
                };
                pages.Add(new Page(last.Version + 1, sessions));
            }

            var changes = pages.Zip(pages.Skip(1), (from, to) => Assert.IsType<PageDifference>(Page.Update(from, to))).ToList();
            var one = changes.Aggregate(pages[0], (page, change) => change.ApplyTo(page)!);
            var other = changes.Aggregate((change, next) => change.Then(next)).ApplyTo(pages[0])!;
            Assert.Equal(pages[^1].Sessions.ToHashSet(), one.Sessions.ToHashSet());
            Assert.Equal(pages[^1].Sessions.ToHashSet(), other.Sessions.ToHashSet());
            Assert.Equal((pages[^1].Version, one.Sessions.Length), (other.Version, other.Sessions.Length));
        });

    private static Page Large(long version) => new(version, [.. Enumerable.Range(0, 20).Select(i => Status(i, 1))]);
}
