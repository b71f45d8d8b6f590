using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Presence.Bench.Plans;
using Presence.Bench.Sockets;
using Presence.Bench.Wire;

namespace Presence.Bench.Abuse;

/// <summary>One link of an abuse. Its failures are counted as answers, not thrown. One caller may send while another one reads.</summary>
internal sealed class AbuserLink : IDisposable
{
    private const int LongestQuote = 80;

    private readonly AbuseContext _context;
    private readonly Socket _socket;
    private readonly MessageReader _reader;
    // Two tasks may send: the one that misuses the server, and the one that reads and answers pings. A TLS stream takes one write at a time.
    private readonly SemaphoreSlim _sending = new(1);

    private Stream? _stream;
    private int _isDisposed;

    public AbuserLink(AbuseContext context, LinkKind kind, int? receiveBuffer)
    {
        _context = context;
        Kind = kind;
        _reader = new MessageReader(kind);
        _socket = new Socket(context.Target.AddressOf(kind).AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        // The port is then chosen at the connect: an address has as many ports for each server.
        if (OperatingSystem.IsLinux())
            _socket.SetRawSocketOption(Native.LevelIp, Native.BindAddressNoPort, BitConverter.GetBytes(1));
        if (receiveBuffer is { } bytes)
            _socket.ReceiveBufferSize = bytes;
    }

    /// <summary>What carries it.</summary>
    public LinkKind Kind { get; }

    /// <summary>Whether it is connected and nobody has ended it.</summary>
    public bool IsOpen { get; private set; }

    /// <summary>How many bytes were read as messages.</summary>
    public long BytesRead { get; private set; }

    /// <summary>Connects the socket, and nothing else; false if that failed.</summary>
    public async Task<bool> ConnectAsync(EndPoint? source, CancellationToken cancellation)
    {
        try
        {
            if (source is not null)
                _socket.Bind(source);
            await _socket.ConnectAsync(_context.Target.AddressOf(Kind), cancellation).ConfigureAwait(false);
            _stream = new NetworkStream(_socket, ownsSocket: false);
            return IsOpen = true;
        }
        catch (Exception e) when (IsEnd(e))
        {
            return Fail("connect", e, cancellation);
        }
    }

    /// <summary>Does the TLS handshake; false if that failed.</summary>
    public async Task<bool> SecureAsync(CancellationToken cancellation)
    {
        var secured = new SslStream(_stream!, leaveInnerStreamOpen: false, AnyCertificate.Accept);
        try
        {
            await secured.AuthenticateAsClientAsync(new SslClientAuthenticationOptions { TargetHost = _context.Target.Server.Host }, cancellation).ConfigureAwait(false);
            _stream = secured;
            return true;
        }
        catch (Exception e) when (IsEnd(e))
        {
            return Fail("TLS", e, cancellation);
        }
    }

    /// <summary>Sends the upgrade request or the hello and waits for the answer; false if it was refused.</summary>
    public async Task<bool> OpenAsync(Account account, bool isVisible, string format, CancellationToken cancellation)
    {
        if (!await SendAsync(Outgoing.Opening(Kind, _context.Target.Server, account.Token, isVisible, format), cancellation).ConfigureAwait(false))
            return false;
        try
        {
            while (true)
            {
                switch (OpeningAnswer.Take(Kind, _reader, out var refusal))
                {
                    case OpeningResult.Open:
                        return true;
                    case OpeningResult.Refused:
                        _context.Answers.Add(Kind == LinkKind.Tcp ? ErrorOf(Encoding.UTF8.GetBytes(refusal)) : refusal);
                        IsOpen = false;
                        return false;
                }

                if (!await ReceiveAsync(cancellation).ConfigureAwait(false))
                    return false;
            }
        }
        catch (Exception e) when (IsEnd(e))
        {
            return Fail("opening", e, cancellation);
        }
    }

    /// <summary>Sends bytes and waits until the system has taken them; false if the link has ended.</summary>
    public async ValueTask<bool> SendAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellation)
    {
        if (!IsOpen)
            return false;
        try
        {
            await _sending.WaitAsync(cancellation).ConfigureAwait(false);
            try
            {
                await _stream!.WriteAsync(bytes, cancellation).ConfigureAwait(false);
            }
            finally
            {
                _sending.Release();
            }

            return true;
        }
        catch (Exception e) when (IsEnd(e))
        {
            return Fail("sending", e, cancellation);
        }
    }

