using System.Buffers;
using System.Text;
using CsCheck;
using Google.Protobuf;
using Presence.Actors.Connections;
using Presence.Client;
using Presence.Client.Wire;
using Presence.Host.Links.Codecs;
using Presence.Host.Links.Codecs.Wire;
using Xunit;
using Told = Presence.Client.Wire.ServerMessage;
using WireFormat = Presence.Client.Wire.WireFormat;

namespace Presence.Tests.Client.Wire;

/// <summary>What the library writes is what the server reads, and the other way round, in both formats.</summary>
public sealed class WireFormatTests
{
    private static readonly Gen<string> Text = Gen.OneOf<int>(
            Gen.Int[0, 0x7f], Gen.Int[0x80, 0xd7ff], Gen.Int[0xe000, 0xffff], Gen.Int[0x10000, 0x10ffff], Gen.Const((int)'"'))
        .Array[0, 12]
        .Select(scalars => string.Concat(scalars.Select(s => new Rune(s).ToString())));

    private static readonly Gen<string> Name = Text.Where(t => t.Length > 0);

    private static readonly Gen<ClientMessage> Request = Gen.OneOf<ClientMessage>(
        Text.Select(t => (ClientMessage)new ClientMessage.UpdateStatus(t)),
        Gen.Const((ClientMessage)new ClientMessage.UpdateStatus(null)),
        Gen.Select(Gen.Guid.Array[0, 4], Name.Array[0, 4], (ids, names) => (ClientMessage)new ClientMessage.Follow([.. ids], [.. names])),
        Gen.Guid.Array[0, 4].Select(ids => (ClientMessage)new ClientMessage.Unfollow([.. ids])),
        Gen.Const((ClientMessage)new ClientMessage.Ping()));

    private static readonly Gen<Presence.Client.UserPresence> Presences =
        Gen.Select(Gen.Guid, Name, Text, Text, (user, session, name, status) => new Presence.Client.UserPresence(user, session, name, status));

    private static readonly Gen<Told> Message = Gen.OneOf<Told>(
        Name.Select(c => (Told)new Told.Acknowledged(c)),
        Name.Select(c => (Told)new Told.Pong(c)),
        Gen.Select(Name, Gen.Int[0, 7], Text, (c, code, text) => (Told)new Told.Failed(c, code, text)),
        Gen.Select(Gen.Int[0, 7], Text, (code, text) => (Told)new Told.Failed(null, code, text)),
        Gen.Select(Name, Presences.Array[0, 3], (c, presences) => (Told)new Told.Snapshot(c, presences)),
        Gen.Select(Presences.Array[0, 3], Presences.Array[0, 3], (joins, leaves) => (Told)new Told.StatusEvent(joins, leaves)),
        Gen.Select(Text, Gen.Int[-8, 8], (subject, code) => (Told)new Told.Notice(subject, code)));

    [Theory]
    [InlineData(MessageFormat.Json)]
    [InlineData(MessageFormat.Protobuf)]
    [Trait("Clause", "C1")]
    public void The_server_reads_what_the_library_writes(MessageFormat format) =>
        Request.Sample(
            request =>
            {
                var bytes = WireFormat.Of(format).Write("7", request);
                var read = EnvelopeCodec.Of(format == MessageFormat.Json ? Presence.Actors.Connections.WireFormat.Json : Presence.Actors.Connections.WireFormat.Protobuf)
                    .Decode(new ReadOnlySequence<byte>(bytes));
                Assert.Equal("7", read.Cid);
                switch (request)
                {
                    case ClientMessage.UpdateStatus update:
                        Assert.Equal(update.Status, Assert.IsType<ClientRequest.UpdateStatus>(read).Status);
                        break;
                    case ClientMessage.Follow follow:
                        var followed = Assert.IsType<ClientRequest.Follow>(read);
                        Assert.Equal(follow.UserIds.Select(u => u.ToString()), followed.UserIds);
                        Assert.Equal(follow.Usernames.AsEnumerable(), followed.Usernames);
                        break;
                    case ClientMessage.Unfollow unfollow:
                        Assert.Equal(unfollow.UserIds.Select(u => u.ToString()), Assert.IsType<ClientRequest.Unfollow>(read).UserIds);
                        break;
                    default:
                        Assert.IsType<ClientRequest.Ping>(read);
                        break;
                }
            },
            iter: 500);

    [Theory]
    [InlineData(MessageFormat.Json)]
    [InlineData(MessageFormat.Protobuf)]
    [Trait("Clause", "C1")]
    public void The_library_reads_what_the_schema_says(MessageFormat format) =>
        Message.Sample(
            message =>
            {
                var envelope = Envelope(message);
                var bytes = format == MessageFormat.Protobuf
                    ? envelope.ToByteArray()
                    : Encoding.UTF8.GetBytes(new JsonFormatter(JsonFormatter.Settings.Default.WithPreserveProtoFieldNames(true)).Format(envelope));
                AssertSame(message, WireFormat.Of(format).Read(bytes));
            },
            iter: 500);

