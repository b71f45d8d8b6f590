using System.Text;
using Akka.TestKit;
using Akka.TestKit.Xunit2;
using Presence.Actors.Connections;
using Presence.Actors.Model;
using Presence.Host.Links;
using Xunit;

namespace Presence.Tests.Host.Links;

/// <summary>An answer above the bound of a link is made in parts, as background work, no faster than the client reads.</summary>
[Trait("Clause", "L2")]
[Trait("Clause", "F2")]
public sealed class LinkAnswerTests : TestKit
{
    private const int ReplyBytes = 16 * 1024;
    private const int Users = 500;

    private readonly TestProbe _connection;
    private readonly Carrier _carrier = new();
    private readonly Link _link;
    private readonly StringBuilder _output = new();

    public LinkAnswerTests()
    {
        _connection = CreateTestProbe();
        _link = new Link(LinkFormat.Lines, 64 * 1024, new LinkTimes(15_000, 25_000, 30_000), holds: null, limits: LinkLimits.NoRates with { ReplyBytes = ReplyBytes });
        _link.Attach(_connection.Ref);
        _link.Begin(_carrier);
        _link.Demand(16);
    }

    [Fact]
    public void An_answer_is_made_in_parts_and_all_of_it_goes_out()
    {
        Assert.False(_link.Send(Answer()));
        var begin = Take();
        Assert.InRange(begin, 1, Link.AnswerBytesPerTurn + ReplyBytes);
        Assert.Equal(0, Take());

        var turns = 0;
        while (_carrier.TryContinue(_link))
        {
            Assert.InRange(Take(), 0, Link.AnswerBytesPerTurn + ReplyBytes);
            turns++;
        }

        Assert.InRange(turns, 2, Users);
        for (var i = 0; i < Users; i++)
            Assert.Contains($"\"user{i}\"", _output.ToString(), StringComparison.Ordinal);
        _connection.ExpectMsg<LinkSignal.Drained>();
        Assert.True(_link.Send(new ServerMessage.Pong("last")));
        Take();
        Assert.EndsWith("{\"cid\":\"last\",\"pong\":{}}\n", _output.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Of_an_answer_that_is_not_read_no_more_is_made()
    {
        _link.Send(Answer());
        var turns = 0;
        while (_carrier.TryContinue(_link))
            turns++;
        Assert.InRange(turns, 0, 1);
        Assert.InRange(Take(), 1, 2 * (Link.AnswerBytesPerTurn + ReplyBytes));
        Assert.True(_carrier.TryContinue(_link));
    }

    [Fact]
    public void What_is_left_of_an_answer_is_dropped_when_the_link_is_closed()
    {
        _link.Send(Answer());
        Take();
        _link.Close(CloseReason.Normal);
        while (_carrier.TryContinue(_link))
        {
        }

        Assert.Equal(0, Take());
    }

    [Fact]
    public void An_answer_within_the_bound_keeps_nothing_waiting()
    {
        Assert.True(_link.Send(new ServerMessage.Snapshot("1", [Presence(0)])));
        Assert.False(_carrier.TryContinue(_link));
    }

    private static ServerMessage.Snapshot Answer() => new("1", [.. Enumerable.Range(0, Users).Select(Presence)]);

    private static UserSession Presence(int number) =>
        new(new UserId(Guid.NewGuid()), new SessionStatus(SessionId.New(), $"user{number}", new string('x', 1000), 1));

    private int Take()
    {
        var room = new byte[4096];
        var all = 0;
        for (int copied; (copied = _link.CopyOutput(room)) > 0; all += copied)
        {
            _output.Append(Encoding.UTF8.GetString(room.AsSpan(0, copied)));
            _link.Wrote(copied);
        }

        return all;
    }

    private sealed class Carrier : ICarrier
    {
        private bool _mustContinue;

        public bool TryContinue(Link link)
        {
            if (!_mustContinue)
                return false;
            _mustContinue = false;
            link.Continue();
            return true;
        }

        public void WriteSoon()
        {
        }

        public void ReadSoon()
        {
        }

        public void ContinueSoon() => _mustContinue = true;

        public void Finish()
        {
        }

        public void Abort()
        {
        }
    }
}
