using Presence.Actors.Model;
using Xunit;
using static Presence.Tests.Model.Samples;

namespace Presence.Tests.Model;

[Trait("Clause", "K2")]
public sealed class HomeTests
{
    [Fact]
    [Trait("Clause", "K5")]
    public void A_change_is_told_to_every_watcher_but_the_one_that_reports_it()
    {
        var step = Watched(R1, R2, R3).Report(Report(R2, PageAt(5, Status(2, 1)), watching: true));
        Assert.Equal("1.0, 3.0", Told(step.Audience));
        Assert.Equal(R2, step.Change!.Pages[0].Relay);
        Assert.Equal("s2@1", Assert.Single(step.Change.Pages[0].Page.Sessions).Status);
        Assert.Equal(5, step.Accepted!.Version);
    }

    [Fact]
    [Trait("Clause", "E5")]
    public void Who_does_not_watch_is_told_nothing()
    {
        var home = Watched(R1).Report(Report(R2, PageAt(5, Status(2, 1)))).Next;
        Assert.Equal("1.0", Told(home.Watchers));
        var step = home.Report(Report(R3, PageAt(5, Status(3, 1))));
        Assert.Equal("1.0", Told(step.Audience));
        Assert.Empty(step.Accepted!.Newer);
    }

    [Fact]
    public void Changes_are_numbered_and_what_is_no_change_is_not()
    {
        var first = Watched(R1).Report(Report(R2, PageAt(5, Status(2, 1))));
        Assert.Equal((1L, 1L), (first.Change!.Sequence, first.Accepted!.Sequence));
        foreach (var again in (long[])[4, 5, 6])
        {
            var repeated = first.Next.Report(Report(R2, PageAt(again, Status(2, 1))));
            Assert.Null(repeated.Change);
            Assert.Empty(repeated.Audience);
            Assert.Equal(1, repeated.Accepted!.Sequence);
        }

        var second = first.Next.Report(Report(R2, PageAt(7)));
        Assert.Equal(2, second.Change!.Sequence);
        Assert.Equal(3, second.Next.Remove(R2).Next.Report(Report(R3, PageAt(1, Status(3, 1)))).Change!.Sequence);
    }

    [Fact]
    [Trait("Clause", "E4")]
    public void A_report_that_comes_late_is_accepted_and_changes_nothing()
    {
        var home = Watched(R1).Report(Report(R2, PageAt(5), watching: true)).Next;
        var step = home.Report(Report(R2, PageAt(4, Status(2, 1)), watching: false));
        Assert.Null(step.Change);
        Assert.Equal(4, step.Accepted!.Version);
        Assert.Contains(R2, step.Next.Watchers);
        Assert.True(step.Next.Book.ShowsNothing);
    }

    [Fact]
    [Trait("Clause", "F2")]
    public void A_watcher_is_answered_with_what_its_digest_lacks_and_no_page_of_its_own()
    {
        var home = Fresh().Report(Report(R1, PageAt(5, Status(1, 1)))).Next.Report(Report(R2, PageAt(6, Status(2, 1)))).Next;
        Assert.Equal("1.0:5, 2.0:6", Told(home.Report(Report(R3, PageAt(1), watching: true)).Accepted!.Newer));
        Assert.Equal("2.0:6", Told(home.Report(Report(R3, PageAt(1), watching: true, new Known(R1, 5), new Known(R2, 5))).Accepted!.Newer));
        Assert.Equal("2.0:6", Told(home.Report(Report(R1, PageAt(6), watching: true)).Accepted!.Newer));
    }

    [Fact]
    public void A_relay_learns_whether_the_home_holds_anything_for_it()
    {
        Assert.True(Fresh().Report(Report(R1, PageAt(1, Status(1, 1)))).Accepted!.Holds);
        Assert.True(Fresh().Report(Report(R1, PageAt(1), watching: true)).Accepted!.Holds);
        Assert.False(Fresh().Report(Report(R1, PageAt(1))).Accepted!.Holds);
    }

