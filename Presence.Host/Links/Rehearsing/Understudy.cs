using System.Net;
using System.Net.Sockets;
using System.Text;
using Presence.Actors.Model;

namespace Presence.Host.Links.Rehearsing;

/// <summary>One client of a <see cref="Rehearsal"/>: does all that clients do, and waits for the end.</summary>
internal static class Understudy
{
    // How many users one follows at most.
    private const int MostFollows = 20;

    /// <summary>Connects, shows statuses, follows and unfollows, says goodbye, and returns when the server has closed.</summary>
    /// <param name="port">Where.</param>
    /// <param name="token">What lets it in.</param>
    /// <param name="users">Whom it may follow.</param>
    /// <param name="cancel">Gives up.</param>
    public static async Task ComeAndGoAsync(IPEndPoint port, string token, UserId[] users, CancellationToken cancel)
    {
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(port, cancel).ConfigureAwait(false);
        await socket.SendAsync(Request(token), cancel).ConfigureAwait(false);
        var buffer = new byte[4096];
        // The answer; nothing of this client's comes before it.
        if (await socket.ReceiveAsync(buffer, cancel).ConfigureAwait(false) == 0)
            throw new IOException("The rehearsal was refused.");
        await socket.SendAsync(Lines(users), cancel).ConfigureAwait(false);
        while (await socket.ReceiveAsync(buffer, cancel).ConfigureAwait(false) > 0)
        {
            // Whatever it is told.
        }
    }

    private static byte[] Request(string token) => Encoding.ASCII.GetBytes(
        $"GET /ws?lang=en&status=true&token={token} HTTP/1.1\r\n" +
        "Host: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");

    private static byte[] Lines(UserId[] users)
    {
        var some = string.Join(',', users.Take(MostFollows).Select(user => $"\"{user}\""));
        return
        [
            .. Text("""{"cid":"1","ping":{}}"""),
            .. Text($$$"""{"cid":"2","status_follow":{"user_ids":[{{{some}}}]}}"""),
            .. Text("""{"cid":"3","status_update":{"status":"on stage"}}"""),
            .. Text("""{"cid":"4","status_update":{}}"""),
            .. Text($$$"""{"cid":"5","status_unfollow":{"user_ids":[{{{some}}}]}}"""),
            // Goodbye, with 1000.
            .. Frame(0x88, [0x03, 0xE8]),
        ];
    }

    private static byte[] Text(string text) => Frame(0x81, Encoding.UTF8.GetBytes(text));

    /// <summary>One frame of a client (RFC 6455, section 5.2): whole, and masked with zeros.</summary>
    private static byte[] Frame(byte head, byte[] payload) => payload.Length < 126
        ? [head, (byte)(0x80 | payload.Length), 0, 0, 0, 0, .. payload]
        : [head, 0x80 | 126, (byte)(payload.Length >> 8), (byte)payload.Length, 0, 0, 0, 0, .. payload];
}
