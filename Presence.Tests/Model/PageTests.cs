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
}
