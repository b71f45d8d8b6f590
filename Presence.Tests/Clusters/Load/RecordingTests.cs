using Presence.Tests.Semantics.Clients;
using Xunit;

namespace Presence.Tests.Clusters.Load;

public sealed class RecordingTests
{
    [Fact]
    public void A_link_that_ends_before_it_is_open_was_there_for_no_time()
    {
        var now = TimeSpan.FromSeconds(1);
        var recording = new Recording("c1.1", new Account(Peers.NewUser(), "ann"), 0, () => now);
        recording.Opens(appearsOnline: true);
        now = TimeSpan.FromSeconds(2);
        recording.Hear(new Told.Closed(null));
        now = TimeSpan.FromSeconds(60);

        var life = recording.ToLife();

        Assert.Equal(TimeSpan.FromSeconds(2), life.Opened);
        Assert.Equal(TimeSpan.FromSeconds(2), life.Ending!.At);
        Assert.Null(Assert.Single(life.Deeds).Acknowledged);
    }
}