    [Fact]
    [Trait("Clause", "0.1")]
    public void An_answer_without_a_list_names_nobody()
    {
        Assert.Empty(Assert.IsType<Told.Snapshot>(Read("""{"cid":"3", "status":{}}""")).Presences);
        Assert.Empty(Assert.IsType<Told.Snapshot>(ProtobufFormat.Instance.Read(new byte[] { 0x0a, 1, 0x33, 0xca, 1, 0 })).Presences);
    }

    [Fact]
    [Trait("Clause", "C2")]
    public void A_ping_of_the_server_is_read_and_the_answer_is_a_pong()
    {
        Assert.Equal(new Told.Ping(), Read("""{"ping":{}}"""));
        Assert.Equal(new Told.Ping(), ProtobufFormat.Instance.Read(new byte[] { 0x82, 2, 0 }));
        Assert.Equal("""{"pong":{}}""", Encoding.UTF8.GetString(JsonFormat.Instance.Pong));
        Assert.Equal("8A0200", Convert.ToHexString(ProtobufFormat.Instance.Pong));
    }

    [Theory]
    [InlineData("""{"cid":"1","channel":{"id":"x"}}""", "1")]
    [InlineData("""{"match_data":{"match_id":"x","data":[1,{"a":null}]}}""", null)]
    [InlineData("""{"notifications":{"notifications":[]}}""", null)]
    public void What_has_nothing_to_do_with_presence_is_skipped(string json, string? cid) => Assert.Equal(new Told.Other(cid), Read(json));

    [Theory]
    [InlineData("""{"cid":null,"pong":{},"unknown":7}""")]
    [InlineData("""{ "pong" : { } , "error":null }""")]
    public void Null_stands_for_what_is_absent(string json) => Assert.Equal(new Told.Pong(null), Read(json));

    [Theory]
    [InlineData("nonsense")]
    [InlineData("[]")]
    [InlineData("7")]
    [InlineData("{\"cid\":7}")]
    [InlineData("""{"status":{"presences":[{"user_id":"nobody","session_id":"s"}]}}""")]
    [InlineData("""{"status":{"presences":{}}}""")]
    [InlineData("""{"status":[]}""")]
    [InlineData("""{"error":{"code":"3"}}""")]
    public void What_is_no_message_is_told_apart(string json) => Assert.Throws<FormatException>(() => Read(json));

    [Fact]
    public void Arbitrary_bytes_are_a_message_or_a_format_exception() =>
        Gen.Byte.Array[0, 60].Sample(
            bytes =>
            {
                foreach (var format in new WireFormat[] { JsonFormat.Instance, ProtobufFormat.Instance })
                {
                    try
                    {
                        format.Read(bytes);
                    }
                    catch (FormatException)
                    {
                        // As it says.
                    }
                }
            },
            iter: 2000);

    private static Told Read(string json) => JsonFormat.Instance.Read(Encoding.UTF8.GetBytes(json));

    private static Envelope Envelope(Told message)
    {
        var envelope = new Envelope { Cid = message.Cid ?? "" };
        switch (message)
        {
            case Told.Pong:
                envelope.Pong = new Pong();
                break;
            case Told.Failed failed:
                envelope.Error = new Error { Code = failed.Code, Message = failed.Message, Context = { ["key"] = "value" } };
                break;
            case Told.Snapshot snapshot:
                envelope.Status = new Status { Presences = { snapshot.Presences.Select(Shown) } };
                break;
            case Told.StatusEvent change:
                envelope.StatusPresenceEvent = new StatusPresenceEvent { Joins = { change.Joins.Select(Shown) }, Leaves = { change.Leaves.Select(Shown) } };
                break;
            case Told.Notice notice:
                envelope.Notifications = new Notifications
                {
                    Notifications_ = { new Notification { Id = "id", Subject = notice.Subject, Content = "{}", Code = notice.Code, Persistent = true } },
                };
                break;
        }

        return envelope;

        static Presence.Host.Links.Codecs.Wire.UserPresence Shown(Presence.Client.UserPresence p) => new()
        {
            UserId = p.UserId.ToString(),
            SessionId = p.SessionId,
            Username = p.Username,
            Persistence = true,
            Status = p.Status,
        };
    }

    private static void AssertSame(Told expected, Told told)
    {
        switch (expected, told)
        {
            case (Told.Snapshot one, Told.Snapshot other):
                Assert.Equal(one.Cid, other.Cid);
                Assert.Equal(one.Presences, other.Presences);
                break;
            case (Told.StatusEvent one, Told.StatusEvent other):
                Assert.Equal(one.Joins, other.Joins);
                Assert.Equal(one.Leaves, other.Leaves);
                break;
            default:
                Assert.Equal(expected, told);
                break;
        }
    }
}
