using System.Buffers;
using System.Text;
using Presence.Actors.Connections;
using Presence.Actors.Model;
using Presence.Bench.Wire;
using Presence.Host.Links.Codecs;
using Xunit;
using Opcode = Presence.Bench.Wire.Opcode;

namespace Presence.Tests.Bench.Wire;

public sealed class ServerTextTests
{
    private static readonly UserId User = new(Guid.NewGuid());
    private static readonly SessionId Session = SessionId.New();

    [Theory]
    [InlineData("""{"cid":"u"}""", TextKind.UpdateReply)]
    [InlineData("""{ "cid" : "u" }""", TextKind.UpdateReply)]
    [InlineData("""{"cid":"f","status":{"presences":[]}}""", TextKind.FollowReply)]
    [InlineData("""{"status":{"presences":[{"username":"u"}]},"cid":"f"}""", TextKind.FollowReply)]
    [InlineData("""{"cid":"u","error":{"code":3,"message":"No."}}""", TextKind.UpdateRefused)]
    [InlineData("""{"cid":"f","error":{"code":3,"message":"No."}}""", TextKind.FollowRefused)]
    [InlineData("""{"error":{"code":3,"message":"No."}}""", TextKind.Error)]
    [InlineData("""{"status_presence_event":{"leaves":[]}}""", TextKind.StatusEvent)]
    [InlineData("""{"notifications":{"notifications":[]}}""", TextKind.Other)]
    [InlineData("", TextKind.Other)]
    [InlineData("""{"cid":""", TextKind.Other)]
    public void A_message_is_known_by_what_it_holds(string text, object kind) => Assert.Equal(kind, ServerText.KindOf(Utf8(text)));

    [Fact]
    public void The_presences_of_a_reply_are_counted()
    {
        var reply = new ServerMessage.Snapshot("f", [.. Enumerable.Range(0, 7).Select(i => new UserSession(User, new SessionStatus(Session, "u", "", i)))]);
        Assert.Equal(7, ServerText.CountPresences(Written(reply)));
    }

    [Fact]
    public void An_event_tells_which_update_it_shows_and_when_that_was_due()
    {
        var marks = ServerText.ReadEvent(Event(new StatusMark(1_000, 3), new StatusMark(2_000, 4)));

        Assert.Equal((1, 1L, 2_000L), (marks.Joins, marks.Covered, marks.Latest));
    }

    [Fact]
    public void An_event_may_name_leaves_before_joins_and_be_spaced()
    {
        var marks = ServerText.ReadEvent(Utf8("""{"status_presence_event": {"leaves": [{"status": "t:1;n:6;xx"}], "joins": [{"status": "t:9;n:8;xx"}]}}"""));

        Assert.Equal((1, 2L, 9L), (marks.Joins, marks.Covered, marks.Latest));
    }

    [Theory]
    [InlineData("[]", true)]
    [InlineData(" [ ]", true)]
    [InlineData("[]", false)]
    public void A_server_that_names_no_leaves_tells_of_one_update_each_time(string leaves, bool isFirst)
    {
        var joins = "\"joins\":[{\"status\":\"t:9;n:8;xx\"}]";
        var none = $"\"leaves\":{leaves}";
        var marks = ServerText.ReadEvent(Utf8("{\"status_presence_event\":{" + (isFirst ? $"{none},{joins}" : $"{joins},{none}") + "}}"));

        Assert.Equal((1, 1L), (marks.Joins, marks.Covered));
    }

    [Fact]
    public void The_first_update_replaces_a_status_without_a_mark()
    {
        var change = new StatusChange(new SessionStatus(Session, "bench", "", 1), Status(new StatusMark(5, 1), 2));
        Assert.Equal(1, ServerText.ReadEvent(Written(new ServerMessage.StatusEvent(User, [change]))).Covered);
    }

    [Fact]
    [Trait("Clause", "L1")]
    public void An_event_that_stands_for_several_updates_covers_them_all() =>
        Assert.Equal(3, ServerText.ReadEvent(Event(new StatusMark(1, 4), new StatusMark(2, 7))).Covered);

    [Fact]
    public void Without_leaves_an_event_is_taken_for_one_update()
    {
        var marks = ServerText.ReadEvent(Utf8("""{"status_presence_event":{"joins":[{"status":"t:9;n:8;"}]}}"""));
        Assert.Equal((1, 1L), (marks.Joins, marks.Covered));
    }

    [Theory]
    [InlineData("""{"status_presence_event":{"leaves":[{"status":"t:9;n:8;"}]}}""")]
    [InlineData("""{"status_presence_event":{"joins":[{"status":"somebody else's"}]}}""")]
    [InlineData("""{"status_presence_event":{"joins":[{"status":"t:x"},{"status":"t:7"},{"status":"t:7;n:"}]}}""")]
    public void What_does_not_show_an_update_of_the_load_is_not_counted(string text) => Assert.Equal(0, ServerText.ReadEvent(Utf8(text)).Joins);

    [Theory]
    [InlineData(0, "t:1234567890123;n:17;")]
    [InlineData(30, "t:1234567890123;n:17;xxxxxxxxx")]
    public void An_update_is_a_message_that_a_server_reads(int statusBytes, string status)
    {
        var frame = new ClientMessages(statusBytes).Update(new StatusMark(1_234_567_890_123, 17));
        Assert.Equal(new ClientRequest.UpdateStatus("u", status), Read(frame));
    }

    [Fact]
    public void A_follow_is_a_message_that_a_server_reads()
    {
        string[] ids = [.. Enumerable.Range(0, 1000).Select(_ => Guid.NewGuid().ToString())];
        var follow = Assert.IsType<ClientRequest.Follow>(Read(new ClientMessages(0).Follow(ids)));
        Assert.Equal("f", follow.Cid);
        Assert.Equal(ids, follow.UserIds);
    }

    private static byte[] Event(StatusMark old, StatusMark next) =>
        Written(new ServerMessage.StatusEvent(User, [new StatusChange(Status(old, 1), Status(next, 2))]));

    private static SessionStatus Status(StatusMark mark, long revision)
    {
        var text = new byte[StatusMark.MaxLength];
        return new SessionStatus(Session, "bench", Encoding.ASCII.GetString(text, 0, mark.Write(text, 0)), revision);
    }

    private static byte[] Written(ServerMessage message)
    {
        var output = new ArrayBufferWriter<byte>();
        JsonCodec.Instance.Encode(message, output);
        return output.WrittenSpan.ToArray();
    }

    private static ClientRequest Read(ReadOnlySpan<byte> frame)
    {
        Assert.Equal((byte)(0x80 | (byte)Opcode.Text), frame[0]);
        var header = (frame[1] & 0x7f) == 126 ? 8 : 6;
        return JsonCodec.Instance.Decode(new ReadOnlySequence<byte>(frame[header..].ToArray()));
    }

    private static byte[] Utf8(string text) => Encoding.UTF8.GetBytes(text);
}
