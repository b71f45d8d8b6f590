using System.Buffers;
using System.Net.Sockets;
using System.Net.WebSockets;
using Presence.Actors.Connections;

namespace Presence.Tests.Semantics.Clients;

/// <summary>A client over the WebSocket of the base library.</summary>
public sealed class WebSocketPeer : Peer
{
    private readonly ClientWebSocket _socket;
    private readonly Socket _connection;
    private readonly ClientFormat _format;
    private readonly byte[] _buffer = new byte[2048];

    private WebSocketPeer(ClientWebSocket socket, Socket connection, ClientFormat format, Identity identity)
        : base(identity.User, identity.Username)
    {
        _socket = socket;
        _connection = connection;
        _format = format;
    }

    /// <param name="http">Where the server is.</param>
    /// <param name="format">How messages are written.</param>
    /// <param name="identity">Whose token the client brings.</param>
    /// <param name="appearsOnline">Whether it begins with an empty status.</param>
    /// <param name="receiveBuffer">How much the network may keep for a client that does not read; null leaves it to the system.</param>
    public static async Task<Peer> ConnectAsync(Uri http, ClientFormat format, Identity identity, bool appearsOnline, int? receiveBuffer)
    {
        Socket? connection = null;
        var handler = new SocketsHttpHandler
        {
            UseProxy = false,
            ConnectCallback = async (context, cancel) =>
            {
                connection = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
                if (receiveBuffer is { } bytes)
                    connection.ReceiveBufferSize = bytes;
                await connection.ConnectAsync(context.DnsEndPoint, cancel);
                return new NetworkStream(connection, ownsSocket: true);
            },
        };
        var url = new UriBuilder(http)
        {
            Scheme = "ws",
            Path = "/ws",
            Query = $"lang=en&status={(appearsOnline ? "true" : "false")}&token={Tokens.Sign(identity)}&format={format.Name}",
        };
        var socket = new ClientWebSocket();
        socket.Options.KeepAliveInterval = TimeSpan.Zero;
        using var patience = new CancellationTokenSource(Patience);
        await socket.ConnectAsync(url.Uri, new HttpMessageInvoker(handler), patience.Token);
        var peer = new WebSocketPeer(socket, connection!, format, identity);
        peer.BeginReading(appearsOnline);
        return peer;
    }

    protected override Task WriteAsync(ClientRequest request) =>
        _socket.SendAsync(_format.Write(request), MessageType, endOfMessage: true, CancellationToken.None);

    protected override async Task<(Told Told, byte[] Bytes)> ReadAsync()
    {
        try
        {
            var message = new ArrayBufferWriter<byte>(256);
            while (true)
            {
                var read = await _socket.ReceiveAsync(_buffer.AsMemory(), CancellationToken.None);
                if (read.MessageType == WebSocketMessageType.Close)
                    return (new Told.Closed(await EchoAsync()), []);
                if (read.MessageType != MessageType)
                    throw new FormatException($"A message of type {read.MessageType}.");
                message.Write(_buffer.AsSpan(0, read.Count));
                if (read.EndOfMessage)
                {
                    var bytes = message.WrittenSpan.ToArray();
                    return (_format.Read(bytes), bytes);
                }
            }
        }
        catch (Exception e) when (e is WebSocketException or OperationCanceledException or ObjectDisposedException or IOException)
        {
            return (new Told.Closed(null), []);
        }
    }

    protected override Task SayGoodbyeAsync() =>
        _socket.State is WebSocketState.Open or WebSocketState.CloseReceived
            ? _socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, "", CancellationToken.None)
            : Task.CompletedTask;

    protected override void Cut()
    {
        _connection.ResetAtEnd();
        _connection.Dispose();
        _socket.Abort();
    }

    private WebSocketMessageType MessageType =>
        _format == ClientFormat.Json ? WebSocketMessageType.Text : WebSocketMessageType.Binary;

    private async Task<int?> EchoAsync()
    {
        var code = (int?)_socket.CloseStatus;
        if (_socket.State == WebSocketState.CloseReceived)
            await _socket.CloseOutputAsync(_socket.CloseStatus ?? WebSocketCloseStatus.NormalClosure, "", CancellationToken.None);
        _connection.Dispose();
        return code;
    }
}
