using System.Buffers;
using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using Presence.Actors.Connections;
using Presence.Actors.Model;
using Presence.Host.Links.Codecs.Wire;
using Member = Presence.Host.Links.Codecs.Wire.Envelope.MessageOneofCase;

namespace Presence.Host.Links.Codecs;

/// <summary>
/// The envelope in JSON. Read by the rules of <see cref="JsonText"/> with names in snake_case or lowerCamelCase. Written in
/// snake_case, without nulls and without fields at their default, with two exceptions: a status that is shown is written even
/// when it is empty, and the list of presences in the answer to a follow even when nobody is there (protocol difference 0.1).
/// </summary>
internal sealed class JsonCodec : EnvelopeCodec
{
    /// <summary>The only instance.</summary>
    public static readonly JsonCodec Instance = new();

    private static readonly JsonFields EnvelopeFields = JsonFields.Of(Envelope.Descriptor);
    private static readonly JsonFields UpdateFields = JsonFields.Of(StatusUpdate.Descriptor);
    private static readonly JsonFields FollowFields = JsonFields.Of(StatusFollow.Descriptor);
    private static readonly JsonFields RefreshFields = new(("token", SessionRefresh.TokenFieldNumber));
    private static readonly JsonFields UnfollowFields = JsonFields.Of(StatusUnfollow.Descriptor);

    private JsonCodec()
    {
    }

    /// <inheritdoc/>
    public override ClientRequest Decode(in ReadOnlySequence<byte> message)
    {
        if (message.IsSingleSegment)
            return Decode(message.FirstSpan);
        var whole = ArrayPool<byte>.Shared.Rent(checked((int)message.Length));
        try
        {
            message.CopyTo(whole);
            return Decode(whole.AsSpan(0, (int)message.Length));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(whole);
        }
    }

    /// <inheritdoc/>
    public override void Encode(ServerMessage message, IBufferWriter<byte> output)
    {
        if (message is ServerMessage.Welcome welcome)
        {
            Hello.WriteAnswer(welcome, output);
            return;
        }

        using var lease = JsonOutput.To(output);
        var json = lease.Json;
        json.WriteStartObject();
        switch (message)
        {
            case ServerMessage.Acknowledged done:
                WriteCid(json, done.Cid);
                break;
            case ServerMessage.Pong pong:
                WriteCid(json, pong.Cid);
                json.WriteStartObject(Name.Pong);
                json.WriteEndObject();
                break;
            case ServerMessage.Ping:
                json.WriteStartObject(Name.Ping);
                json.WriteEndObject();
                break;
            case ServerMessage.Failed failed:
                WriteCid(json, failed.Cid);
                json.WriteStartObject(Name.Error);
                WriteUnlessZero(json, Name.Code, (int)failed.Code);
                WriteUnlessEmpty(json, Name.Message, failed.Message);
                json.WriteEndObject();
                break;
            case ServerMessage.SessionRefreshed refreshed:
                WriteCid(json, refreshed.Cid);
                json.WriteStartObject(Name.SessionRefresh);
                json.WriteNumber(Name.ExpiresAt, refreshed.ExpiresAt.ToUnixTimeSeconds());
                json.WriteEndObject();
                break;
            case ServerMessage.Snapshot snapshot:
                WriteCid(json, snapshot.Cid);
                json.WriteStartObject(Name.Status);
                json.WriteStartArray(Name.Presences);
                foreach (var (user, shown) in snapshot.Presences)
                    WritePresence(json, user, shown);
                json.WriteEndArray();
                json.WriteEndObject();
                break;
            case ServerMessage.StatusEvent change:
                json.WriteStartObject(Name.StatusPresenceEvent);
                WriteSide(json, Name.Joins, change, c => c.New);
                WriteSide(json, Name.Leaves, change, c => c.Old);
                json.WriteEndObject();
                break;
            case ServerMessage.Notice notice:
                WriteNotice(json, notice);
                break;
            default:
                throw new ArgumentException($"{message.GetType().Name} has no envelope.", nameof(message));
        }

        json.WriteEndObject();
    }

