using System.Buffers;
using System.Text;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Presence.Actors.Connections;
using Presence.Actors.Model;
using Presence.Host.Links.Codecs.Wire;
using Member = Presence.Host.Links.Codecs.Wire.Envelope.MessageOneofCase;

namespace Presence.Host.Links.Codecs;

/// <summary>
/// The envelope in protocol buffers. Unknown fields are skipped, and of several members the last one counts, as in any
/// proto3 reader. A tag with a wire type or a field number that does not exist makes the message malformed; a text that is not UTF-8 does
/// not, and is refused with the cid.
/// </summary>
internal sealed class ProtobufCodec : EnvelopeCodec
{
    /// <summary>The only instance.</summary>
    public static readonly ProtobufCodec Instance = new();

    private const string Invalid = "The message is not a valid protobuf envelope.";
    private const string BadText = "A string is not valid UTF-8.";

    private ProtobufCodec()
    {
    }

    /// <inheritdoc/>
    public override ClientRequest Decode(in ReadOnlySequence<byte> message)
    {
        if (!ProtobufTags.AreValid(message.IsSingleSegment ? message.FirstSpan : message.ToArray(), Envelope.Descriptor))
            return Malformed(Invalid);
        IncomingEnvelope envelope;
        try
        {
            envelope = IncomingEnvelope.Read(message);
        }
        catch (InvalidProtocolBufferException)
        {
            return ProtobufTexts.AreAllThatIsWrong(message.IsSingleSegment ? message.FirstSpan : message.ToArray(), out var repeated)
                ? new ClientRequest.Refused(repeated, ErrorCode.BadInput, BadText)
                : Malformed(Invalid);
        }

        var cid = envelope.Cid.Length == 0 ? null : envelope.Cid;
        return envelope.Member switch
        {
            Member.StatusUpdate => new ClientRequest.UpdateStatus(cid, envelope.StatusUpdate.Status),
            Member.StatusFollow => new ClientRequest.Follow(cid, [.. envelope.StatusFollow.UserIds], [.. envelope.StatusFollow.Usernames]),
            Member.StatusUnfollow => new ClientRequest.Unfollow(cid, [.. envelope.StatusUnfollow.UserIds]),
            Member.SessionRefresh => new ClientRequest.RefreshSession(cid, envelope.SessionRefresh.Token),
            Member.Ping => new ClientRequest.Ping(cid),
            var other => Vocabulary.Refuse(other, cid),
        };
    }

    /// <inheritdoc/>
    public override void Encode(ServerMessage message, IBufferWriter<byte> output)
    {
        if (message is ServerMessage.Welcome welcome)
            Hello.WriteAnswer(welcome, output);
        else
            ToEnvelope(message).WriteTo(output);
    }

    /// <inheritdoc/>
    public override int MostBytesOf(in UserSession presence)
    {
        // Each field and the presence itself have a tag and a length of at most three bytes.
        const int around = (6 * 4) + 72;
        return around + MostBytesOf(presence.Status.Username) + MostBytesOf(presence.Status.Status);
    }

    /// <inheritdoc/>
    public override int MostBytesOf(string? cid) => Encoding.UTF8.GetByteCount(cid ?? "");

    private static Envelope ToEnvelope(ServerMessage message)
    {
        switch (message)
        {
            case ServerMessage.Acknowledged done:
                return new Envelope { Cid = done.Cid ?? "" };
            case ServerMessage.Pong pong:
                return new Envelope { Cid = pong.Cid ?? "", Pong = new Pong() };
            case ServerMessage.Ping:
                return new Envelope { Ping = new Ping() };
            case ServerMessage.Failed failed:
                return new Envelope { Cid = failed.Cid ?? "", Error = new Error { Code = (int)failed.Code, Message = failed.Message } };
            case ServerMessage.SessionRefreshed refreshed:
                return new Envelope { Cid = refreshed.Cid ?? "", SessionRefresh = new SessionRefresh { ExpiresAt = refreshed.ExpiresAt.ToUnixTimeSeconds() } };
            case ServerMessage.Snapshot snapshot:
                var status = new Status();
                foreach (var (user, shown) in snapshot.Presences)
                    status.Presences.Add(ToPresence(user, shown));
                return new Envelope { Cid = snapshot.Cid ?? "", Status = status };
            case ServerMessage.StatusEvent change:
                var changes = new StatusPresenceEvent();
                foreach (var (old, shown) in change.Changes)
                {
                    if (shown is not null)
                        changes.Joins.Add(ToPresence(change.User, shown));
                    if (old is not null)
                        changes.Leaves.Add(ToPresence(change.User, old));
                }

                return new Envelope { StatusPresenceEvent = changes };
            case ServerMessage.Notice notice:
                return new Envelope
                {
                    Notifications = new Notifications
                    {
                        Notifications_ =
                        {
                            new Notification
                            {
                                Id = Guid.NewGuid().ToString(),
                                Subject = notice.Subject,
                                Content = "{}",
                                Code = notice.Code,
                                CreateTime = new Timestamp { Seconds = notice.At.ToUnixTimeSeconds() },
                            },
                        },
                    },
                };
            default:
                throw new ArgumentException($"{message.GetType().Name} has no envelope.", nameof(message));
        }
    }

    private static UserPresence ToPresence(UserId user, SessionStatus shown) => new()
    {
        UserId = user.ToString(),
        SessionId = shown.Session.ToString(),
        Username = shown.Username,
        Status = shown.Status,
    };
}
