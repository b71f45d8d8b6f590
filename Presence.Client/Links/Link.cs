using Presence.Client.Wire;

namespace Presence.Client.Links;

/// <summary>One connection to a server, which carries whole messages. One may send and one may receive at a time.</summary>
internal abstract class Link : IAsyncDisposable
{
    /// <summary>
    /// The largest message that is taken: what 10,000 users may show, twice over. A server that sends more is not one.
    /// </summary>
    public const int MostIncomingBytes = 64 * 1024 * 1024;

    private volatile LinkEnd _end = LinkEnd.Plain;

    /// <summary>Who the server says that this is; null where it does not say.</summary>
    public Greeting? Greeting { get; protected init; }

    /// <summary>Whether an error that answers nothing is the last word, as on links without close codes.</summary>
    public abstract bool EndsAtError { get; }

    /// <summary>How much has come from the server, whole messages or not. From any thread.</summary>
    public abstract long BytesReceived { get; }

    /// <summary>How the link ended; known at the latest when <see cref="ReceiveAsync"/> has returned null.</summary>
    public LinkEnd End
    {
        get => _end;
        protected set => _end = value;
    }

    public abstract Task SendAsync(ReadOnlyMemory<byte> message, CancellationToken cancel);

    /// <summary>The next message, which is valid until the next call; null when the link has ended.</summary>
    /// <exception cref="FormatException">What came is no message.</exception>
    public abstract ValueTask<ReadOnlyMemory<byte>?> ReceiveAsync(CancellationToken cancel);

    /// <summary>Tells the server that nothing more is sent; the server then ends the link.</summary>
    public abstract Task SayGoodbyeAsync(CancellationToken cancel);

    /// <summary>Ends the link at once; whoever receives comes to the end.</summary>
    public abstract ValueTask DisposeAsync();

    /// <summary>Connects by the scheme of the server's address.</summary>
    /// <exception cref="LinkRefusedException">The server refused.</exception>
    public static async Task<Link> ConnectAsync(PresenceClientOptions options, string token, bool appearOnline, CancellationToken cancel)
    {
        var format = WireFormat.Of(options.Format);
        return options.Server.Scheme is "ws" or "wss"
            ? await WebSocketLink.ConnectAsync(options, format, token, appearOnline, cancel).ConfigureAwait(false)
            : await TcpLink.ConnectAsync(options, format, token, appearOnline, cancel).ConfigureAwait(false);
    }
}
