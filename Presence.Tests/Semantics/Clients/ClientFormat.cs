using System.Buffers;
using System.Collections.Immutable;
using System.Text.Encodings.Web;
using System.Text.Json;
using Google.Protobuf;
using Presence.Actors.Connections;
using Presence.Actors.Model;
using Presence.Host.Links.Codecs.Wire;
using Member = Presence.Host.Links.Codecs.Wire.Envelope.MessageOneofCase;

namespace Presence.Tests.Semantics.Clients;

/// <summary>The client's side of an encoding: writes requests and reads what a server tells.</summary>
public abstract class ClientFormat
{
    public static readonly ClientFormat Json = new JsonFormat();
    public static readonly ClientFormat Protobuf = new ProtobufFormat();

    /// <summary>The value of the <c>format</c> parameter.</summary>
    public abstract string Name { get; }

    public abstract byte[] Write(ClientRequest request);

    public abstract Told Read(byte[] message);

    private static ArgumentException NoRequest(ClientRequest request) => new($"No client sends {request.GetType().Name}.");

    private sealed class JsonFormat : ClientFormat
    {
        private static readonly JsonWriterOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

        public override string Name => "json";

        public override byte[] Write(ClientRequest request)
        {
            var output = new ArrayBufferWriter<byte>(256);
            using var json = new Utf8JsonWriter(output, Plain);
            json.WriteStartObject();
            if (request.Cid is { } cid)
                json.WriteString("cid", cid);
            switch (request)
            {
                case ClientRequest.UpdateStatus update:
                    json.WriteStartObject("status_update");
                    if (update.Status is { } status)
                        json.WriteString("status", status);
                    break;
                case ClientRequest.Follow follow:
                    json.WriteStartObject("status_follow");
                    WriteList(json, "user_ids", follow.UserIds);
                    WriteList(json, "usernames", follow.Usernames);
                    break;
                case ClientRequest.Unfollow unfollow:
                    json.WriteStartObject("status_unfollow");
                    WriteList(json, "user_ids", unfollow.UserIds);
                    break;
                case ClientRequest.RefreshSession refresh:
                    json.WriteStartObject("session_refresh");
                    json.WriteString("token", refresh.Token);
                    break;
                case ClientRequest.Ping:
                    json.WriteStartObject("ping");
                    break;
                default:
                    throw NoRequest(request);
            }

            json.WriteEndObject();
            json.WriteEndObject();
            json.Flush();
            return output.WrittenSpan.ToArray();
        }

        public override Told Read(byte[] message)
        {
            using var document = JsonDocument.Parse(message);
            var envelope = document.RootElement;
            var cid = Text(envelope, "cid");
            if (envelope.TryGetProperty("status_presence_event", out var change))
                return new Told.Event(Presences(change, "joins"), Presences(change, "leaves"));
            if (envelope.TryGetProperty("status", out var status))
                return new Told.Snapshot(cid, Presences(status, "presences"));
            if (envelope.TryGetProperty("pong", out _))
                return new Told.Pong(cid);
            if (envelope.TryGetProperty("session_refresh", out var refreshed))
                return new Told.Refreshed(cid, refreshed.GetProperty("expires_at").GetInt64());
            if (envelope.TryGetProperty("error", out var error))
                return new Told.Error(cid, error.TryGetProperty("code", out var code) ? code.GetInt32() : 0, Text(error, "message") ?? "");
            if (envelope.TryGetProperty("notifications", out var notices))
            {
                var notice = notices.GetProperty("notifications").EnumerateArray().Single();
                return new Told.Notice(notice.GetProperty("subject").GetString()!, notice.GetProperty("code").GetInt32());
            }

            return envelope.EnumerateObject().All(member => member.NameEquals("cid"))
                ? new Told.Ack(cid)
                : throw new FormatException($"No message of the protocol: {envelope.GetRawText()}");
        }

        private static void WriteList(Utf8JsonWriter json, string name, ImmutableArray<string> texts)
        {
            json.WriteStartArray(name);
            foreach (var text in texts)
                json.WriteStringValue(text);
            json.WriteEndArray();
        }

        private static string? Text(JsonElement element, string name) =>
            element.TryGetProperty(name, out var text) ? text.GetString() : null;

        private static IReadOnlyList<Shown> Presences(JsonElement element, string name) => element.TryGetProperty(name, out var list)
            ? [.. list.EnumerateArray().Select(p => new Shown(
                new UserId(Guid.ParseExact(Text(p, "user_id")!, "D")), Text(p, "session_id")!, Text(p, "username")!, Text(p, "status")))]
            : [];
    }

    private sealed class ProtobufFormat : ClientFormat
    {
        public override string Name => "protobuf";

        public override byte[] Write(ClientRequest request)
        {
            var envelope = new Envelope { Cid = request.Cid ?? "" };
            switch (request)
            {
                case ClientRequest.UpdateStatus update:
                    envelope.StatusUpdate = new StatusUpdate { Status = update.Status };
                    break;
                case ClientRequest.Follow follow:
                    envelope.StatusFollow = new StatusFollow { UserIds = { follow.UserIds }, Usernames = { follow.Usernames } };
                    break;
                case ClientRequest.Unfollow unfollow:
                    envelope.StatusUnfollow = new StatusUnfollow { UserIds = { unfollow.UserIds } };
                    break;
                case ClientRequest.RefreshSession refresh:
                    envelope.SessionRefresh = new SessionRefresh { Token = refresh.Token };
                    break;
                case ClientRequest.Ping:
                    envelope.Ping = new Ping();
                    break;
                default:
                    throw NoRequest(request);
            }

            return envelope.ToByteArray();
        }

        public override Told Read(byte[] message)
        {
            var envelope = Envelope.Parser.ParseFrom(message);
            var cid = envelope.Cid.Length == 0 ? null : envelope.Cid;
            return envelope.MessageCase switch
            {
                Member.None => new Told.Ack(cid),
                Member.Pong => new Told.Pong(cid),
                Member.SessionRefresh => new Told.Refreshed(cid, envelope.SessionRefresh.ExpiresAt),
                Member.Error => new Told.Error(cid, envelope.Error.Code, envelope.Error.Message),
                Member.Status => new Told.Snapshot(cid, Presences(envelope.Status.Presences)),
                Member.StatusPresenceEvent => new Told.Event(
                    Presences(envelope.StatusPresenceEvent.Joins), Presences(envelope.StatusPresenceEvent.Leaves)),
                Member.Notifications when envelope.Notifications.Notifications_.Single() is var notice =>
                    new Told.Notice(notice.Subject, notice.Code),
                _ => throw new FormatException($"No message of the protocol: {envelope}"),
            };
        }

        private static IReadOnlyList<Shown> Presences(IEnumerable<UserPresence> list) =>
            [.. list.Select(p => new Shown(new UserId(Guid.ParseExact(p.UserId, "D")), p.SessionId, p.Username, p.Status))];
    }
}
