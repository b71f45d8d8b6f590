using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Google.Protobuf;
using Presence.Actors.Connections;

namespace Presence.Tests.Semantics.Clients;

/// <summary>A client over a plain TCP link: a hello and its answer, then lines of JSON or protobuf behind their lengths.</summary>
public sealed class TcpPeer : Peer
{
    private readonly Socket _socket;
    private readonly PipeReader _input;
    private readonly ClientFormat _format;

    private TcpPeer(Socket socket, ClientFormat format, Identity identity)
        : base(identity.User, identity.Username)
    {
        _socket = socket;
        _input = PipeReader.Create(new NetworkStream(socket, ownsSocket: false));
        _format = format;
    }

    /// <inheritdoc cref="WebSocketPeer.ConnectAsync"/>
    public static async Task<Peer> ConnectAsync(IPEndPoint server, ClientFormat format, Identity identity, bool appearsOnline, int? receiveBuffer)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        if (receiveBuffer is { } bytes)
            socket.ReceiveBufferSize = bytes;
        using var patience = new CancellationTokenSource(Patience);
        await socket.ConnectAsync(server, patience.Token);
        var hello = new { hello = new { token = Tokens.Sign(identity), status = appearsOnline, format = format.Name } };
        await socket.SendAsync((byte[])[.. JsonSerializer.SerializeToUtf8Bytes(hello), (byte)'\n'], patience.Token);
        var peer = new TcpPeer(socket, format, identity);
        var answer = await peer.ReadMessageAsync(TryTakeLine).WaitAsync(patience.Token)
            ?? throw new InvalidOperationException($"The server closed on the hello of {identity.Username}.");
        using var json = JsonDocument.Parse(answer);
        if (!json.RootElement.TryGetProperty("hello", out var told))
            throw new InvalidOperationException($"The hello of {identity.Username} was refused: {json.RootElement.GetRawText()}");
        peer.Session = told.GetProperty("session_id").GetString();
        peer.BeginReading(appearsOnline);
        return peer;
    }

    private delegate bool Take(ref ReadOnlySequence<byte> buffer, out byte[] message);

    protected override async Task WriteAsync(ClientRequest request)
    {
        var message = _format.Write(request);
        if (_format == ClientFormat.Json)
        {
            await SendAllAsync((byte[])[.. message, (byte)'\n']);
            return;
        }

        var prefix = new byte[CodedOutputStream.ComputeLengthSize(message.Length)];
        using (var output = new CodedOutputStream(prefix))
            output.WriteLength(message.Length);
        await SendAllAsync((byte[])[.. prefix, .. message]);
    }

    protected override async Task<(Told Told, byte[] Bytes)> ReadAsync()
    {
        try
        {
            var message = await ReadMessageAsync(_format == ClientFormat.Json ? TryTakeLine : TryTakeDelimited);
            if (message is not null)
                return (_format.Read(message), message);
            // The server has closed its side: so does a client that has nothing to add.
            _socket.Dispose();
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or ObjectDisposedException)
        {
            // Cut: no more of it.
        }

        return (new Told.Closed(null), []);
    }

    protected override Task SayGoodbyeAsync()
    {
        try
        {
            _socket.Shutdown(SocketShutdown.Send);
        }
        catch (ObjectDisposedException)
        {
            // The server has ended it.
        }

        return Task.CompletedTask;
    }

    protected override void Cut()
    {
        _socket.ResetAtEnd();
        _socket.Dispose();
    }

    private async Task SendAllAsync(ReadOnlyMemory<byte> bytes)
    {
        while (!bytes.IsEmpty)
            bytes = bytes[await _socket.SendAsync(bytes)..];
    }

    private async Task<byte[]?> ReadMessageAsync(Take take)
    {
        while (true)
        {
            var read = await _input.ReadAsync();
            var buffer = read.Buffer;
            var isWhole = take(ref buffer, out var message);
            _input.AdvanceTo(buffer.Start, isWhole ? buffer.Start : buffer.End);
            if (isWhole)
                return message;
            if (read.IsCompleted)
                return buffer.IsEmpty ? null : throw new FormatException("The link ended in the middle of a message.");
        }
    }

    private static bool TryTakeLine(ref ReadOnlySequence<byte> buffer, out byte[] line)
    {
        var reader = new SequenceReader<byte>(buffer);
        var isWhole = reader.TryReadTo(out ReadOnlySequence<byte> text, (byte)'\n');
        line = isWhole ? text.ToArray() : [];
        if (isWhole)
            buffer = reader.UnreadSequence;
        return isWhole;
    }

    private static bool TryTakeDelimited(ref ReadOnlySequence<byte> buffer, out byte[] message)
    {
        message = [];
        var reader = new SequenceReader<byte>(buffer);
        var length = 0;
        for (var shift = 0; ; shift += 7)
        {
            if (!reader.TryRead(out var b))
                return false;
            length |= (b & 0x7f) << shift;
            if (b < 0x80)
                break;
        }

        if (reader.Remaining < length)
            return false;
        message = reader.UnreadSequence.Slice(0, length).ToArray();
        buffer = reader.UnreadSequence.Slice(length);
        return true;
    }
}