    /// <inheritdoc/>
    public override int MostBytesOf(in UserSession presence)
    {
        // {"user_id":"","session_id":"","username":"","status":""}, and two ids of 36 characters.
        const int around = 57 + 72;
        return around + MostBytesOf(presence.Status.Username) + MostBytesOf(presence.Status.Status);
    }

    /// <inheritdoc/>
    public override int MostBytesOf(string? cid)
    {
        var bytes = 0;
        foreach (var c in cid ?? "")
            bytes += char.IsControl(c) ? 6 : c is '"' or '\\' ? 2 : c < 0x80 ? 1 : c < 0x800 ? 2 : 3;
        return bytes;
    }

    private static ClientRequest Decode(ReadOnlySpan<byte> message)
    {
        try
        {
            var json = new JsonText(message);
            return ReadEnvelope(ref json);
        }
        catch (JsonException e)
        {
            // The reader's own texts quote the input; those that name a place are the reader's.
            return Malformed(e.BytePositionInLine is null ? e.Message : "The message is not valid JSON.");
        }
    }

    private static ClientRequest ReadEnvelope(ref JsonText json)
    {
        string? cid = null, status = null, token = null;
        ImmutableArray<string> userIds = [], usernames = [];
        var member = Member.None;
        var cursor = EnvelopeFields.Start();
        var hasFields = json.Begin();
        while (hasFields && json.Next(ref cursor, out var field))
        {
            if (field == Envelope.CidFieldNumber)
            {
                cid = json.Cid();
                continue;
            }

            if (member != Member.None)
                json.Refuse("The envelope holds two messages.");
            member = (Member)field;
            if (!json.BeginObject())
                continue;
            switch (member)
            {
                case Member.StatusUpdate:
                    status = ReadText(ref json, UpdateFields);
                    break;
                case Member.StatusFollow:
                    (userIds, usernames) = ReadFollow(ref json);
                    break;
                case Member.StatusUnfollow:
                    userIds = ReadUnfollow(ref json);
                    break;
                case Member.SessionRefresh:
                    token = ReadText(ref json, RefreshFields);
                    break;
                default:
                    json.SkipObject();
                    break;
            }
        }

        json.End();
        if (json.Fault is { } fault)
            return new ClientRequest.Refused(cid, ErrorCode.BadInput, fault);
        return member switch
        {
            Member.StatusUpdate => new ClientRequest.UpdateStatus(cid, status),
            Member.StatusFollow => new ClientRequest.Follow(cid, userIds, usernames),
            Member.StatusUnfollow => new ClientRequest.Unfollow(cid, userIds),
            Member.SessionRefresh => new ClientRequest.RefreshSession(cid, token ?? ""),
            Member.Ping => new ClientRequest.Ping(cid),
            _ => Vocabulary.Refuse(member, cid),
        };
    }

    /// <summary>The only known field of an object, which is a text.</summary>
    private static string? ReadText(ref JsonText json, JsonFields fields)
    {
        string? text = null;
        var cursor = fields.Start();
        while (json.Next(ref cursor, out _))
            text = json.String();
        return text;
    }

    private static (ImmutableArray<string> UserIds, ImmutableArray<string> Usernames) ReadFollow(ref JsonText json)
    {
        ImmutableArray<string> userIds = [], usernames = [];
        var cursor = FollowFields.Start();
        while (json.Next(ref cursor, out var field))
        {
            if (field == StatusFollow.UserIdsFieldNumber)
                userIds = ReadStrings(ref json);
            else
                usernames = ReadStrings(ref json);
        }

        return (userIds, usernames);
    }

    private static ImmutableArray<string> ReadUnfollow(ref JsonText json)
    {
        ImmutableArray<string> userIds = [];
        var cursor = UnfollowFields.Start();
        while (json.Next(ref cursor, out _))
            userIds = ReadStrings(ref json);
        return userIds;
    }

    private static ImmutableArray<string> ReadStrings(ref JsonText json)
    {
        var strings = ImmutableArray.CreateBuilder<string>();
        var hasItems = json.BeginArray();
        while (hasItems && json.NextString(out var text))
        {
            if (text is not null)
                strings.Add(text);
        }

        return strings.DrainToImmutable();
    }

