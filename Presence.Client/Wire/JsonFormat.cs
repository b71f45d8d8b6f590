using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Presence.Client.Wire;

/// <summary>Messages as JSON (protocol section B2): snake_case, absent for what has its default.</summary>
internal sealed class JsonFormat : WireFormat
{
    public static readonly JsonFormat Instance = new();

    private static readonly JsonWriterOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public override string Name => "json";

    public override bool IsText => true;

    public override byte[] Pong { get; } = [.. "{\"pong\":{}}"u8];

    public override byte[] Write(string cid, ClientMessage message)
    {
        var output = new ArrayBufferWriter<byte>(256);
        using (var json = new Utf8JsonWriter(output, Plain))
        {
            json.WriteStartObject();
            json.WriteString("cid", cid);
            switch (message)
            {
                case ClientMessage.UpdateStatus update:
                    json.WriteStartObject("status_update");
                    if (update.Status is { } status)
                        json.WriteString("status", status);
                    break;
                case ClientMessage.Follow follow:
                    json.WriteStartObject("status_follow");
                    WriteIds(json, follow.UserIds);
                    json.WriteStartArray("usernames");
                    foreach (var name in follow.Usernames)
                        json.WriteStringValue(name);
                    json.WriteEndArray();
                    break;
                case ClientMessage.Unfollow unfollow:
                    json.WriteStartObject("status_unfollow");
                    WriteIds(json, unfollow.UserIds);
                    break;
                case ClientMessage.RefreshSession refresh:
                    json.WriteStartObject("session_refresh");
                    json.WriteString("token", refresh.Token);
                    break;
                default:
                    json.WriteStartObject("ping");
                    break;
            }

            json.WriteEndObject();
            json.WriteEndObject();
        }

        return output.WrittenSpan.ToArray();
    }

    public override ServerMessage Read(ReadOnlyMemory<byte> message)
    {
        try
        {
            using var document = JsonDocument.Parse(message);
            return Read(document.RootElement);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new FormatException("The server sent what is no JSON message of the protocol.", e);
        }
    }

    private static ServerMessage Read(JsonElement envelope)
    {
        if (envelope.ValueKind != JsonValueKind.Object)
            throw new FormatException("A message of the protocol is an object.");
        var cid = Text(envelope, "cid");
        if (TryGet(envelope, "status_presence_event", out var change))
            return new ServerMessage.StatusEvent(Presences(change, "joins"), Presences(change, "leaves"));
        if (TryGet(envelope, "status", out var status))
            return new ServerMessage.Snapshot(cid, Presences(status, "presences"));
        if (TryGet(envelope, "pong", out _))
            return new ServerMessage.Pong(cid);
        if (TryGet(envelope, "ping", out _))
            return new ServerMessage.Ping();
        if (TryGet(envelope, "session_refresh", out var refreshed))
            return new ServerMessage.SessionRefreshed(cid, Time(TryGet(refreshed, "expires_at", out var at) && at.TryGetInt64(out var seconds) ? seconds : 0));
        if (TryGet(envelope, "error", out var error))
            return new ServerMessage.Failed(cid, Number(error, "code"), Text(error, "message") ?? "");
        if (TryGet(envelope, "notifications", out var notices))
            return Notice(notices);
        foreach (var member in envelope.EnumerateObject())
        {
            if (!member.NameEquals("cid") && member.Value.ValueKind != JsonValueKind.Null)
                return new ServerMessage.Other(cid);
        }

        return new ServerMessage.Acknowledged(cid);
    }

    private static ServerMessage Notice(JsonElement notices)
    {
        if (TryGet(notices, "notifications", out var list))
        {
            // One at a time, says the protocol of those that concern a connection; of several the last counts.
            foreach (var notice in list.EnumerateArray().Reverse())
                return new ServerMessage.Notice(Text(notice, "subject") ?? "", Number(notice, "code"));
        }

        return new ServerMessage.Other(null);
    }

    private static List<UserPresence> Presences(JsonElement element, string name)
    {
        var presences = new List<UserPresence>();
        if (TryGet(element, name, out var list))
        {
            foreach (var p in list.EnumerateArray())
                presences.Add(Presence(Text(p, "user_id"), Text(p, "session_id"), Text(p, "username"), Text(p, "status")));
        }

        return presences;
    }

    private static void WriteIds(Utf8JsonWriter json, IEnumerable<Guid> ids)
    {
        json.WriteStartArray("user_ids");
        foreach (var id in ids)
            json.WriteStringValue(id);
        json.WriteEndArray();
    }

    private static bool TryGet(JsonElement element, string name, out JsonElement value) =>
        element.TryGetProperty(name, out value) && value.ValueKind != JsonValueKind.Null;

    private static string? Text(JsonElement element, string name) => TryGet(element, name, out var text) ? text.GetString() : null;

    private static int Number(JsonElement element, string name) =>
        !TryGet(element, name, out var number) ? 0 : number.TryGetInt32(out var value) ? value : throw new FormatException($"The {name} is no number.");
}
