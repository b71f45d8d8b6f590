using System.Buffers;
using System.Diagnostics.Metrics;
using Akka.TestKit;
using Akka.TestKit.Xunit2;
using Presence.Actors.Connections;
using Presence.Actors.Limits;
using Presence.Actors.Model;
using Presence.Actors.Telemetry;
using Presence.Host.Links;
using Presence.Tests.Host.Links.Codecs;
using Presence.Tests.Host.Links.Framing;
using Presence.Tests.Semantics.Clients;
using Presence.Tests.Telemetry;
using Xunit;

namespace Presence.Tests.Host.Links;

/// <summary>What one client may have a link do at a time, per second, and ahead of its answers.</summary>
[Trait("Clause", "L4")]
public sealed class LinkLimitTests : TestKit
{
    private static readonly LinkTimes Times = new(15_000, 25_000, 30_000);
    private static readonly byte[] Pong = new ClientFrame(ClientFrame.Pong, []).ToBytes();
    private static readonly byte[] Piece = new ClientFrame(ClientFrame.Continuation, []) { IsFinal = false }.ToBytes();

    private readonly Meter _meter = new("test");
    private readonly TestProbe _connection;
    private readonly Carrier _carrier = new();

    public LinkLimitTests() => _connection = CreateTestProbe();

    [Theory]
    [InlineData("pongs")]
    [InlineData("pieces")]
    [Trait("Clause", "L2")]
    public void A_link_takes_a_bounded_number_of_frames_at_a_time(string kind)
    {
        var link = Open(demand: 1_000_000);
        byte[] begin = kind == "pieces" ? new ClientFrame(ClientFrame.Text, []) { IsFinal = false }.ToBytes() : [];
        var frame = kind == "pongs" ? Pong : Piece;
        var input = new ReadOnlySequence<byte>([.. begin, .. Enumerable.Repeat(frame, 1000).SelectMany(f => f)]);
        var turns = 0;
        for (var left = input.Length; ; left = input.Length, turns++)
        {
            var appetite = link.Feed(ref input);
            Assert.InRange((left - input.Length) / frame.Length, 0, Link.FramesPerTurn + 1);
            if (appetite == Appetite.Hungry)
                break;
            Assert.Equal(Appetite.More, appetite);
        }

        Assert.True(input.IsEmpty);
        Assert.InRange(turns, 1000 / Link.FramesPerTurn, 1 + (1000 / Link.FramesPerTurn) * 4);
    }

    [Fact]
    [Trait("Clause", "L2")]
    public void A_link_takes_no_more_than_one_large_message_at_a_time()
    {
        var link = Open(demand: 1_000_000);
        var large = Request(Link.BytesPerTurn);
        var input = new ReadOnlySequence<byte>([.. large, .. large, .. large]);
        Assert.Equal(Appetite.Sated, link.Feed(ref input));
        Assert.Equal(2 * large.Length, input.Length);
    }

    [Fact]
    public void A_link_reads_no_further_while_many_bytes_of_requests_are_unanswered()
    {
        var link = Open(demand: 16);
        var request = Request(LinkLimits.UnansweredBytes / 2);
        var input = new ReadOnlySequence<byte>([.. request, .. request, .. request, .. request]);
        while (link.Feed(ref input) == Appetite.More)
        {
        }

        Assert.Equal(2 * request.Length, input.Length);
        Assert.Equal(0, _carrier.Reads);
        // The first is answered.
        link.Demand(1);
        Assert.Equal(1, _carrier.Reads);
        while (link.Feed(ref input) == Appetite.More)
        {
        }

        Assert.Equal(request.Length, input.Length);
        link.Demand(2);
        Assert.Equal(Appetite.Hungry, link.Feed(ref input));
    }