    /// <summary>
    /// Reads until the link ends, answers pings, and counts errors, close codes and how the link ended.
    /// </summary>
    /// <param name="heard">Called with each message; null: messages are counted only if they are errors.</param>
    /// <param name="bytesPerSecond">The most bytes that are read in a second; 0: no bound.</param>
    /// <param name="cancellation">Ends the reading.</param>
    public async Task ReadAsync(Action<ReadOnlyMemory<byte>>? heard, int bytesPerSecond, CancellationToken cancellation)
    {
        try
        {
            do
            {
                while (_reader.TryRead(out var incoming))
                {
                    switch (incoming.Kind)
                    {
                        case IncomingKind.Message:
                            CountError(incoming.Payload.Span);
                            heard?.Invoke(incoming.Payload);
                            break;
                        case IncomingKind.Ping:
                            await SendAsync(Outgoing.Frame(Opcode.Pong, incoming.Payload.Span), cancellation).ConfigureAwait(false);
                            break;
                        case IncomingKind.Close:
                            _context.Answers.Add($"close {Encoding.UTF8.GetString(incoming.Payload.Span)}");
                            IsOpen = false;
                            return;
                        default:
                            _context.Answers.Add("a frame that this tool does not read");
                            IsOpen = false;
                            return;
                    }
                }
            }
            while (await ReceiveAsync(cancellation, bytesPerSecond).ConfigureAwait(false));
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException)
        {
            _context.AddFault($"a message that this tool does not read: {e.Message}");
            IsOpen = false;
        }
        catch (Exception e) when (IsEnd(e))
        {
            Fail("reading", e, cancellation);
        }
        finally
        {
            Dispose();
        }
    }

    /// <summary>
    /// Reads bytes that are not split into messages until the link ends, and counts how the server ended it: with a status of HTTP, an
    /// error line, or nothing.
    /// </summary>
    public async Task ReadRawAsync(CancellationToken cancellation)
    {
        var first = new byte[512];
        var length = 0;
        try
        {
            // The first bytes say why; what follows is of no interest.
            while (length < first.Length && await _stream!.ReadAsync(first.AsMemory(length), cancellation).ConfigureAwait(false) is > 0 and var received)
                length += received;
            if (length == 0 && !_context.Ended.IsCancellationRequested)
                _context.Answers.Add("closed without a message");
        }
        catch (Exception e) when (IsEnd(e))
        {
            // A server that has said why may reset the link afterwards.
            if (length == 0)
                Fail("reading", e, cancellation);
        }
        finally
        {
            if (length > 0 && !_context.Ended.IsCancellationRequested)
                _context.Answers.Add(first.AsSpan().StartsWith("HTTP/"u8) ? Upgrade.FirstLine(first.AsSpan(0, length)) : ErrorOf(first.AsMemory(0, LineLength(first.AsSpan(0, length)))));
            Dispose();
        }
    }

    /// <summary>Reads one HTTP answer: its status, and its body to the end of its length; 0 if the link has ended.</summary>
    public async Task<int> ReadHttpAsync(CancellationToken cancellation)
    {
        try
        {
            int head, status;
            while (!Upgrade.TryRead(_reader.Unread, out head, out status))
            {
                if (!await ReceiveAsync(cancellation).ConfigureAwait(false))
                    return 0;
            }

            var length = head + ContentLength(_reader.Unread[..head]);
            var isChunked = _reader.Unread[..head].IndexOf("chunked"u8) >= 0;
            while (isChunked ? _reader.Unread.IndexOf("0\r\n\r\n"u8) < 0 : _reader.Unread.Length < length)
            {
                if (!await ReceiveAsync(cancellation).ConfigureAwait(false))
                    return 0;
            }

            _reader.Skip(isChunked ? _reader.Unread.Length : length);
            return status;
        }
        catch (Exception e) when (IsEnd(e))
        {
            Fail("reading", e, cancellation);
            return 0;
        }
    }

