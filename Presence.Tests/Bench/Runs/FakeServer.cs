using System.Buffers;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Presence.Actors.Connections;
using Presence.Host.Links.Framing;
using Presence.Tests.Semantics.Clients;

namespace Presence.Tests.Bench.Runs;

/// <summary>How a <see cref="FakeServer"/> is at fault.</summary>
internal enum Flaw
{
    None,

    /// <summary>It sends byte by byte, which is allowed.</summary>
    Dribbles,

    /// <summary>It ends the connection of whoever updates, with a close frame.</summary>
    CutsOff,

    /// <summary>It acknowledges updates and tells nobody.</summary>
    Forgets,

    /// <summary>It tells everything twice.</summary>
    Repeats,

    /// <summary>It answers updates with an error.</summary>
    Refuses,

    /// <summary>It lets nobody in.</summary>
    Locked,

    /// <summary>It does not answer whoever wants to be let in.</summary>
    Mute,

    /// <summary>It does not answer follows.</summary>
    IgnoresFollows,

    /// <summary>It tells of updates and does not answer them.</summary>
    IgnoresUpdates,
}

/// <summary>
/// A server of a few lines that tells everybody of everything: right for a crowd in which everybody follows everybody, but for its
/// flaw.
/// </summary>
internal sealed class FakeServer : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly Lock _lock = new();
    private readonly List<Socket> _accepted = [];
    private readonly List<Socket> _clients = [];
    private readonly Dictionary<Socket, string> _shown = [];
    private readonly List<Task> _serving = [];
    private readonly Flaw _flaw;

    public FakeServer(Flaw flaw)
    {
        _flaw = flaw;
        _listener.Start();
        _serving.Add(AcceptAsync());
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    public async ValueTask DisposeAsync()
    {
        _listener.Dispose();
        Task[] serving;
        lock (_lock)
        {
            // Also those who have not asked for anything yet.
            foreach (var client in _accepted)
                client.Dispose();
            serving = [.. _serving];
        }

        await Task.WhenAll(serving);
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var client = await _listener.AcceptSocketAsync();
                client.NoDelay = true;
                lock (_lock)
                {
                    _accepted.Add(client);
                    _serving.Add(ServeAsync(client));
                }
            }
        }
        catch (Exception e) when (e is SocketException or InvalidOperationException)
        {
            // It is over.
        }
    }

    private async Task ServeAsync(Socket client)
    {
        using var framing = new WebSocketFraming(WireFormat.Json, 65_536);
        var input = new byte[65_536];
        try
        {
            await ReadHeadAsync(client, input);
            if (_flaw == Flaw.Mute)
            {
                await client.ReceiveAsync(input);
                return;
            }

            lock (_lock)
            {
                Send(client, Encoding.ASCII.GetBytes(_flaw == Flaw.Locked
                    ? "HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n"
                    : "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"));
                _clients.Add(client);
            }

            var length = 0;
            while (await client.ReceiveAsync(input.AsMemory(length)) is > 0 and var received)
            {
                length += received;
                var unread = new ReadOnlySequence<byte>(input, 0, length);
                while (framing.TryRead(ref unread, out var frame) && frame.Kind == FrameKind.Message)
                    Answer(client, framing, Encoding.UTF8.GetString(frame.Payload));
                length = (int)unread.Length;
                unread.ToArray().CopyTo(input, 0);
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // It has left.
        }
    }

    private static async Task ReadHeadAsync(Socket client, byte[] buffer)
    {
        using var patience = new CancellationTokenSource(Peer.Patience);
        var length = 0;
        while (!buffer.AsSpan(0, length).EndsWith("\r\n\r\n"u8))
        {
            var received = await client.ReceiveAsync(buffer.AsMemory(length), patience.Token);
            if (received == 0)
                throw new SocketException((int)SocketError.ConnectionReset);
            length += received;
        }
    }

    private void Answer(Socket client, WebSocketFraming framing, string text)
    {
        var message = JsonDocument.Parse(text).RootElement;
        lock (_lock)
        {
            if (message.TryGetProperty("status_follow", out _))
            {
                if (_flaw != Flaw.IgnoresFollows)
                    Send(client, Framed(framing, """{"cid":"f","status":{"presences":[]}}"""));
                return;
            }

            if (message.TryGetProperty("status_unfollow", out _))
            {
                Send(client, Framed(framing, """{"cid":"x"}"""));
                return;
            }

            if (message.TryGetProperty("status_update", out var update) && !update.TryGetProperty("status", out _))
            {
                // An erase: nobody is told.
                Send(client, Framed(framing, """{"cid":"u"}"""));
                return;
            }

            if (_flaw == Flaw.CutsOff)
            {
                Send(client, [0x88, 5, 4001 >> 8, 4001 & 0xff, .. "bye"u8]);
                return;
            }

            // Last: who has the answer has had all that the update is worth.
            if (_flaw is not (Flaw.Forgets or Flaw.Refuses))
                TellAll(client, framing, message);
            if (_flaw != Flaw.IgnoresUpdates)
                Send(client, Framed(framing, _flaw == Flaw.Refuses ? """{"cid":"u","error":{"code":3,"message":"No."}}""" : """{"cid":"u"}"""));
        }
    }

    private void TellAll(Socket client, WebSocketFraming framing, JsonElement message)
    {
        var status = message.GetProperty("status_update").GetProperty("status").GetString();
        var leaves = _shown.TryGetValue(client, out var old) ? $$$""","leaves":[{"session_id":"s","status":"{{{old}}}"}]""" : "";
        _shown[client] = status!;
        var told = Framed(framing, $$$"""{"status_presence_event":{"joins":[{"session_id":"s","status":"{{{status}}}"}]{{{leaves}}}}}""");
        foreach (var follower in _clients)
        {
            for (var times = _flaw == Flaw.Repeats ? 2 : 1; times > 0; times--)
                Send(follower, told);
        }
    }

    private static byte[] Framed(WebSocketFraming framing, string text)
    {
        var output = new ArrayBufferWriter<byte>();
        framing.Write(output, Encoding.UTF8.GetBytes(text));
        return output.WrittenSpan.ToArray();
    }

    private void Send(Socket client, ReadOnlySpan<byte> bytes)
    {
        if (!client.Connected)
            return;
        var piece = _flaw == Flaw.Dribbles ? 1 : bytes.Length;
        for (; !bytes.IsEmpty; bytes = bytes[Math.Min(piece, bytes.Length)..])
            client.Send(bytes[..Math.Min(piece, bytes.Length)]);
    }
}
