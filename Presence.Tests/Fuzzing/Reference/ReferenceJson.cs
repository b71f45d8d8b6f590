using System.Text;
using System.Text.Json;

namespace Presence.Tests.Fuzzing.Reference;

/// <summary>
/// The JSON messages of a client as the protocol has them, read with <see cref="JsonDocument"/>: slower than the codec of the server,
/// and with none of its code.
/// </summary>
internal static class ReferenceJson
{
    private const string Malformed = "Malformed";

    private static readonly UTF8Encoding Strict = new(false, throwOnInvalidBytes: true);
    private static readonly JsonDocumentOptions Options = new() { MaxDepth = int.MaxValue };

    // The members of an envelope that clients send and this server does not offer, and those that only a server sends.
    private static readonly string[] Unoffered =
    [
        "channel_join", "channel_leave", "channel_message_send", "channel_message_update", "channel_message_remove", "match_create", "match_join", "match_leave",
        "matchmaker_add", "matchmaker_remove", "rpc", "party_create", "party_join", "party_leave", "party_promote", "party_accept", "party_remove", "party_close",
        "party_join_request_list", "party_matchmaker_add", "party_matchmaker_remove", "party_update", "match_data_send", "party_data_send",
        "channel", "channel_message", "channel_message_ack", "channel_presence_event", "error", "match", "match_data", "match_presence_event", "matchmaker_matched",
        "matchmaker_ticket", "notifications", "status", "status_presence_event", "stream_data", "stream_presence_event", "party", "party_leader", "party_join_request",
        "party_matchmaker_ticket", "party_data", "party_presence_event",
    ];

    private static readonly Dictionary<string, string> Members =
        Unoffered.Concat(["cid", "status_update", "status_follow", "status_unfollow", "session_refresh", "ping", "pong"])
            .SelectMany(name => new[] { (Spelling: name, Name: name), (Spelling: LowerCamel(name), Name: name) })
            .Distinct().ToDictionary(n => n.Spelling, n => n.Name, StringComparer.Ordinal);

    /// <summary>An envelope in a few words, as <see cref="Describe.Request"/> has them.</summary>
    public static string Envelope(ReadOnlySpan<byte> message)
    {
        try
        {
            using var document = Parse(message);
            var cid = Cid(document.RootElement);
            try
            {
                return Envelope(document.RootElement, cid);
            }
            catch (Exception fault) when (fault is InvalidOperationException or FormatException)
            {
                // It is JSON, but breaks a rule of the protocol.
                return $"Broken {cid}";
            }
        }
        catch (Exception fault) when (fault is JsonException or DecoderFallbackException)
        {
            return Malformed;
        }
    }

    /// <summary>A hello in a few words; null if the line is none.</summary>
    public static string? Hello(ReadOnlySpan<byte> line)
    {
        try
        {
            using var document = Parse(line);
            var fields = Fields(document.RootElement, name => name == "hello" ? name : null);
            if (!fields.TryGetValue("hello", out var hello))
                return null;
            fields = Fields(hello, name => name is "token" or "status" or "format" or "ping" or "reply_bytes" ? name : null);
            var token = fields.TryGetValue("token", out var text) ? Text(text) : "";
            var status = fields.TryGetValue("status", out var flag) && flag.GetBoolean();
            var ping = fields.TryGetValue("ping", out var answers) && answers.GetBoolean();
            var format = fields.TryGetValue("format", out var kind) ? Text(kind) : "";
            if (fields.TryGetValue("reply_bytes", out var bytes) && !(bytes.TryGetInt32(out var number) && number > 0))
                return null;
            return token.Length == 0 || format is not ("" or "json" or "protobuf") ? null : $"{token} {status} {(format == "protobuf" ? "Protobuf" : "Json")} {ping}";
        }
        catch (Exception fault) when (fault is JsonException or InvalidOperationException or DecoderFallbackException or FormatException)
        {
            return null;
        }
    }

    private static JsonDocument Parse(ReadOnlySpan<byte> message)
    {
        // The reader checks bytes only when a text is taken out.
        Strict.GetCharCount(message);
        var mark = Encoding.UTF8.Preamble;
        return JsonDocument.Parse(message[(message.StartsWith(mark) ? mark.Length : 0)..].ToArray(), Options);
    }

