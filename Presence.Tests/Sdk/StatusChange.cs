using Nakama;
using Xunit;

namespace Presence.Tests.Sdk;

/// <summary>A status event: what one session showed before, and what it shows now; null is nothing.</summary>
internal sealed record StatusChange(string UserId, string SessionId, string Username, string? Before, string? Now)
{
    public static StatusChange Of(IStatusPresenceEvent told)
    {
        var leave = told.Leaves.SingleOrDefault();
        var join = told.Joins.SingleOrDefault();
        var subject = join ?? leave;
        Assert.NotNull(subject);
        if (leave is not null && join is not null)
            Assert.Equal((join.UserId, join.SessionId, join.Username), (leave.UserId, leave.SessionId, leave.Username));
        return new StatusChange(subject.UserId, subject.SessionId, subject.Username, leave?.Status, join?.Status);
    }
}
