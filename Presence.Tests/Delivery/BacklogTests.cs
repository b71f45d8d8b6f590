using Presence.Actors.Delivery;
using Presence.Actors.Messages;
using Presence.Actors.Model;
using Xunit;
using static Presence.Tests.Model.Samples;

namespace Presence.Tests.Delivery;

[Trait("Clause", "K5")]
public sealed class BacklogTests
{
    private const int Large = 1 << 20;

    private static readonly Subject Other = Subject.OfUser(new UserId(new Guid(2, 0, 0, new byte[8])));

    [Fact]
    public void Changes_of_a_page_that_wait_become_one_which_stands_for_all()
    {
        var batch = Assert.Single(Cut(
            Changed(4, R2, PageAt(5, Status(2, 1))), Changed(5, R2, PageAt(6, Status(2, 2))), Changed(6, R2, PageAt(7, Status(2, 3)))));
        var change = Assert.Single(batch.Changes);
        Assert.Equal((4, 6), (change.Since, change.Sequence));
        Assert.Equal("2.0:7", Told(change.Pages));
    }

    [Fact]
    public void Of_each_page_the_newest_is_kept()
    {
        var batch = Assert.Single(Cut(
            Changed(4, R2, PageAt(5)), Changed(5, R3, PageAt(9)), Changed(6, R2, PageAt(4)), Changed(7, R3, Page.Retired)));
        Assert.Equal("2.0:5, 3.0:end", Told(Assert.Single(batch.Changes).Pages));
    }

    [Fact]
    public void A_new_life_of_the_home_counts_anew()
    {
        var batch = Assert.Single(Cut(Changed(40, R2, PageAt(5)), Changed(1, R3, PageAt(9), incarnation: 2), Changed(2, R3, PageAt(10), incarnation: 2)));
        var change = Assert.Single(batch.Changes);
        Assert.Equal((2, 1, 2), (change.Incarnation, change.Since, change.Sequence));
        Assert.Equal("2.0:5, 3.0:10", Told(change.Pages));
    }

    [Fact]
    public void Subjects_stay_apart_and_in_the_order_in_which_they_came()
    {
        var batch = Assert.Single(Cut(
            Changed(1, R2, PageAt(5)) with { Subject = Other }, Changed(1, R2, PageAt(6)), Changed(2, R2, PageAt(7)) with { Subject = Other }));
        Assert.Equal([Other, User], batch.Changes.Select(c => c.Subject));
        Assert.Equal("2.0:7", Told(batch.Changes[0].Pages));
    }

    [Fact]
    public void What_may_have_been_lost_is_named_once_beside_what_is_told()
    {
        var backlog = Backlog.Of(Backlog.Item.Unsure(User)).Add(Backlog.Item.Unsure(Other))
            .Add(Backlog.Item.Unsure(User)).Add(Backlog.Item.Changed(Changed(7, R2, PageAt(5))));
        var batch = Assert.Single(backlog.Cut(Large));
        Assert.Equal([User, Other], batch.Unsure.AsEnumerable());
        Assert.Equal(7, Assert.Single(batch.Changes).Sequence);
    }

    [Fact]
    public void A_large_backlog_is_cut_without_losing_anything()
    {
        var subjects = Enumerable.Range(0, 1000).Select(i => Subject.OfName($"name {i}")).ToList();
        var backlog = new Backlog();
        foreach (var subject in subjects)
            backlog.Add(Backlog.Item.Changed(Changed(1, R2, PageAt(1, Text(500))) with { Subject = subject })).Add(Backlog.Item.Unsure(subject));

        var batches = backlog.Cut(32 * 1024).ToList();

        Assert.InRange(batches.Count, 15, 50);
        Assert.All(batches, b => Assert.InRange(b.Changes.Sum(c => c.Pages[0].Page.Sessions[0].Status.Length), 1, 32 * 1024));
        Assert.Equal(subjects, batches.SelectMany(b => b.Changes).Select(c => c.Subject));
        Assert.Equal(subjects, batches.SelectMany(b => b.Unsure));
    }

    [Fact]
    public void A_change_that_is_larger_than_a_batch_is_a_batch_by_itself()
    {
        var batches = new Backlog()
            .Add(Backlog.Item.Changed(Changed(1, R2, PageAt(1)) with { Subject = Other }))
            .Add(Backlog.Item.Changed(Changed(1, R2, PageAt(1, Text(5000)))))
            .Add(Backlog.Item.Unsure(Subject.OfName("ann"))).Cut(1000).ToList();
        Assert.Equal([Other, User], batches.SelectMany(b => b.Changes).Select(c => c.Subject));
        Assert.Equal(3, batches.Count);
    }

    private static SessionStatus Text(int length) => Status(2, 1) with { Status = new string('x', length) };

    private static IEnumerable<PeerBatch> Cut(params PresenceChanged[] changes) =>
        changes.Aggregate(new Backlog(), (backlog, change) => backlog.Add(Backlog.Item.Changed(change))).Cut(Large);
}