    /// <summary>Closes the socket with a reset: the peer learns of it at once, and the port is free again.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) != 0)
            return;
        IsOpen = false;
        try
        {
            _socket.LingerState = new LingerOption(true, 0);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // It has ended already.
        }

        _socket.Dispose();
        _context.Closed();
    }

    private static bool IsEnd(Exception e) =>
        e is SocketException or IOException or ObjectDisposedException or OperationCanceledException or System.Security.Authentication.AuthenticationException or InvalidOperationException;

    private static int LineLength(ReadOnlySpan<byte> text) => text.IndexOf((byte)'\n') is >= 0 and var end ? end : text.Length;

    private static int ContentLength(ReadOnlySpan<byte> head)
    {
        var name = "Content-Length:"u8;
        var at = head.IndexOf(name);
        return at >= 0 && System.Buffers.Text.Utf8Parser.TryParse(head[(at + name.Length)..].TrimStart((byte)' '), out int length, out _) ? length : 0;
    }

    // The text of an error, for example "error 3 The message is not valid JSON."
    private static string ErrorOf(ReadOnlyMemory<byte> text)
    {
        try
        {
            using var message = JsonDocument.Parse(text);
            if (message.RootElement.TryGetProperty("error", out var error))
            {
                var code = error.TryGetProperty("code", out var number) ? number.GetInt32() : 0;
                return FormattableString.Invariant($"error {code} {error.GetProperty("message").GetString()}");
            }
        }
        catch (JsonException)
        {
            // Then it is quoted as it is.
        }

        return Encoding.UTF8.GetString(text.Span[..Math.Min(text.Length, LongestQuote)]);
    }

    private void CountError(ReadOnlySpan<byte> text)
    {
        // The word stands behind at most a cid, and a status event cannot hold it there.
        if (text[..Math.Min(text.Length, 40)].IndexOf("\"error\":"u8) >= 0)
            _context.Answers.Add(ErrorOf(text.ToArray()));
    }

    private async ValueTask<bool> ReceiveAsync(CancellationToken cancellation, int bytesPerSecond = 0)
    {
        if (!IsOpen)
            return false;
        var room = _reader.Room();
        if (bytesPerSecond > 0)
        {
            // Ten steps a second, so that a slow reader reads steadily.
            await Task.Delay(100, cancellation).ConfigureAwait(false);
            room = room[..Math.Min(room.Length, Math.Max(1, bytesPerSecond / 10))];
        }

        var received = await _stream!.ReadAsync(room, cancellation).ConfigureAwait(false);
        if (received == 0)
        {
            if (!_context.Ended.IsCancellationRequested)
                _context.Answers.Add("closed without a message");
            return IsOpen = false;
        }

        _reader.Advance(received);
        BytesRead += received;
        return true;
    }

    private bool Fail(string step, Exception e, CancellationToken cancellation)
    {
        IsOpen = false;
        // What ends because the run is over is no answer.
        if (_context.Ended.IsCancellationRequested || Volatile.Read(ref _isDisposed) != 0)
            return false;
        var error = e as SocketException ?? e.InnerException as SocketException;
        _context.Answers.Add(error?.SocketErrorCode switch
        {
            SocketError.ConnectionReset or SocketError.Shutdown => "reset",
            SocketError.ConnectionRefused => "connection refused",
            SocketError code => $"{step}: {code}",
            null => cancellation.IsCancellationRequested ? $"{step}: no answer in time" : $"{step}: {e.GetType().Name}",
        });
        return false;
    }
}