    [Fact]
    public void A_relay_that_a_digest_names_is_asked_until_it_reports()
    {
        var step = Fresh().Report(Report(R1, PageAt(1), watching: true, new Known(R1, 1), new Known(R2, 7)));
        Assert.Equal("2.0", Told(step.Ask));
        Assert.Equal("2.0", Told(step.Next.Asked));
        Assert.False(step.Next.IsEmpty);

        var again = step.Next.Report(Report(R1, PageAt(1), watching: true, new Known(R2, 7)));
        Assert.Empty(again.Ask);
        Assert.Equal("2.0", Told(again.Next.Asked));
        Assert.Empty(again.Next.Report(Report(R2, PageAt(8))).Next.Asked);
    }

    [Fact]
    public void A_relay_of_which_others_know_more_than_it_reported_is_asked_and_one_of_which_they_do_not_is_not()
    {
        var home = Fresh().Report(Report(R2, PageAt(5))).Next;
        Assert.Equal("2.0", Told(home.Report(Report(R1, PageAt(1), watching: true, new Known(R2, 6))).Ask));
        Assert.Empty(home.Report(Report(R1, PageAt(1), watching: true, new Known(R2, 5))).Ask);
    }

    [Fact]
    public void That_a_relay_is_gone_is_believed_and_nobody_is_asked()
    {
        var step = Fresh().Report(Report(R1, PageAt(1), watching: false, new Known(R2, long.MaxValue)));
        Assert.Empty(step.Ask);
        Assert.True(step.Next.IsEmpty);
        Assert.Null(step.Next.Report(Report(R2, PageAt(9, Status(2, 1)))).Accepted);
    }

    [Fact]
    [Trait("Clause", "E6")]
    public void A_relay_that_is_gone_takes_its_page_with_it_and_no_late_report_brings_it_back()
    {
        var step = Watched(R1).Report(Report(R2, PageAt(5, Status(2, 1)), watching: true)).Next.Remove(R2);
        Assert.Equal("1.0", Told(step.Audience));
        Assert.True(step.Change!.Pages[0].Page.IsRetired);
        Assert.Equal("1.0", Told(step.Next.Watchers));

        var late = step.Next.Report(Report(R2, PageAt(6, Status(2, 2)), watching: true));
        Assert.Same(step.Next, late.Next);
        Assert.Null(late.Accepted);
        Assert.Null(late.Change);
        Assert.Null(step.Next.Remove(R2).Change);
    }

    /// <summary>Somebody shows what this home never saw, be it that this home knows nothing of the relay or something older.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    [Trait("Clause", "E3")]
    public void That_a_relay_shows_nothing_new_is_news_to_whoever_knew_more_of_it(bool isKnown)
    {
        var home = isKnown ? Fresh().Report(Report(R2, PageAt(5))).Next : Fresh();
        home = home.Report(Report(R1, PageAt(1), watching: true, new Known(R2, 7))).Next;
        Assert.Equal("2.0", Told(home.Asked));

        // What is older than what is known elsewhere settles nothing.
        home = home.Report(Report(R2, PageAt(6))).Next;
        Assert.Equal("2.0", Told(home.Asked));

        var step = home.Report(Report(R2, PageAt(8)));
        Assert.Empty(step.Next.Asked);
        Assert.Equal("1.0", Told(step.Audience));
        Assert.Equal("2.0:8", Told(step.Change!.Pages));
    }

    [Fact]
    [Trait("Clause", "E6")]
    public void A_relay_that_takes_the_place_of_one_with_sessions_is_news_though_it_shows_nothing()
    {
        var next = R2 with { Incarnation = 1 };
        var step = Watched(R1).Report(Report(R2, PageAt(5, Status(2, 1)))).Next.Report(Report(next, PageAt(1)));
        Assert.Equal("1.0", Told(step.Audience));
        Assert.Equal("2.1:1", Told(step.Change!.Pages));
        Assert.True(step.Next.Book.ShowsNothing);
        // The end of the failed one is no news any more, and a late report of it is not taken.
        Assert.Null(step.Next.Remove(R2).Change);
        Assert.Null(step.Next.Report(Report(R2, PageAt(6, Status(2, 2)))).Accepted);
    }

