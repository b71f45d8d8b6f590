using Presence.Host.Links;
using Xunit;

namespace Presence.Tests.Host.Links;

/// <summary>That the links of a node are known while they come and go.</summary>
public sealed class LinkSetTests
{
    private static readonly LinkTimes Long = new(3_600_000, 7_200_000, 7_200_000, FirstFrameHold: 3_600_000, CloseWait: 3_600_000);

    [Fact]
    [Trait("Clause", "C5")]
    public void Those_who_are_there_are_told_oldest_first()
    {
        using var links = new LinkSet();
        var came = Enumerable.Range(0, 100).Select(_ => NewLink()).ToArray();
        foreach (var link in came)
            links.Add(link);
        links.Remove(came[50]);

        Assert.Equal(came.Where(link => link != came[50]), links.TakeNoMore());
    }

    [Fact]
    [Trait("Clause", "C5")]
    public async Task Links_that_go_while_the_node_stops_hinder_nobody()
    {
        var stays = NewLink();
        var goes = Enumerable.Range(0, 200).Select(_ => NewLink()).ToArray();
        for (var round = 0; round < 100; round++)
        {
            using var links = new LinkSet();
            links.Add(stays);
            foreach (var link in goes)
                links.Add(link);
            using var both = new Barrier(2);
            var going = Task.Run(() =>
            {
                both.SignalAndWait();
                foreach (var link in goes)
                    links.Remove(link);
            });
            both.SignalAndWait();
            var there = links.TakeNoMore();
            await going;

            Assert.Equal(stays, there[0]);
            Assert.DoesNotContain(null, there);
        }
    }

    private static Link NewLink() => new(LinkFormat.WebSocketJson, 64 * 1024, Long, holds: null);
}
