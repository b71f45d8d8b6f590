using Presence.Actors.Model;
using Xunit;
using static Presence.Tests.Model.Samples;

namespace Presence.Tests.Model;

[Trait("Clause", "L1")]
[Trait("Clause", "E2")]
public sealed class StatusChangeTests
{
    /// <summary>0 is nothing; a merged change of null is nothing to be told.</summary>
    [Theory]
    [InlineData(0, 1, 2, 0, 2)]
    [InlineData(1, 2, 3, 1, 3)]
    [InlineData(1, 2, 0, 1, 0)]
    [InlineData(1, 0, 2, 1, 2)]
    public void Two_changes_are_one_from_the_first_old_to_the_last_new(int first, int between, int last, int old, int @new)
    {
        var merged = new StatusChange(At(first), At(between)).Then(new StatusChange(At(between), At(last)));
        Assert.Equal(new StatusChange(At(old), At(@new)), merged);
    }

    [Fact]
    public void A_session_that_came_and_went_is_not_told() => Assert.Null(new StatusChange(null, Status(1, 1)).Then(new StatusChange(Status(1, 1), null)));

    [Fact]
    public void A_session_is_named_by_either_side()
    {
        Assert.Equal(Session(1), new StatusChange(null, Status(1, 1)).Session);
        Assert.Equal(Session(2), new StatusChange(Status(2, 1), null).Session);
    }

    private static SessionStatus? At(int revision) => revision == 0 ? null : Status(1, revision);
}
