using System.Text;
using System.Text.Json;
using CsCheck;
using Google.Protobuf;
using Presence.Actors.Connections;
using Presence.Actors.Model;
using Presence.Host.Links.Codecs;
using Presence.Host.Links.Codecs.Wire;
using Xunit;
using WireFormat = Presence.Actors.Connections.WireFormat;

namespace Presence.Tests.Host.Links.Codecs;

/// <summary>The two formats say the same, and an independent reader understands both.</summary>
public sealed class CodecPropertyTests
{
    private static readonly Gen<string> Text = Gen.OneOf<int>(
            Gen.Int[0, 0x7f], Gen.Int[0x80, 0xd7ff], Gen.Int[0xe000, 0xffff], Gen.Int[0x10000, 0x10ffff], Gen.Const(0x2028), Gen.Const((int)'"'))
        .Array[0, 12]
        .Select(scalars => string.Concat(scalars.Select(s => new Rune(s).ToString())));

    private static readonly Gen<string?> Cid = Gen.OneOf(Gen.Const((string?)null), Text.Select(t => t.Length == 0 ? null : t));

    private static readonly Gen<SessionStatus> Shown =
        Gen.Select(Gen.Guid, Text, Text, (session, name, status) => new SessionStatus(new SessionId(session), name, status, 1));

    private static readonly Gen<UserSession> Presence = Gen.Select(Gen.Guid, Shown, (user, shown) => new UserSession(new UserId(user), shown));

    private static readonly Gen<StatusChange> Change = Gen.Select(Shown, Shown, Gen.Int[0, 2]).Select(
        (old, shown, kind) => new StatusChange(kind == 0 ? null : old, kind == 1 ? null : shown));

    private static readonly Gen<ServerMessage> Message = Gen.OneOf<ServerMessage>(
        Cid.Select(c => (ServerMessage)new ServerMessage.Acknowledged(c)),
        Cid.Select(c => (ServerMessage)new ServerMessage.Pong(c)),
        Gen.Const((ServerMessage)ServerMessage.Ping.Instance),
        Gen.Select(Cid, Gen.Int[0, 7], Text, (c, code, text) => (ServerMessage)new ServerMessage.Failed(c, (ErrorCode)code, text)),
        Gen.Select(Cid, Presence.Array[0, 4], (c, presences) => (ServerMessage)new ServerMessage.Snapshot(c, [.. presences])),
        Gen.Select(Gen.Guid, Change.Array[1, 4], (u, changes) => (ServerMessage)new ServerMessage.StatusEvent(new UserId(u), [.. changes])));

    private static readonly Gen<Envelope> Request = Gen.Select(Cid, Text.Array[0, 4], Text.Array[0, 4], Text, Gen.Int[0, 8]).Select(
        (cid, ids, names, text, kind) =>
        {
            var envelope = new Envelope { Cid = cid ?? "" };
            switch (kind)
            {
                case 0:
                    envelope.StatusUpdate = new StatusUpdate { Status = text };
                    break;
                case 1:
                    envelope.StatusUpdate = new StatusUpdate();
                    break;
                case 2:
                    envelope.StatusFollow = new StatusFollow { UserIds = { ids }, Usernames = { names } };
                    break;
                case 3:
                    envelope.StatusUnfollow = new StatusUnfollow { UserIds = { ids } };
                    break;
                case 4:
                    envelope.Ping = new Ping();
                    break;
                case 5:
                    envelope.Pong = new Pong();
                    break;
                case 6:
                    envelope.MatchDataSend = new Unoffered();
                    break;
                case 7:
                    envelope.Error = new Error { Code = 3, Message = text, Context = { [text] = text } };
                    break;
            }

            return envelope;
        });

    private static Envelope Expected(ServerMessage message)
    {
        static UserPresence Shown(UserId user, SessionStatus status) => new()
        {
            UserId = user.Value.ToString(),
            SessionId = status.Session.Value.ToString(),
            Username = status.Username,
            Status = status.Status,
        };
        return message switch
        {
            ServerMessage.Acknowledged m => new Envelope { Cid = m.Cid ?? "" },
            ServerMessage.Ping => new Envelope { Ping = new Ping() },
            ServerMessage.Pong m => new Envelope { Cid = m.Cid ?? "", Pong = new Pong() },
            ServerMessage.Failed m => new Envelope { Cid = m.Cid ?? "", Error = new Error { Code = (int)m.Code, Message = m.Message } },
            ServerMessage.Snapshot m => new Envelope
            {
                Cid = m.Cid ?? "",
                Status = new Status { Presences = { m.Presences.Select(p => Shown(p.User, p.Status)) } },
            },
            ServerMessage.StatusEvent m => new Envelope
            {
                StatusPresenceEvent = new StatusPresenceEvent
                {
                    Joins = { m.Changes.Where(c => c.New is not null).Select(c => Shown(m.User, c.New!)) },
                    Leaves = { m.Changes.Where(c => c.Old is not null).Select(c => Shown(m.User, c.Old!)) },
                },
            },
            _ => throw new ArgumentException(message.GetType().Name),
        };
    }

