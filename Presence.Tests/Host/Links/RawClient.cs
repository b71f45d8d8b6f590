using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Presence.Actors.Connections;
using Presence.Tests.Host.Links.Framing;
using Presence.Tests.Semantics.Clients;

namespace Presence.Tests.Host.Links;

/// <summary>A client that sends any bytes, and reads what comes byte for byte.</summary>
internal sealed class RawClient : IAsyncDisposable
{
    private readonly Socket _socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private readonly byte[] _buffer = new byte[16 * 1024];
    private int _from;
    private int _to;

    private RawClient()
    {
    }

    /// <summary>How many bytes have come and not been read yet.</summary>
    public int Unread => _to - _from;

    public static async Task<RawClient> ConnectAsync(EndPoint server, IPAddress? from = null)
    {
        var client = new RawClient();
        if (from is not null)
            client._socket.Bind(new IPEndPoint(from, 0));
        using var patience = new CancellationTokenSource(Peer.Patience);
        await client._socket.ConnectAsync(server, patience.Token);
        return client;
    }

    public static Task<RawClient> ConnectAsync(Uri http) => ConnectAsync(new IPEndPoint(IPAddress.Loopback, http.Port));

    /// <summary>An open WebSocket whose 101 has been read.</summary>
    public static async Task<RawClient> UpgradeAsync(Uri http, Identity identity, string query = "")
    {
        var client = await ConnectAsync(http);
        await client.SendAsync(UpgradeRequest($"/ws?token={Tokens.Sign(identity)}{query}"));
        var answer = await client.ReadHeadAsync();
        return answer.Status == 101 ? client : throw new InvalidOperationException($"Refused: {answer.Status} {answer.Body}");
    }

    /// <summary>What a client of RFC 6455 asks with.</summary>
    public static string UpgradeRequest(string target, string more = "") =>
        $"GET {target} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        + $"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{more}\r\n";

    // ---- sending

    public Task SendAsync(string text) => SendAsync(Encoding.UTF8.GetBytes(text));

    public Task SendAsync(ClientFrame frame) => SendAsync(frame.ToBytes());

    public Task SendTextAsync(string text) => SendAsync(new ClientFrame(ClientFrame.Text, Encoding.UTF8.GetBytes(text)));

    /// <summary>Sends as much as the other side takes before it hangs up, if it does.</summary>
    public async Task SendAsync(ReadOnlyMemory<byte> bytes)
    {
        using var patience = new CancellationTokenSource(Peer.Patience);
        try
        {
            while (!bytes.IsEmpty)
                bytes = bytes[await _socket.SendAsync(bytes, patience.Token)..];
        }
        catch (SocketException)
        {
            // What the server said before is there to be read.
        }
    }

    public void HalfClose() => _socket.Shutdown(SocketShutdown.Send);

    public void Reset()
    {
        _socket.LingerState = new LingerOption(true, 0);
        _socket.Dispose();
    }

    // ---- reading

    /// <summary>The head of an HTTP response, and its body if it says how long that is.</summary>
    public async Task<HttpAnswer> ReadHeadAsync()
    {
        var status = await ReadLineAsync() ?? throw new InvalidOperationException("The server hung up without an answer.");
        var headers = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        while (await ReadLineAsync() is { Length: > 0 } line)
        {
            var colon = line.IndexOf(':', StringComparison.Ordinal);
            headers.Add(line[..colon], line[(colon + 1)..].Trim());
        }

        var body = "";
        if (headers.TryGetValue("Content-Length", out var length))
            body = Encoding.UTF8.GetString(await ReadAsync(int.Parse(length, System.Globalization.CultureInfo.InvariantCulture)));
        else if (headers.ContainsKey("Transfer-Encoding"))
            body = await ReadChunksAsync();
        return new HttpAnswer(int.Parse(status.Split(' ')[1], System.Globalization.CultureInfo.InvariantCulture), headers, body);
    }

    /// <summary>The next frame; null when the server has hung up.</summary>
    public async Task<ServerFrame?> ReadFrameAsync()
    {
        if (!await FillAsync())
            return null;
        var head = await ReadAsync(2);
        var length = (ulong)(head[1] & 0x7f);
        if (length == 126)
            length = BinaryPrimitives.ReadUInt16BigEndian(await ReadAsync(2));
        else if (length == 127)
            length = BinaryPrimitives.ReadUInt64BigEndian(await ReadAsync(8));
        return (head[0] & 0xf0) == 0x80 && (head[1] & 0x80) == 0
            ? new ServerFrame(head[0] & 0xf, await ReadAsync((int)length))
            : throw new InvalidOperationException($"A server's frame is final and unmasked and has no reserved bits, unlike {head[0]:x2} {head[1]:x2}.");
    }

