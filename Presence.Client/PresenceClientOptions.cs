using System.Diagnostics.CodeAnalysis;
using System.Net.Security;
using System.Net.WebSockets;
using Presence.Client.Links;

namespace Presence.Client;

/// <summary>Where a client connects, as whom, and how it behaves. <see cref="Server"/> and <see cref="TokenProvider"/> must be given.</summary>
public sealed class PresenceClientOptions
{
    private readonly Uri _server = null!;
    private readonly int _backlog = 1024;
    private readonly int _maxMessageBytes = 64 * 1024;
    private readonly TimeSpan _connectTimeout = TimeSpan.FromSeconds(10);
    private readonly TimeSpan _requestTimeout = TimeSpan.FromSeconds(30);
    private readonly TimeSpan _pingInterval = TimeSpan.FromSeconds(15);
    private readonly TimeSpan _pingTimeout = TimeSpan.FromSeconds(10);

    /// <summary>Options of which <see cref="Server"/> and <see cref="TokenProvider"/> are still to be given.</summary>
    public PresenceClientOptions()
    {
    }

    /// <summary>Options with all that must be given; for compilers that know no required members, too.</summary>
    /// <param name="server">See <see cref="Server"/>.</param>
    /// <param name="tokenProvider">See <see cref="TokenProvider"/>.</param>
    /// <exception cref="ArgumentException">The server is no such address.</exception>
    [SetsRequiredMembers]
    public PresenceClientOptions(Uri server, Func<TokenContext, CancellationToken, ValueTask<string>> tokenProvider)
    {
        Server = server;
        TokenProvider = tokenProvider;
    }

    /// <summary>
    /// The server: <c>ws://host:7350</c> or <c>wss://…</c> for a WebSocket (its path is <c>/ws</c> unless another is given),
    /// <c>tcp://host:7352</c> or <c>tcps://…</c> for a plain TCP link or one over TLS.
    /// </summary>
    /// <exception cref="ArgumentException">It is no such address.</exception>
    public required Uri Server
    {
        get => _server;
        init
        {
            ArgumentNullException.ThrowIfNull(value);
            if (!value.IsAbsoluteUri || value.Scheme is not ("ws" or "wss" or "tcp" or "tcps"))
                throw new ArgumentException($"{value} does not begin with ws, wss, tcp or tcps.", nameof(value));
            _server = value;
        }
    }

    /// <summary>
    /// Gives the session token. It is asked for each connection, the first and every other, so it can renew a token that has expired; it
    /// is told when the last one it gave is of no use any more. It is asked on an open connection, too, 30 s before the token expires: a
    /// Presence server then lets the connection go on by the new token.
    /// </summary>
    public required Func<TokenContext, CancellationToken, ValueTask<string>> TokenProvider { get; init; }

    /// <summary>How messages are written; default JSON.</summary>
    public MessageFormat Format { get; init; }

    /// <summary>Whether the connection begins with the empty status, which is visible; default false.</summary>
    public bool AppearOnline { get; init; }

    /// <summary>How a lost connection is made again.</summary>
    public ReconnectPolicy Reconnect { get; init; } = new();

    /// <summary>How long a connection may take to be made, without the token; default 10 s.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is not positive, or above <see cref="int.MaxValue"/> ms, which is 24 days.</exception>
    public TimeSpan ConnectTimeout
    {
        get => _connectTimeout;
        init => _connectTimeout = Positive(value);
    }

    /// <summary>
    /// How long the server may take to answer a request, default 30 s. If it takes longer the link is given up, and the request is
    /// sent again on the next one; how long a caller waits, the caller's own token says.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">It is not positive, or above <see cref="int.MaxValue"/> ms, which is 24 days.</exception>
    public TimeSpan RequestTimeout
    {
        get => _requestTimeout;
        init => _requestTimeout = Positive(value);
    }

    /// <summary>How long the server may be silent before it is pinged; default 15 s.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is not positive, or above <see cref="int.MaxValue"/> ms, which is 24 days.</exception>
    public TimeSpan PingInterval
    {
        get => _pingInterval;
        init => _pingInterval = Positive(value);
    }

    /// <summary>How long it may be silent after that before the link is given up; default 10 s.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is not positive, or above <see cref="int.MaxValue"/> ms, which is 24 days.</exception>
    public TimeSpan PingTimeout
    {
        get => _pingTimeout;
        init => _pingTimeout = Positive(value);
    }

    /// <summary>
    /// How many changes are kept one by one for a consumer that does not take them, default 1024. Beyond that the changes of one
    /// session are merged, the old of the first and the new of the last, so a slow consumer is late and never wrong.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">It is not positive.</exception>
    public int Backlog
    {
        get => _backlog;
        init => _backlog = value > 0 ? value : throw new ArgumentOutOfRangeException(nameof(value), value, "A backlog has at least one place.");
    }

    /// <summary>
    /// The longest message that the server takes, in bytes; default 64 KiB, as the server's own. Nakama's is 4096. A request that is longer is
    /// refused here, since the server would end the link. Long lists of follows are cut to fit any server.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">It is below 4096.</exception>
    public int MaxMessageBytes
    {
        get => _maxMessageBytes;
        init => _maxMessageBytes = value >= 4096 ? value : throw new ArgumentOutOfRangeException(nameof(value), value, "Servers take at least 4096 bytes.");
    }

    /// <summary>The clock of all waits and timeouts, but for the two seconds that a goodbye may take.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    /// <summary>Checks the certificate of a server with TLS instead of the system; default null: the system checks it.</summary>
    public RemoteCertificateValidationCallback? ServerCertificateValidation { get; init; }

    /// <summary>Sets what else a WebSocket needs before it connects, such as a proxy; default null.</summary>
    public Action<ClientWebSocketOptions>? ConfigureWebSocket { get; init; }

    /// <summary>Makes the links, by a token and whether they begin online; for tests, which also cut them.</summary>
    internal Func<string, bool, CancellationToken, Task<Link>>? Connector { get; init; }

    private static TimeSpan Positive(TimeSpan time) =>
        time > TimeSpan.Zero && time <= ReconnectPolicy.Longest
            ? time
            : throw new ArgumentOutOfRangeException(nameof(time), time, $"A time is positive, and at most {ReconnectPolicy.Longest}.");
}