    /// <summary>The cid with which a message is answered, even if it breaks a rule: the last one that it holds.</summary>
    private static string Cid(JsonElement root)
    {
        var cid = "null";
        if (root.ValueKind != JsonValueKind.Object)
            return cid;
        foreach (var member in root.EnumerateObject().Where(m => NameOf(m) == "cid" && m.Value.ValueKind != JsonValueKind.Null))
        {
            cid = member.Value.ValueKind switch
            {
                JsonValueKind.String when TextOf(member.Value) is { Length: > 0 } text => Quote(text),
                JsonValueKind.Number => Quote(member.Value.GetRawText()),
                _ => "null",
            };
        }

        return cid;
    }

    private static string Envelope(JsonElement root, string cid)
    {
        var fields = Fields(root, name => Members.GetValueOrDefault(name));
        if (fields.Remove("cid", out var text))
            Text(text);
        if (fields.Count > 1)
            throw new FormatException("There are two messages.");
        if (fields.Count == 0)
            return $"Refused {cid}";
        var (name, member) = fields.Single();
        // Whatever it is, it has to be an object.
        Fields(member, _ => null);
        switch (name)
        {
            case "status_update":
                var update = Fields(member, n => n == "status" ? n : null);
                return $"UpdateStatus {cid} {(update.TryGetValue("status", out var status) ? Quote(Text(status)) : "null")}";
            case "status_follow":
                var follow = Fields(member, n => n switch { "user_ids" or "userIds" => "ids", "usernames" => "names", _ => null });
                return $"Follow {cid} {Texts(follow, "ids")} {Texts(follow, "names")}";
            case "status_unfollow":
                var unfollow = Fields(member, n => n is "user_ids" or "userIds" ? "ids" : null);
                return $"Unfollow {cid} {Texts(unfollow, "ids")}";
            case "session_refresh":
                var refresh = Fields(member, n => n == "token" ? n : null);
                return $"RefreshSession {cid} {(refresh.TryGetValue("token", out var token) ? Quote(Text(token)) : "''")}";
            case "ping":
                return $"Ping {cid}";
            case "pong":
                return $"Ignored {cid}";
            default:
                return $"Refused {cid}";
        }
    }

    /// <summary>The known fields of an object that are not null, under one name each.</summary>
    private static Dictionary<string, JsonElement> Fields(JsonElement value, Func<string, string?> known)
    {
        if (IsEmpty(value, JsonValueKind.Array))
            return [];
        if (value.ValueKind != JsonValueKind.Object)
            throw new FormatException("There is no object.");
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var fields = new Dictionary<string, JsonElement>(StringComparer.Ordinal);
        foreach (var member in value.EnumerateObject())
        {
            if (NameOf(member) is not { } written || known(written) is not { } name)
                continue;
            if (!seen.Add(name))
                throw new FormatException("A field comes twice.");
            if (member.Value.ValueKind != JsonValueKind.Null)
                fields.Add(name, member.Value);
        }

        return fields;
    }

    private static string Text(JsonElement value) =>
        value.ValueKind == JsonValueKind.String ? value.GetString()! : throw new FormatException("A field that should hold a text does not.");

    private static string Texts(Dictionary<string, JsonElement> fields, string name)
    {
        if (!fields.TryGetValue(name, out var list))
            return "[]";
        if (IsEmpty(list, JsonValueKind.Object))
            return "[]";
        if (list.ValueKind != JsonValueKind.Array)
            throw new FormatException("A field that should hold a list does not.");
        return $"[{string.Join(",", list.EnumerateArray().Select(item => Quote(Text(item))))}]";
    }

    /// <summary>Lua has one type for objects and lists.</summary>
    private static bool IsEmpty(JsonElement value, JsonValueKind kind) =>
        value.ValueKind == kind && (kind == JsonValueKind.Array ? value.GetArrayLength() == 0 : !value.EnumerateObject().Any());

    /// <summary>The name of a field; null if it holds half of a surrogate pair, so that it can be no known one.</summary>
    private static string? NameOf(JsonProperty field)
    {
        try
        {
            return field.Name;
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }

    /// <summary>A text; null if it holds half of a surrogate pair.</summary>
    private static string? TextOf(JsonElement value)
    {
        try
        {
            return value.GetString();
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }

    private static string Quote(string text) => $"'{text}'";

    private static string LowerCamel(string name)
    {
        var words = name.Split('_');
        return words[0] + string.Concat(words.Skip(1).Select(w => char.ToUpperInvariant(w[0]) + w[1..]));
    }
}
