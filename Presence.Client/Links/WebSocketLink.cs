using System.Globalization;
using System.Net.WebSockets;
using System.Text.RegularExpressions;
using Presence.Client.Wire;

namespace Presence.Client.Links;

/// <summary>A WebSocket (protocol section A): one message a frame, text or binary by the format.</summary>
internal sealed class WebSocketLink : Link
{
    private readonly ClientWebSocket _socket;
    private readonly WebSocketMessageType _type;
    private byte[] _buffer = new byte[4096];
    private long _received;

    private WebSocketLink(ClientWebSocket socket, WireFormat format)
    {
        _socket = socket;
        _type = format.IsText ? WebSocketMessageType.Text : WebSocketMessageType.Binary;
    }

    public static async Task<Link> ConnectAsync(
        PresenceClientOptions options, WireFormat format, string token, bool appearOnline, CancellationToken cancel)
    {
        var socket = new ClientWebSocket();
        try
        {
            // In a header, not in the address, which is written to logs on the way.
            socket.Options.SetRequestHeader("Authorization", $"Bearer {token}");
            // Whether the server lives is found out by pings that it must answer.
            socket.Options.KeepAliveInterval = TimeSpan.Zero;
#if NET
            socket.Options.CollectHttpResponseDetails = true;
#endif
            if (options.ServerCertificateValidation is { } validation)
                socket.Options.RemoteCertificateValidationCallback = validation;
            options.ConfigureWebSocket?.Invoke(socket.Options);
            await socket.ConnectAsync(Address(options.Server, format, appearOnline), cancel).ConfigureAwait(false);
            return new WebSocketLink(socket, format);
        }
        catch (WebSocketException e)
        {
            var (status, retryAfter) = (StatusOf(socket, e), RetryAfterOf(socket));
            socket.Dispose();
            // A 101 that is none for the protocol is no refusal either.
            if (status is 0 or 101)
                throw;
            var request = retryAfter is { } wait ? $" and asks to wait {wait.TotalSeconds} s" : "";
            throw new LinkRefusedException(status is 401, $"The server answered {status} instead of a WebSocket{request}.", e) { RetryAfter = retryAfter };
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    public override bool EndsAtError => false;

    public override long BytesReceived => Volatile.Read(ref _received);

    public override Task SendAsync(ReadOnlyMemory<byte> message, CancellationToken cancel) =>
        _socket.SendAsync(message, _type, endOfMessage: true, cancel).AsTask();

    public override async ValueTask<ReadOnlyMemory<byte>?> ReceiveAsync(CancellationToken cancel)
    {
        var length = 0;
        while (true)
        {
            if (length == _buffer.Length)
                Array.Resize(ref _buffer, length < MostIncomingBytes ? 2 * length : throw new FormatException("The server sent a message that is too large."));
            ValueWebSocketReceiveResult read;
            try
            {
                read = await _socket.ReceiveAsync(_buffer.AsMemory(length), cancel).ConfigureAwait(false);
            }
            catch (Exception e) when (e is WebSocketException or ObjectDisposedException or IOException or OperationCanceledException && !cancel.IsCancellationRequested)
            {
                End = new LinkEnd(null, null, e);
                return null;
            }

            if (read.MessageType == WebSocketMessageType.Close)
            {
                End = new LinkEnd((int?)_socket.CloseStatus, _socket.CloseStatusDescription);
                await EchoAsync(cancel).ConfigureAwait(false);
                return null;
            }

            if (read.MessageType != _type)
                throw new FormatException("The server sent a frame of the wrong type.");
            length += read.Count;
            Volatile.Write(ref _received, _received + read.Count);
            if (read.EndOfMessage)
                return _buffer.AsMemory(0, length);
        }
    }

    public override Task SayGoodbyeAsync(CancellationToken cancel) => _socket.State is WebSocketState.Open
        ? _socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, "", cancel)
        : Task.CompletedTask;

    public override ValueTask DisposeAsync()
    {
        _socket.Abort();
        _socket.Dispose();
        return default;
    }

    private static Uri Address(Uri server, WireFormat format, bool appearOnline)
    {
        var address = new UriBuilder(server);
        if (address.Path is "" or "/")
            address.Path = "/ws";
        var query = $"status={(appearOnline ? "true" : "false")}&format={format.Name}";
        address.Query = address.Query is { Length: > 1 } given ? $"{given[1..]}&{query}" : query;
        return address.Uri;
    }

    /// <summary>The HTTP status with which the server refused; 0 if it did not answer.</summary>
    private static int StatusOf(ClientWebSocket socket, WebSocketException refusal)
    {
#if NET
        if (socket.HttpStatusCode != 0)
            return (int)socket.HttpStatusCode;
#endif
        // Older runtimes say it in words only.
        return Regex.Match(refusal.Message, "'([1-5][0-9]{2})'") is { Success: true } status
            ? int.Parse(status.Groups[1].Value, CultureInfo.InvariantCulture)
            : 0;
    }

    /// <summary>The seconds of a <c>Retry-After</c> header; null without one, and on runtimes that do not show headers.</summary>
    private static TimeSpan? RetryAfterOf(ClientWebSocket socket)
    {
#if NET
        if (socket.HttpResponseHeaders is { } headers
            && headers.TryGetValue("Retry-After", out var values)
            && int.TryParse(values.FirstOrDefault(), NumberStyles.None, CultureInfo.InvariantCulture, out var seconds))
            return TimeSpan.FromSeconds(seconds);
#endif
        return null;
    }

    private async Task EchoAsync(CancellationToken cancel)
    {
        try
        {
            if (_socket.State == WebSocketState.CloseReceived)
                await _socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, "", cancel).ConfigureAwait(false);
        }
        catch (Exception e) when (e is WebSocketException or ObjectDisposedException or IOException or OperationCanceledException)
        {
            // The server has cut the link already.
        }
    }
}
