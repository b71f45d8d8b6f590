using System.Globalization;
using System.Net.Security;
using System.Net.Sockets;
using System.Text.Json;
using System.Text.RegularExpressions;
using Presence.Client.Wire;

namespace Presence.Client.Links;

/// <summary>A plain TCP link, or one over TLS (protocol section E): a hello, then messages.</summary>
internal sealed class TcpLink : Link
{
    private const int DefaultPort = 7352;

    private readonly Socket _socket;
    private readonly Stream _stream;
    private readonly Framing _framing;
    private readonly TcpInput _input;

    private TcpLink(Socket socket, Stream stream, TcpInput input, Framing framing, Greeting greeting)
    {
        _socket = socket;
        _stream = stream;
        _input = input;
        _framing = framing;
        Greeting = greeting;
    }

    public static async Task<Link> ConnectAsync(
        PresenceClientOptions options, WireFormat format, string token, bool appearOnline, CancellationToken cancel)
    {
        var server = options.Server;
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        using var abort = cancel.Register(socket.Dispose);
        try
        {
            await socket.ConnectAsync(server.DnsSafeHost, server.Port > 0 ? server.Port : DefaultPort).ConfigureAwait(false);
            Stream stream = new NetworkStream(socket, ownsSocket: true);
            if (server.Scheme == "tcps")
                stream = await SecureAsync(stream, options, cancel).ConfigureAwait(false);
            await stream.WriteAsync(Hello(format, token, appearOnline), cancel).ConfigureAwait(false);
            var input = new TcpInput(stream);
            var answer = await input.ReceiveAsync(Framing.Lines, cancel).ConfigureAwait(false)
                ?? throw new IOException("The server closed the link before its hello.");
            return new TcpLink(socket, stream, input, Framing.Of(format), ReadGreeting(answer));
        }
        catch (Exception e)
        {
            socket.Dispose();
            cancel.ThrowIfCancellationRequested();
            if (e is ObjectDisposedException)
                throw new IOException("The link was cut.", e);
            throw;
        }
    }

    public override bool EndsAtError => true;

    public override long BytesReceived => _input.Received;

    public override Task SendAsync(ReadOnlyMemory<byte> message, CancellationToken cancel) =>
        _stream.WriteAsync(_framing.Frame(message.Span), cancel).AsTask();

    public override async ValueTask<ReadOnlyMemory<byte>?> ReceiveAsync(CancellationToken cancel)
    {
        try
        {
            return await _input.ReceiveAsync(_framing, cancel).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException)
        {
            End = new LinkEnd(null, null, e);
            return null;
        }
    }

    public override async Task SayGoodbyeAsync(CancellationToken cancel)
    {
        if (_stream is SslStream secure)
            await secure.ShutdownAsync().WaitAsync(cancel).ConfigureAwait(false);
        _socket.Shutdown(SocketShutdown.Send);
    }

    public override async ValueTask DisposeAsync()
    {
        // Below the stream, so that nobody waits for a peer that is gone.
        _socket.Dispose();
        await _stream.DisposeAsync().ConfigureAwait(false);
    }

    private static async Task<Stream> SecureAsync(Stream stream, PresenceClientOptions options, CancellationToken cancel)
    {
        var secure = new SslStream(stream, leaveInnerStreamOpen: false);
        var settings = new SslClientAuthenticationOptions
        {
            TargetHost = options.Server.DnsSafeHost,
            RemoteCertificateValidationCallback = options.ServerCertificateValidation,
        };
        await secure.AuthenticateAsClientAsync(settings, cancel).ConfigureAwait(false);
        return secure;
    }

    private static byte[] Hello(WireFormat format, string token, bool appearOnline)
    {
        using var output = new MemoryStream();
        using (var json = new Utf8JsonWriter(output))
        {
            json.WriteStartObject();
            json.WriteStartObject("hello");
            json.WriteString("token", token);
            json.WriteBoolean("status", appearOnline);
            json.WriteString("format", format.Name);
            json.WriteBoolean("ping", true);
            json.WriteEndObject();
            json.WriteEndObject();
        }

        return Framing.Lines.Frame(output.ToArray());
    }

    /// <summary>A refusal over TCP has no headers; its text says how long to wait, if anything does (protocol section E1).</summary>
    private static TimeSpan? RetryAfterIn(string text) =>
        Regex.Match(text, "; try again in ([0-9]{1,6}) s\\.$") is { Success: true } match
            ? TimeSpan.FromSeconds(int.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture))
            : null;

    private static Greeting ReadGreeting(ReadOnlyMemory<byte> answer)
    {
        try
        {
            using var json = JsonDocument.Parse(answer);
            if (json.RootElement.TryGetProperty("error", out var error))
            {
                var text = error.GetProperty("message").GetString() ?? "";
                throw new LinkRefusedException(text.Contains("token", StringComparison.OrdinalIgnoreCase), text) { RetryAfter = RetryAfterIn(text) };
            }

            var hello = json.RootElement.GetProperty("hello");
            return new Greeting(
                hello.GetProperty("user_id").GetGuid(), hello.GetProperty("username").GetString() ?? "", hello.GetProperty("session_id").GetString() ?? "");
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException)
        {
            throw new FormatException("The server answered the hello with what is none.", e);
        }
    }
}