    /// <summary>The next frame that is no ping of the server's; null when the server has hung up.</summary>
    public async Task<ServerFrame?> ReadFrameBesidePingsAsync()
    {
        ServerFrame? frame;
        do
        {
            frame = await ReadFrameAsync();
        }
        while (frame is { Opcode: ClientFrame.Ping });
        return frame;
    }

    /// <summary>The next text frame, as JSON.</summary>
    public async Task<JsonElement> ReadJsonFrameAsync() => await ReadFrameAsync() is { Opcode: ClientFrame.Text } frame
        ? JsonElement.Parse(frame.Payload)
        : throw new InvalidOperationException("No text frame has come.");

    /// <summary>The next line, as JSON; null when the server has hung up.</summary>
    public async Task<JsonElement?> ReadJsonLineAsync() =>
        await ReadLineAsync() is { } line ? JsonElement.Parse(line) : null;

    /// <summary>The next line without its end; null when the server has hung up.</summary>
    public async Task<string?> ReadLineAsync()
    {
        var line = new List<byte>();
        while (await FillAsync())
        {
            var b = _buffer[_from++];
            if (b == '\n')
                return Encoding.UTF8.GetString([.. line]).TrimEnd('\r');
            line.Add(b);
        }

        return line.Count == 0 ? null : throw new InvalidOperationException($"The server hung up in the middle of '{Encoding.UTF8.GetString([.. line])}'.");
    }

    /// <summary>The next message behind its length as a varint; null when the server has hung up.</summary>
    public async Task<byte[]?> ReadDelimitedAsync()
    {
        if (!await FillAsync())
            return null;
        var length = 0;
        for (var shift = 0; ; shift += 7)
        {
            var next = (await ReadAsync(1))[0];
            length |= (next & 0x7f) << shift;
            if (next < 0x80)
                return await ReadAsync(length);
        }
    }

    /// <summary>Waits until the server has hung up; fails if anything comes before that.</summary>
    public async Task ExpectEndAsync()
    {
        if (await FillAsync())
            throw new InvalidOperationException($"Something came where nothing should: '{Encoding.UTF8.GetString(_buffer, _from, Unread)}'.");
    }

    /// <summary>Waits until the server has hung up, whatever comes before that.</summary>
    public async Task ReadToEndAsync()
    {
        while (await FillAsync())
            _from = _to;
    }

    public async Task<byte[]> ReadAsync(int count)
    {
        var bytes = new byte[count];
        for (var i = 0; i < count;)
        {
            if (!await FillAsync())
                throw new InvalidOperationException($"The server hung up {count - i} bytes too early.");
            var part = Math.Min(count - i, Unread);
            _buffer.AsSpan(_from, part).CopyTo(bytes.AsSpan(i));
            _from += part;
            i += part;
        }

        return bytes;
    }

    public ValueTask DisposeAsync()
    {
        _socket.Dispose();
        return ValueTask.CompletedTask;
    }

    private async Task<string> ReadChunksAsync()
    {
        var body = new List<byte>();
        while (true)
        {
            var length = int.Parse((await ReadLineAsync())!, System.Globalization.NumberStyles.HexNumber, System.Globalization.CultureInfo.InvariantCulture);
            body.AddRange(await ReadAsync(length));
            await ReadLineAsync();
            if (length == 0)
                return Encoding.UTF8.GetString([.. body]);
        }
    }

    /// <summary>Waits for at least one byte; false when there will be none.</summary>
    private async ValueTask<bool> FillAsync()
    {
        if (Unread > 0)
            return true;
        using var patience = new CancellationTokenSource(Peer.Patience);
        try
        {
            _from = 0;
            _to = await _socket.ReceiveAsync(_buffer.AsMemory(), patience.Token);
            return _to > 0;
        }
        catch (SocketException)
        {
            _to = 0;
            return false;
        }
        catch (OperationCanceledException)
        {
            throw new TimeoutException($"The server neither said anything nor hung up for {Peer.Patience.TotalSeconds} s.");
        }
    }
}

internal sealed record HttpAnswer(int Status, IReadOnlyDictionary<string, string> Headers, string Body);

internal sealed record ServerFrame(int Opcode, byte[] Payload)
{
    public string Text => Encoding.UTF8.GetString(Payload);

    /// <summary>Of a close frame; null if it has none.</summary>
    public int? CloseCode => Payload.Length < 2 ? null : BinaryPrimitives.ReadUInt16BigEndian(Payload);

    public string CloseReason => Encoding.UTF8.GetString(Payload.AsSpan(Math.Min(2, Payload.Length)));
}
