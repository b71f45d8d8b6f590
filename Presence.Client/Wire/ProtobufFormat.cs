using Google.Protobuf;
using Presence.Client.Wire.Messages;
using Member = Presence.Client.Wire.Messages.Envelope.MessageOneofCase;

namespace Presence.Client.Wire;

/// <summary>Messages as protocol buffers (protocol section B4), see <c>messages.proto</c>.</summary>
internal sealed class ProtobufFormat : WireFormat
{
    public static readonly ProtobufFormat Instance = new();

    private static readonly MessageParser<Envelope> Parser = Envelope.Parser.WithDiscardUnknownFields(true);

    public override string Name => "protobuf";

    public override bool IsText => false;

    public override byte[] Pong { get; } = new Envelope { Pong = new Pong() }.ToByteArray();

    public override byte[] Write(string cid, ClientMessage message)
    {
        var envelope = new Envelope { Cid = cid };
        switch (message)
        {
            case ClientMessage.UpdateStatus update:
                envelope.StatusUpdate = new StatusUpdate { Status = update.Status };
                break;
            case ClientMessage.Follow follow:
                envelope.StatusFollow = new StatusFollow { UserIds = { Texts(follow.UserIds) }, Usernames = { follow.Usernames } };
                break;
            case ClientMessage.Unfollow unfollow:
                envelope.StatusUnfollow = new StatusUnfollow { UserIds = { Texts(unfollow.UserIds) } };
                break;
            case ClientMessage.RefreshSession refresh:
                envelope.SessionRefresh = new SessionRefresh { Token = refresh.Token };
                break;
            default:
                envelope.Ping = new Ping();
                break;
        }

        return envelope.ToByteArray();
    }

    public override ServerMessage Read(ReadOnlyMemory<byte> message)
    {
        Envelope envelope;
        try
        {
            envelope = Parser.ParseFrom(message.Span);
        }
        catch (InvalidProtocolBufferException e)
        {
            throw new FormatException("The server sent what is no protobuf message of the protocol.", e);
        }

        var cid = envelope.Cid.Length == 0 ? null : envelope.Cid;
        return envelope.MessageCase switch
        {
            Member.None => new ServerMessage.Acknowledged(cid),
            Member.Pong => new ServerMessage.Pong(cid),
            Member.Ping => new ServerMessage.Ping(),
            Member.SessionRefresh => new ServerMessage.SessionRefreshed(cid, Time(envelope.SessionRefresh.ExpiresAt)),
            Member.Error => new ServerMessage.Failed(cid, envelope.Error.Code, envelope.Error.Message),
            Member.Status => new ServerMessage.Snapshot(cid, Presences(envelope.Status.Presences)),
            Member.StatusPresenceEvent =>
                new ServerMessage.StatusEvent(Presences(envelope.StatusPresenceEvent.Joins), Presences(envelope.StatusPresenceEvent.Leaves)),
            // One at a time, says the protocol of those that concern a connection; of several the last counts.
            Member.Notifications when envelope.Notifications.Notifications_ is [.., var last] => new ServerMessage.Notice(last.Subject, last.Code),
            _ => new ServerMessage.Other(cid),
        };
    }

    private static IEnumerable<string> Texts(IEnumerable<Guid> ids) => ids.Select(id => id.ToString("D"));

    private static List<UserPresence> Presences(IEnumerable<Messages.UserPresence> presences) =>
        [.. presences.Select(p => Presence(p.UserId, p.SessionId, p.Username, p.Status))];
}