    [Fact]
    [Trait("Clause", "E6")]
    public void A_relay_that_failed_as_well_takes_the_sessions_of_the_one_before_with_it()
    {
        var next = R2 with { Incarnation = 1 };
        var home = Watched(R1).Report(Report(R2, PageAt(5, Status(2, 1)))).Next;
        var step = home.Remove(next);
        Assert.Equal("1.0", Told(step.Audience));
        Assert.Equal("2.1:end", Told(step.Change!.Pages));
        // That it has gone is asked for, since it is news to others, and not taken from a digest.
        Assert.Equal("2.1", Told(home.Report(Report(R1, PageAt(2), watching: true, new Known(next, long.MaxValue))).Ask));
    }

    [Fact]
    public void A_relay_that_showed_nothing_goes_in_silence()
    {
        var step = Watched(R1).Report(Report(R2, PageAt(5), watching: true)).Next.Remove(R2);
        Assert.Null(step.Change);
        Assert.Empty(step.Audience);
    }

    [Fact]
    [Trait("Clause", "E6")]
    public void That_a_relay_is_gone_is_told_to_whoever_named_it_although_this_home_never_heard_it()
    {
        var home = Fresh().Report(Report(R1, PageAt(1), watching: true, new Known(R2, 7))).Next;
        var step = home.Remove(R2);
        Assert.Equal("1.0", Told(step.Audience));
        Assert.True(step.Change!.Pages[0].Page.IsRetired);
        Assert.Empty(step.Next.Asked);
        Assert.Empty(step.Next.Report(Report(R1, PageAt(1), watching: true, new Known(R2, 7))).Ask);
    }

    [Fact]
    [Trait("Clause", "E6")]
    public void A_relay_that_nobody_knew_can_be_gone_before_its_report_comes()
    {
        var step = Watched(R1).Remove(R2);
        Assert.Null(step.Change);
        Assert.Null(step.Next.Report(Report(R2, PageAt(6, Status(2, 2)))).Accepted);
    }

    [Fact]
    public void Whoever_has_a_page_and_is_silent_between_two_sweeps_is_asked()
    {
        var home = Watched(R1).Report(Report(R2, PageAt(1, Status(2, 1)))).Next.Report(Report(R3, PageAt(1))).Next.Remove(R3).Next;
        home = home.Sweep();
        Assert.Empty(home.Asked);
        home = home.Report(Report(R1, PageAt(1), watching: true)).Next.Sweep();
        Assert.Equal("2.0", Told(home.Asked));
        Assert.Equal("1.0, 2.0", Told(home.Sweep().Asked));
        Assert.Empty(home.Report(Report(R2, PageAt(2))).Next.Asked);
        Assert.Empty(home.Remove(R2).Next.Asked);
    }

    [Fact]
    public void A_home_is_empty_when_nobody_would_miss_it()
    {
        Assert.True(Fresh().IsEmpty);
        Assert.False(Watched(R1).IsEmpty);
        Assert.False(Fresh().Report(Report(R1, PageAt(1, Status(1, 1)))).Next.IsEmpty);
        var left = Fresh().Report(Report(R1, PageAt(1, Status(1, 1)), watching: true)).Next.Report(Report(R1, PageAt(2))).Next;
        Assert.True(left.IsEmpty);
        Assert.True(Watched(R1).Remove(R1).Next.IsEmpty);
    }

    private static Home Fresh() => new(User, 1);

    private static Home Watched(params RelayId[] watchers) =>
        watchers.Aggregate(Fresh(), (home, relay) => home.Report(Report(relay, PageAt(1), watching: true)).Next);
}
