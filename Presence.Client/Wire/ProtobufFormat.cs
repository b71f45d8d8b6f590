namespace Presence.Client.Wire;

/// <summary>
/// Messages as protocol buffers (protocol section B4). The few messages that a client of statuses needs are written and read here,
/// so that an application need not take a library for them.
/// </summary>
internal sealed class ProtobufFormat : WireFormat
{
    public static readonly ProtobufFormat Instance = new();

    // The fields of the envelope.
    private const int Cid = 1, Error = 11, Notifications = 23, Status = 25, StatusFollow = 26, StatusPresenceEvent = 27;
    private const int StatusUnfollow = 28, StatusUpdate = 29, Ping = 32, Pong = 33;

    public override string Name => "protobuf";

    public override bool IsText => false;

    public override byte[] Write(string cid, ClientMessage message)
    {
        var envelope = new ProtobufWriter();
        envelope.Write(Cid, cid);
        var member = new ProtobufWriter();
        switch (message)
        {
            case ClientMessage.UpdateStatus update:
                if (update.Status is { } status)
                    member.Write(1, StringValue(status));
                envelope.Write(StatusUpdate, member);
                break;
            case ClientMessage.Follow follow:
                WriteIds(member, follow.UserIds);
                foreach (var name in follow.Usernames)
                    member.Write(2, name);
                envelope.Write(StatusFollow, member);
                break;
            case ClientMessage.Unfollow unfollow:
                WriteIds(member, unfollow.UserIds);
                envelope.Write(StatusUnfollow, member);
                break;
            default:
                envelope.Write(Ping, member);
                break;
        }

        return envelope.ToArray();
    }

    public override ServerMessage Read(ReadOnlyMemory<byte> message)
    {
        var envelope = new ProtobufReader(message.Span);
        string? cid = null;
        var member = 0;
        ReadOnlySpan<byte> body = default;
        while (envelope.Next(out var field))
        {
            if (field == Cid)
            {
                cid = envelope.Text();
            }
            else if (envelope.IsBytes)
            {
                // Of several members the last one counts.
                member = field;
                body = envelope.Bytes();
            }
            else
            {
                envelope.Skip();
            }
        }

        if (cid is { Length: 0 })
            cid = null;
        return member switch
        {
            0 => new ServerMessage.Acknowledged(cid),
            Pong => new ServerMessage.Pong(cid),
            Error => Failure(cid, body),
            Status => new ServerMessage.Snapshot(cid, Presences(body, 1)),
            StatusPresenceEvent => new ServerMessage.StatusEvent(Presences(body, 2), Presences(body, 3)),
            Notifications => Notice(body),
            _ => new ServerMessage.Other(cid),
        };
    }

    private static ProtobufWriter StringValue(string text)
    {
        var value = new ProtobufWriter();
        if (text.Length > 0)
            value.Write(1, text);
        return value;
    }

    private static void WriteIds(ProtobufWriter writer, IEnumerable<Guid> ids)
    {
        foreach (var id in ids)
            writer.Write(1, id.ToString("D"));
    }

    private static ServerMessage.Failed Failure(string? cid, ReadOnlySpan<byte> body)
    {
        var reader = new ProtobufReader(body);
        var (code, message) = (0, "");
        while (reader.Next(out var field))
        {
            if (field == 1)
                code = reader.Number();
            else if (field == 2)
                message = reader.Text();
            else
                reader.Skip();
        }

        return new ServerMessage.Failed(cid, code, message);
    }

    private static ServerMessage Notice(ReadOnlySpan<byte> body)
    {
        var notices = new ProtobufReader(body);
        ServerMessage told = new ServerMessage.Other(null);
        while (notices.Next(out var field))
        {
            if (field != 1)
            {
                notices.Skip();
                continue;
            }

            var notice = new ProtobufReader(notices.Bytes());
            var (subject, code) = ("", 0);
            while (notice.Next(out var part))
            {
                if (part == 2)
                    subject = notice.Text();
                else if (part == 4)
                    code = notice.Number();
                else
                    notice.Skip();
            }

            told = new ServerMessage.Notice(subject, code);
        }

        return told;
    }

    private static List<UserPresence> Presences(ReadOnlySpan<byte> body, int list)
    {
        var presences = new List<UserPresence>();
        var reader = new ProtobufReader(body);
        while (reader.Next(out var field))
        {
            if (field == list)
                presences.Add(ReadPresence(reader.Bytes()));
            else
                reader.Skip();
        }

        return presences;
    }

    private static UserPresence ReadPresence(ReadOnlySpan<byte> body)
    {
        var reader = new ProtobufReader(body);
        string? user = null, session = null, username = null, status = null;
        while (reader.Next(out var field))
        {
            switch (field)
            {
                case 1:
                    user = reader.Text();
                    break;
                case 2:
                    session = reader.Text();
                    break;
                case 3:
                    username = reader.Text();
                    break;
                case 5:
                    status = ReadStringValue(reader.Bytes());
                    break;
                default:
                    reader.Skip();
                    break;
            }
        }

        return Presence(user, session, username, status);
    }

    private static string ReadStringValue(ReadOnlySpan<byte> body)
    {
        var reader = new ProtobufReader(body);
        var text = "";
        while (reader.Next(out var field))
        {
            if (field == 1)
                text = reader.Text();
            else
                reader.Skip();
        }

        return text;
    }
}
