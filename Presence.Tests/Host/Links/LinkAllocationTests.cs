using Akka.Actor;
using Presence.Actors.Model;
using Presence.Host.Links;
using Presence.Tests.Host.Links.Codecs;
using Xunit;

namespace Presence.Tests.Host.Links;

/// <summary>What an event costs each of its followers' links in memory: nothing.</summary>
public sealed class LinkAllocationTests
{
    private const int Rounds = 1000;

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [Trait("Clause", "K5")]
    [Trait("Clause", "L1")]
    public void Telling_an_event_to_a_link_and_writing_it_allocates_nothing(int perRound)
    {
        var link = new Link(LinkFormat.WebSocketJson, 64 * 1024, new LinkTimes(15_000, 25_000, 30_000), holds: null);
        var carrier = new Carrier(link);
        link.Attach(ActorRefs.Nobody);
        link.Begin(carrier);
        var change = Samples.Event(new StatusChange(null, Samples.Shown("x")));
        Round();
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < Rounds; i++)
            Round();
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
        Assert.Equal(Rounds + 1, carrier.Writes);

        void Round()
        {
            for (var i = 0; i < perRound; i++)
                link.Send(change);
            carrier.Flush();
        }
    }

    /// <summary>Takes all there is when it is told to, as a socket that is never full.</summary>
    private sealed class Carrier(Link link) : ICarrier
    {
        private readonly byte[] _room = new byte[64 * 1024];
        private bool _hasOutput;

        public int Writes { get; private set; }

        public void WriteSoon() => _hasOutput = true;

        public void ReadSoon()
        {
        }

        public void ContinueSoon()
        {
        }

        public void Finish()
        {
        }

        public void Abort()
        {
        }

        public void Flush()
        {
            Assert.True(_hasOutput);
            _hasOutput = false;
            while (link.CopyOutput(_room) is > 0 and var copied)
            {
                link.Wrote(copied);
                Writes++;
            }
        }
    }
}