    [Theory]
    [InlineData("messages_per_second")]
    [InlineData("bytes_per_second")]
    public void A_client_above_its_rate_is_read_later(string limit)
    {
        using var counts = RefusalCounts.Of(_meter);
        // 4 s worth of burst at one pong per second.
        var link = Open(demand: 1_000_000, new LinkLimits(new Refusals(_meter))
        {
            Messages = new RateLimit(limit == "messages_per_second" ? 1 : 0, LinkLimits.Burst),
            Bytes = new RateLimit(limit == "bytes_per_second" ? 6 : 0, LinkLimits.Burst),
        });
        var input = Pongs(10);
        Assert.Equal(Appetite.Sated, link.Feed(ref input));
        Assert.Equal(5 * Pong.Length, input.Length);
        Assert.Equal(1, counts[limit]);
        // The rate is used up: neither the clock nor new demand makes the link read.
        link.Watch(Environment.TickCount64);
        link.Demand(1);
        Assert.Equal(0, _carrier.Reads);
        // When the rate has recovered, the carrier is told to read, although nothing new has come.
        var deadline = Environment.TickCount64 + (long)Peer.Patience.TotalMilliseconds;
        while (_carrier.Reads == 0)
        {
            Assert.True(Environment.TickCount64 < deadline);
            link.Watch(Environment.TickCount64);
            Thread.Sleep(10);
        }

        Assert.Equal(Appetite.Sated, link.Feed(ref input));
        Assert.Equal(4 * Pong.Length, input.Length);
        // It is the same time above the rate.
        Assert.Equal(1, counts[limit]);
        _connection.ExpectNoMsg(0);
    }

    [Fact]
    public void A_client_that_stays_above_its_rate_is_told_so_and_closed()
    {
        using var counts = RefusalCounts.Of(_meter);
        var link = Open(demand: 1_000_000, new LinkLimits(new Refusals(_meter)) { Messages = new RateLimit(10, LinkLimits.Burst), PatienceAboveRate = 0 });
        var input = Pongs(1000);
        Assert.Equal(Appetite.Sated, link.Feed(ref input));
        var deadline = Environment.TickCount64 + (long)Peer.Patience.TotalMilliseconds;
        while (counts["messages_per_second"] < 2)
        {
            Assert.True(Environment.TickCount64 < deadline);
            Thread.Sleep(10);
            link.Feed(ref input);
        }

        // Its connection answers what came before, tells it why, and closes.
        var told = (ClientRequest.Malformed)_connection.ExpectMsg<LinkSignal.Received>().Request;
        Assert.Equal((ErrorCode.BadInput, 1008), (told.Code, told.Reason.Code));
        // Nothing more is read.
        var left = input.Length;
        Assert.Equal(Appetite.Sated, link.Feed(ref input));
        Assert.Equal(left, input.Length);
        _connection.ExpectNoMsg(0);
    }

    [Fact]
    public void Without_a_limit_nobody_waits()
    {
        var link = Open(demand: 1);
        var input = Pongs(100_000);
        while (link.Feed(ref input) == Appetite.More)
        {
        }

        Assert.True(input.IsEmpty);
    }

    [Fact]
    public void A_link_that_is_behind_counts_it_once()
    {
        using var counts = RefusalCounts.Of(_meter);
        var link = Open(demand: 1, new LinkLimits(new Refusals(_meter)) { OutputBytes = 16 * 1024 });
        var change = Samples.Event(new StatusChange(null, Samples.Shown(new string('x', 2000))));
        while (link.Send(change))
        {
        }

        Assert.False(link.Send(change));
        Assert.Equal(1, counts["output_bytes"]);
        var room = new byte[1024 * 1024];
        var waiting = link.CopyOutput(room);
        Assert.InRange(waiting, 16 * 1024, 32 * 1024);
        link.Wrote(waiting - (5 * 1024));
        Assert.False(link.Send(change));
        link.Wrote(5 * 1024);
        _connection.ExpectMsg<LinkSignal.Drained>();
        Assert.True(link.Send(change));
    }

    protected override void AfterAll()
    {
        _meter.Dispose();
        base.AfterAll();
    }

    private static ReadOnlySequence<byte> Pongs(int count) => new([.. Enumerable.Repeat(Pong, count).SelectMany(pong => pong)]);

    private static byte[] Request(int bytes) =>
        new ClientFrame(ClientFrame.Text, ClientFormat.Json.Write(new ClientRequest.Ping(new string('x', bytes)))).ToBytes();

    private Link Open(int demand, LinkLimits? limits = null)
    {
        var link = new Link(LinkFormat.WebSocketJson, 64 * 1024, Times, holds: null, limits: limits);
        link.Attach(_connection.Ref);
        link.Begin(_carrier);
        link.Demand(demand);
        return link;
    }

    private sealed class Carrier : ICarrier
    {
        public int Reads { get; private set; }

        public void WriteSoon()
        {
        }

        public void ReadSoon() => Reads++;

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
