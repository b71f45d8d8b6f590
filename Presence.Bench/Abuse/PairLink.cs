using System.Net.Security;
using System.Net.Sockets;
using System.Text;
using Presence.Bench.Plans;
using Presence.Bench.Sockets;
using Presence.Bench.Wire;

namespace Presence.Bench.Abuse;

/// <summary>
/// A link of a well-behaved client, with blocking calls, so that what it measures does not wait for the thread pool that the abuse
/// uses. One thread may send while another one receives.
/// </summary>
internal sealed class PairLink : IDisposable
{
    private static readonly TimeSpan OpenPatience = TimeSpan.FromSeconds(30);

    private readonly Socket _socket;
    private readonly Stream _stream;
    private readonly MessageReader _reader;
    private readonly LinkKind _kind;
    private readonly Lock _sending = new();
    private volatile bool _isDisposed;

    private PairLink(LinkKind kind, Socket socket, Stream stream) => (_kind, _socket, _stream, _reader) = (kind, socket, stream, new MessageReader(kind));

    /// <summary>Why the link has ended; null while it is open, and after this side has closed it.</summary>
    public string? End { get; private set; }

    /// <summary>Connects, opens the link and waits for the answer.</summary>
    /// <exception cref="UnreachableException">The server does not answer or refuses.</exception>
    public static PairLink Open(AbuseTarget target, LinkKind kind, Account account, TimeSpan? patience = null)
    {
        var address = target.AddressOf(kind);
        var socket = Make(address.AddressFamily);
        var milliseconds = (int)(patience ?? OpenPatience).TotalMilliseconds;
        (socket.ReceiveTimeout, socket.SendTimeout) = (milliseconds, milliseconds);
        try
        {
            socket.Connect(address);
            Stream stream = new NetworkStream(socket);
            if (target.IsTls(kind))
            {
                var secured = new SslStream(stream, leaveInnerStreamOpen: false, AnyCertificate.Accept);
                secured.AuthenticateAsClient(target.Server.Host);
                stream = secured;
            }

            stream.Write(Outgoing.Opening(kind, target.Server, account.Token, isVisible: true));
            var link = new PairLink(kind, socket, stream);
            while (true)
            {
                switch (OpeningAnswer.Take(kind, link._reader, out var refusal))
                {
                    case OpeningResult.Open:
                        (socket.ReceiveTimeout, socket.SendTimeout) = (0, 0);
                        return link;
                    case OpeningResult.Refused:
                        throw new UnreachableException($"{address} answered '{refusal}'. Is --key the key with which the server checks tokens?");
                }

                if (!link.Receive())
                    throw new UnreachableException($"{address} closed the link before it answered.");
            }
        }
        catch (Exception e) when (e is SocketException or IOException or System.Security.Authentication.AuthenticationException)
        {
            socket.Dispose();
            throw new UnreachableException($"No link could be opened to {address}: {e.Message}");
        }
        catch (UnreachableException)
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Sends bytes; false if the link has ended.</summary>
    public bool TrySend(ReadOnlySpan<byte> bytes)
    {
        try
        {
            lock (_sending)
                _stream.Write(bytes);
            return true;
        }
        catch (Exception e) when (e is SocketException or IOException or ObjectDisposedException)
        {
            Finish(Describe(e));
            return false;
        }
    }

    /// <summary>Waits for the next message; false if the link has ended.</summary>
    public bool TryReceive(out ReadOnlyMemory<byte> message)
    {
        message = default;
        try
        {
            while (true)
            {
                while (_reader.TryRead(out var incoming))
                {
                    switch (incoming.Kind)
                    {
                        case IncomingKind.Message:
                            message = incoming.Payload;
                            return true;
                        case IncomingKind.Ping:
                            TrySend(Outgoing.Frame(Opcode.Pong, incoming.Payload.Span));
                            break;
                        case IncomingKind.Close:
                            Finish($"close {Encoding.UTF8.GetString(incoming.Payload.Span)}");
                            return false;
                        default:
                            Finish("a frame that this tool does not read");
                            return false;
                    }
                }

                if (!Receive())
                {
                    Finish("closed without a message");
                    return false;
                }
            }
        }
        catch (Exception e) when (e is SocketException or IOException or ObjectDisposedException)
        {
            Finish(Describe(e));
            return false;
        }
    }

    /// <summary>Closes the link. A thread that waits for a message gets none.</summary>
    public void Dispose()
    {
        if (_isDisposed)
            return;
        _isDisposed = true;
        try
        {
            _socket.Shutdown(SocketShutdown.Both);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // It has ended already.
        }

        _socket.Dispose();
    }

    private static Socket Make(AddressFamily family)
    {
        try
        {
            return new Socket(family, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        }
        catch (SocketException e)
        {
            throw new UnreachableException($"This tool cannot open a socket: {e.Message}.");
        }
    }

    private static string Describe(Exception e) => (e as SocketException ?? e.InnerException as SocketException)?.SocketErrorCode switch
    {
        SocketError.ConnectionReset or SocketError.Shutdown => "reset",
        { } code => code.ToString(),
        null => e.Message,
    };

    private void Finish(string why)
    {
        if (!_isDisposed)
            End ??= why;
    }

    private bool Receive()
    {
        var received = _stream.Read(_reader.Room().Span);
        _reader.Advance(received);
        return received > 0;
    }
}
