using System.Buffers;
using System.Buffers.Binary;
using Presence.Host.Links;
using Presence.Tests.Host.Links.Framing;
using Xunit;

namespace Presence.Tests.Host.Links;

/// <summary>Clients that ping, and take nothing of what they are answered.</summary>
[Trait("Clause", "L1")]
[Trait("Clause", "L3")]
public sealed class PongTests
{
    private const int Pings = 100_000;

    // Enough for what a link lets wait for its client before it holds back, and for a frame more.
    private const int Bound = 64 * 1024 + 127;

    private readonly Link _link = new(LinkFormat.WebSocketJson, 64 * 1024, new LinkTimes(1000, 2000, 3000), holds: null);
    private readonly byte[] _room = new byte[1024 * 1024];

    public PongTests()
    {
        _link.Begin(new Way());
        _link.Demand(1);
    }

    [Fact]
    public void Answers_wait_in_bounded_number_and_the_newest_ping_is_answered_at_last()
    {
        for (var i = 0; i < Pings; i++)
            Ping(i);

        var waiting = _link.CopyOutput(_room);
        Assert.InRange(waiting, 1, Bound);
        _link.Wrote(waiting);
        Assert.Equal(Pings - 1, Assert.Single(Answers()));
        Ping(Pings);
        Assert.Equal(Pings, Assert.Single(Answers()));
    }

    [Fact]
    public void Every_ping_of_a_client_that_keeps_up_is_answered()
    {
        for (var i = 0; i < 100; i++)
            Ping(i);

        Assert.Equal(Enumerable.Range(0, 100), Answers());
    }

    private void Ping(int number)
    {
        var payload = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(payload, number);
        var input = new ReadOnlySequence<byte>(new ClientFrame(ClientFrame.Ping, payload).ToBytes());
        Assert.Equal(Appetite.Hungry, _link.Feed(ref input));
    }

    /// <summary>Takes all there is: the numbers of the pings that it answers.</summary>
    private List<int> Answers()
    {
        var numbers = new List<int>();
        while (_link.CopyOutput(_room) is > 0 and var copied)
        {
            for (var at = 0; at < copied; at += 6)
            {
                Assert.Equal((0x80 | ClientFrame.Pong, 4), (_room[at], _room[at + 1]));
                numbers.Add(BinaryPrimitives.ReadInt32BigEndian(_room.AsSpan(at + 2)));
            }

            _link.Wrote(copied);
        }

        return numbers;
    }

    private sealed class Way : ICarrier
    {
        public void WriteSoon()
        {
        }

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
    }
}