    [Fact]
    [Trait("Clause", "K5")]
    public void Both_forms_of_a_message_say_what_it_says() =>
        Message.Sample(
            message =>
            {
                var expected = Expected(message);
                Assert.Equal(expected, Envelope.Parser.ParseFrom(ProtobufCodec.Instance.Encode(message)));
                var json = Wire.ToJson(message);
                Assert.Equal(expected, JsonParser.Default.Parse<Envelope>(json));
                AssertLean(json);
            },
            iter: 500);

    [Fact]
    [Trait("Clause", "C1")]
    public void A_request_is_the_same_in_every_format_and_spelling() =>
        Request.Sample(
            envelope =>
            {
                var protobuf = ProtobufCodec.Instance.Decode(envelope.ToByteArray()).Describe();
                Assert.False(protobuf.StartsWith("Malformed", StringComparison.Ordinal));
                Assert.Equal(protobuf, Wire.Json(JsonFormatter.Default.Format(envelope)).Describe());
                var snake = new JsonFormatter(JsonFormatter.Settings.Default.WithPreserveProtoFieldNames(true).WithFormatDefaultValues(true));
                Assert.Equal(protobuf, Wire.Json(snake.Format(envelope)).Describe());
            },
            iter: 500);

    [Fact]
    [Trait("Clause", "L3")]
    public void Arbitrary_bytes_never_throw() =>
        Gen.Byte.Array[0, 60].Sample(
            bytes =>
            {
                Assert.NotNull(JsonCodec.Instance.Decode(bytes));
                Assert.NotNull(ProtobufCodec.Instance.Decode(bytes));
            },
            iter: 5000);

    [Fact]
    [Trait("Clause", "L3")]
    public void Damaged_messages_never_throw() =>
        Gen.Select(Request, Gen.Select(Gen.Double[0, 1], Gen.Byte).Array[0, 4], Gen.Double[0, 1], Gen.Bool).Sample(
            (envelope, changes, end, isCut) =>
            {
                foreach (var format in new[] { WireFormat.Json, WireFormat.Protobuf })
                {
                    var bytes = format == WireFormat.Json
                        ? Encoding.UTF8.GetBytes(JsonFormatter.Default.Format(envelope))
                        : envelope.ToByteArray();
                    foreach (var (at, value) in changes)
                    {
                        if (bytes.Length > 0)
                            bytes[(int)(at * (bytes.Length - 1))] = value;
                    }

                    Assert.NotNull(EnvelopeCodec.Of(format).Decode(isCut ? bytes[..(int)(end * bytes.Length)] : bytes));
                }
            },
            iter: 3000);

    [Fact]
    [Trait("Clause", "L3")]
    public void Any_order_of_JSON_tokens_never_throws() =>
        Gen.OneOf(
                "{", "}", "[", "]", ":", ",", "\"", "\\", "null", "true", "1", "-", "\"cid\"", "\"ping\"", "\"statusUpdate\"", "\"status_update\"",
                "\"status\"", "\"user_ids\"", "\"status_follow\"", "\"x\"", "\\ud800", "\ud83d\ude00", " ", "\"\\udc00\"", "/*", "{}", "{\"", "\":", "\"}")
            .Array[0, 15]
            .Sample(tokens => Assert.NotNull(Wire.Json(string.Concat(tokens))), iter: 5000);

    // No client may be shown a null, and none needs an escape that JSON does not demand.
    private static void AssertLean(string json)
    {
        using var document = JsonDocument.Parse(json);
        AssertNoNull(document.RootElement);
        for (var i = 0; i < json.Length; i++)
        {
            if (json[i] != '\\')
                continue;
            i++;
            if (json[i] == 'u')
                Assert.StartsWith("00", json[(i + 1)..], StringComparison.Ordinal);
            else
                Assert.Contains(json[i], "\"\\bfnrt");
        }
    }

    private static void AssertNoNull(JsonElement element)
    {
        Assert.NotEqual(JsonValueKind.Null, element.ValueKind);
        if (element.ValueKind == JsonValueKind.Object)
        {
            foreach (var member in element.EnumerateObject())
                AssertNoNull(member.Value);
        }
        else if (element.ValueKind == JsonValueKind.Array)
        {
            foreach (var item in element.EnumerateArray())
                AssertNoNull(item);
        }
    }
}
