using System.Buffers;
using System.Text;
using Presence.Actors.Connections;
using Presence.Host.Links.Codecs;

namespace Presence.Tests.Host.Links.Codecs;

/// <summary>Codecs by bytes and texts.</summary>
internal static class Wire
{
    public static ClientRequest Decode(this EnvelopeCodec codec, byte[] message) => codec.Decode(new ReadOnlySequence<byte>(message));

    public static ClientRequest Json(string message) => JsonCodec.Instance.Decode(Encoding.UTF8.GetBytes(message));

    public static ClientRequest Protobuf(string hex) => ProtobufCodec.Instance.Decode(Convert.FromHexString(hex));

    public static byte[] Encode(this EnvelopeCodec codec, ServerMessage message)
    {
        var output = new ArrayBufferWriter<byte>();
        codec.Encode(message, output);
        return output.WrittenSpan.ToArray();
    }

    public static string ToJson(ServerMessage message) => Encoding.UTF8.GetString(JsonCodec.Instance.Encode(message));

    public static string ToHex(ServerMessage message) => Convert.ToHexString(ProtobufCodec.Instance.Encode(message));

    /// <summary>A request as a text that is equal when the request is.</summary>
    public static string Describe(this ClientRequest request) => request switch
    {
        ClientRequest.Follow f => $"Follow {Quote(f.Cid)} [{string.Join(",", f.UserIds.Select(Quote))}] [{string.Join(",", f.Usernames.Select(Quote))}]",
        ClientRequest.Unfollow u => $"Unfollow {Quote(u.Cid)} [{string.Join(",", u.UserIds.Select(Quote))}]",
        ClientRequest.UpdateStatus s => $"UpdateStatus {Quote(s.Cid)} {Quote(s.Status)}",
        ClientRequest.RefreshSession s => $"RefreshSession {Quote(s.Cid)} {Quote(s.Token)}",
        ClientRequest.Ping p => $"Ping {Quote(p.Cid)}",
        ClientRequest.Ignored i => $"Ignored {Quote(i.Cid)}",
        ClientRequest.Refused r => $"Refused {Quote(r.Cid)} {r.Code} {(r.IsAnswered ? "answered" : "unanswered")} {r.Message}",
        ClientRequest.Malformed m => $"Malformed {m.Code} {m.Reason.Code}",
        _ => throw new ArgumentException(request.GetType().Name),
    };

    private static string Quote(string? text) => text is null ? "null" : $"'{text}'";
}
