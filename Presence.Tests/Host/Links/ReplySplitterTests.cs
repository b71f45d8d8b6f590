using Presence.Actors.Connections;
using Presence.Actors.Model;
using Presence.Host.Links;
using Presence.Host.Links.Codecs;
using Presence.Tests.Host.Links.Codecs;
using Xunit;

namespace Presence.Tests.Host.Links;

[Trait("Clause", "F2")]
[Trait("Clause", "L1")]
public sealed class ReplySplitterTests
{
    private const int Bound = ReplySplitter.LeastBytes;

    public static TheoryData<string> Statuses => new("", "here", new string('x', 2048), new string('\u0001', 2048), string.Concat(Enumerable.Repeat("\ud83d\ude00", 512)), new string('"', 2048));

    [Theory]
    [MemberData(nameof(Statuses))]
    public void All_users_are_told_once_in_parts_within_the_bound(string status)
    {
        foreach (var codec in new EnvelopeCodec[] { JsonCodec.Instance, ProtobufCodec.Instance })
        {
            var answer = new ServerMessage.Snapshot("7", [.. Enumerable.Range(0, 200).SelectMany(i => Sessions(status, (i % 3) + 1))]);
            var parts = ReplySplitter.Split(answer, Bound, codec).ToList();

            var listed = Assert.IsType<ServerMessage.Snapshot>(parts[0]).Presences;
            var joined = parts.Skip(1).Cast<ServerMessage.StatusEvent>().ToList();
            Assert.Equal("7", ((ServerMessage.Snapshot)parts[0]).Cid);
            Assert.All(parts, part => Assert.InRange(codec.Encode(part).Length, 1, Bound - 14));
            Assert.Equal(
                answer.Presences.OrderBy(p => p.Status.Session.Value),
                listed.Concat(joined.SelectMany(e => e.Changes.Select(c => new UserSession(e.User, c.New!)))).OrderBy(p => p.Status.Session.Value));
            Assert.All(joined, e => Assert.All(e.Changes, c => Assert.Null(c.Old)));
            // Nobody is in both.
            Assert.Empty(listed.Select(p => p.User).Intersect(joined.Select(e => e.User)));
            // The answer says as much as there is room for.
            Assert.NotEmpty(listed);
        }
    }

    [Fact]
    public void The_sessions_of_one_user_may_need_several_events()
    {
        var answer = new ServerMessage.Snapshot(null, [.. Sessions(new string('x', 2048), 30)]);
        var parts = ReplySplitter.Split(answer, Bound, JsonCodec.Instance).ToList();
        Assert.Empty(Assert.IsType<ServerMessage.Snapshot>(parts[0]).Presences);
        Assert.Equal(30, parts.Skip(1).Sum(p => ((ServerMessage.StatusEvent)p).Changes.Length));
        Assert.InRange(parts.Count, 4, 8);
    }

    [Theory]
    [InlineData(0, null, 0)]
    [InlineData(240_000, null, 240_000)]
    [InlineData(240_000, 64_000, 64_000)]
    [InlineData(240_000, 1, ReplySplitter.LeastBytes)]
    [InlineData(240_000, 1_000_000, 240_000)]
    [InlineData(0, 1_000_000, 1_000_000)]
    [InlineData(240_000, 0, 240_000)]
    [InlineData(240_000, -5, 240_000)]
    public void A_client_may_ask_for_less(int configured, int? wished, int bound) => Assert.Equal(bound, ReplySplitter.BoundOf(configured, wished));

    [Theory]
    [InlineData(0, 1)]
    [InlineData(240_000, 1)]
    public void A_short_answer_is_one_frame(int bound, int frames)
    {
        var answer = new ServerMessage.Snapshot("1", [.. Sessions("here", 50)]);
        Assert.Equal(frames, LinkFormat.Lines.Frames(answer, bound).Count());
        Assert.Equal(LinkFormat.Lines.Frame(answer), LinkFormat.Lines.Frames(answer, bound).First());
    }

    [Fact]
    public void An_answer_just_above_the_bound_is_divided()
    {
        var answer = new ServerMessage.Snapshot("1", [.. Enumerable.Range(0, 500).SelectMany(_ => Sessions("here", 1))]);
        var length = LinkFormat.Lines.Frame(answer).Length;
        Assert.Single(LinkFormat.Lines.Frames(answer, length));
        Assert.True(LinkFormat.Lines.Frames(answer, length - 1).Count() > 1);
    }

    private static IEnumerable<UserSession> Sessions(string status, int count)
    {
        var user = new UserId(Guid.NewGuid());
        return Enumerable.Range(0, count).Select(_ => new UserSession(user, new SessionStatus(SessionId.New(), "a \"name\"", status, 1)));
    }
}