    private static void WriteCid(Utf8JsonWriter json, string? cid) => WriteUnlessEmpty(json, Name.Cid, cid);

    private static void WriteUnlessEmpty(Utf8JsonWriter json, JsonEncodedText name, string? value)
    {
        if (!string.IsNullOrEmpty(value))
            json.WriteString(name, value);
    }

    private static void WriteUnlessZero(Utf8JsonWriter json, JsonEncodedText name, int value)
    {
        if (value != 0)
            json.WriteNumber(name, value);
    }

    private static void WriteSide(
        Utf8JsonWriter json, JsonEncodedText name, ServerMessage.StatusEvent change, Func<StatusChange, SessionStatus?> side)
    {
        var isOpen = false;
        foreach (var step in change.Changes)
        {
            if (side(step) is not { } shown)
                continue;
            if (!isOpen)
                json.WriteStartArray(name);
            isOpen = true;
            WritePresence(json, change.User, shown);
        }

        if (isOpen)
            json.WriteEndArray();
    }

    private static void WritePresence(Utf8JsonWriter json, UserId user, SessionStatus shown)
    {
        json.WriteStartObject();
        json.WriteString(Name.UserId, user.Value);
        json.WriteString(Name.SessionId, shown.Session.Value);
        WriteUnlessEmpty(json, Name.Username, shown.Username);
        json.WriteString(Name.Status, shown.Status);
        json.WriteEndObject();
    }

    private static void WriteNotice(Utf8JsonWriter json, ServerMessage.Notice notice)
    {
        json.WriteStartObject(Name.Notifications);
        json.WriteStartArray(Name.Notifications);
        json.WriteStartObject();
        json.WriteString(Name.Id, Guid.NewGuid());
        WriteUnlessEmpty(json, Name.Subject, notice.Subject);
        json.WriteString(Name.Content, "{}");
        WriteUnlessZero(json, Name.Code, notice.Code);
        json.WriteString(Name.CreateTime, notice.At.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture));
        json.WriteEndObject();
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static class Name
    {
        public static readonly JsonEncodedText Cid = JsonEncodedText.Encode("cid");
        public static readonly JsonEncodedText Code = JsonEncodedText.Encode("code");
        public static readonly JsonEncodedText Content = JsonEncodedText.Encode("content");
        public static readonly JsonEncodedText CreateTime = JsonEncodedText.Encode("create_time");
        public static readonly JsonEncodedText Error = JsonEncodedText.Encode("error");
        public static readonly JsonEncodedText ExpiresAt = JsonEncodedText.Encode("expires_at");
        public static readonly JsonEncodedText Id = JsonEncodedText.Encode("id");
        public static readonly JsonEncodedText Joins = JsonEncodedText.Encode("joins");
        public static readonly JsonEncodedText Leaves = JsonEncodedText.Encode("leaves");
        public static readonly JsonEncodedText Message = JsonEncodedText.Encode("message");
        public static readonly JsonEncodedText Notifications = JsonEncodedText.Encode("notifications");
        public static readonly JsonEncodedText Ping = JsonEncodedText.Encode("ping");
        public static readonly JsonEncodedText Pong = JsonEncodedText.Encode("pong");
        public static readonly JsonEncodedText Presences = JsonEncodedText.Encode("presences");
        public static readonly JsonEncodedText SessionId = JsonEncodedText.Encode("session_id");
        public static readonly JsonEncodedText SessionRefresh = JsonEncodedText.Encode("session_refresh");
        public static readonly JsonEncodedText Status = JsonEncodedText.Encode("status");
        public static readonly JsonEncodedText StatusPresenceEvent = JsonEncodedText.Encode("status_presence_event");
        public static readonly JsonEncodedText Subject = JsonEncodedText.Encode("subject");
        public static readonly JsonEncodedText UserId = JsonEncodedText.Encode("user_id");
        public static readonly JsonEncodedText Username = JsonEncodedText.Encode("username");
    }
}
