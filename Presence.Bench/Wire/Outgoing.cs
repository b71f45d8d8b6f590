using System.Text;

namespace Presence.Bench.Wire;

/// <summary>Messages of a client as bytes for a link of either kind. Each call makes an array of its own.</summary>
internal static class Outgoing
{
    /// <summary>A message of the protocol as a text frame, or as a line.</summary>
    public static byte[] Message(LinkKind kind, string json) => kind == LinkKind.Tcp
        ? [.. Encoding.UTF8.GetBytes(json), (byte)'\n']
        : Frame(Opcode.Text, Encoding.UTF8.GetBytes(json));

    /// <summary>A whole WebSocket frame, masked with a key of zeros.</summary>
    public static byte[] Frame(Opcode opcode, ReadOnlySpan<byte> payload)
    {
        var buffer = new byte[ClientFrame.MaxHeader + payload.Length];
        payload.CopyTo(buffer.AsSpan(ClientFrame.MaxHeader));
        return buffer[ClientFrame.Frame(buffer, opcode, payload.Length)..];
    }

    /// <summary>A status update with the cid <c>u</c>.</summary>
    public static byte[] Update(LinkKind kind, string status) => Message(kind, $$$"""{"cid":"u","status_update":{"status":"{{{status}}}"}}""");

    /// <summary>An erase of the status with the cid <c>u</c>.</summary>
    public static byte[] Erase(LinkKind kind) => Message(kind, """{"cid":"u","status_update":{}}""");

    /// <summary>A follow of users by their ids, with the cid <c>f</c>.</summary>
    public static byte[] Follow(LinkKind kind, IEnumerable<string> ids) => Message(kind, $$$"""{"cid":"f","status_follow":{"user_ids":[{{{List(ids)}}}]}}""");

    /// <summary>A follow of users by their names, with the cid <c>f</c>.</summary>
    public static byte[] FollowNames(LinkKind kind, IEnumerable<string> names) =>
        Message(kind, $$$"""{"cid":"f","status_follow":{"usernames":[{{{List(names)}}}]}}""");

    /// <summary>An unfollow, with the cid <c>x</c>.</summary>
    public static byte[] Unfollow(LinkKind kind, IEnumerable<string> ids) => Message(kind, $$$"""{"cid":"x","status_unfollow":{"user_ids":[{{{List(ids)}}}]}}""");

    /// <summary>The first bytes of a client: the upgrade request, or the hello line.</summary>
    public static byte[] Opening(LinkKind kind, Uri server, string token, bool isVisible, string format = "json") => kind == LinkKind.Tcp
        ? Message(kind, $$$"""{"hello":{"token":"{{{token}}}","status":{{{(isVisible ? "true" : "false")}}},"format":"{{{format}}}"}}""")
        : Encoding.ASCII.GetBytes(
            $"GET {server.AbsolutePath}?status={(isVisible ? "true" : "false")}&format={format}&token={token} HTTP/1.1\r\nHost: {server.Authority}\r\n"
            + "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");

    private static string List(IEnumerable<string> texts) => string.Join(',', texts.Select(t => $"\"{t}\""));
}
