using Akka.Actor;
using Akka.Event;
using Presence.Actors.Model;

namespace Presence.Actors.Connections;

/// <summary>
/// The way to one client, as its connection sees it. A link knows bytes and no rules; a connection knows rules and no bytes.
/// Every member may be called from the connection's actor and returns at once.
/// </summary>
public interface ILink
{
    /// <summary>
    /// The connection is there, and all that its client asked for by connecting is in force. From now on the link tells it <see cref="LinkSignal"/>s; it ends in exactly one
    /// <see cref="LinkSignal.Closed"/>.
    /// </summary>
    void Attach(IActorRef connection);

    /// <summary>The link may bring this many more requests. Without it a link reads nothing: that is the back-pressure.</summary>
    void Demand(int requests);

    /// <summary>
    /// Sends a message behind all that was sent before. False: the client is behind, and the sender had better keep what
    /// can wait until <see cref="LinkSignal.Drained"/>; the message itself has been taken.
    /// </summary>
    bool Send(ServerMessage message);

    /// <summary>Closes the link once everything sent before has gone out, or the link proves dead.</summary>
    void Close(CloseReason reason);
}

/// <summary>What a link tells its connection.</summary>
public abstract record LinkSignal : INoSerializationVerificationNeeded, IDeadLetterSuppression
{
    /// <summary>The client has sent a request.</summary>
    public sealed record Received(ClientRequest Request) : LinkSignal;

    /// <summary>The client has caught up: what was kept back may be sent.</summary>
    public sealed record Drained : LinkSignal
    {
        /// <summary>The only instance.</summary>
        public static readonly Drained Instance = new();
    }

    /// <summary>The link has ended, however it ended (contract C2). Nothing follows.</summary>
    public sealed record Closed : LinkSignal
    {
        /// <summary>The only instance.</summary>
        public static readonly Closed Instance = new();
    }
}

/// <summary>
/// Why a link is closed, as its client is told: an RFC 6455 close code and a text that names neither an address nor an
/// exception (protocol difference 0.9).
/// </summary>
/// <param name="Code">The close code; links without close codes only end.</param>
/// <param name="Text">At most 123 bytes of UTF-8.</param>
public sealed record CloseReason(ushort Code, string Text)
{
    /// <summary>The client is going, or asked for the close.</summary>
    public static readonly CloseReason Normal = new(1000, "");

    /// <summary>A frame breaks RFC 6455.</summary>
    public static readonly CloseReason ProtocolError = new(1002, "protocol error");

    /// <summary>A text frame where binary is spoken, or the other way round.</summary>
    public static readonly CloseReason WrongFrameType = new(1003, "wrong frame type for the format");

    /// <summary>A message that cannot be parsed.</summary>
    public static readonly CloseReason Malformed = new(1007, "malformed message");

    /// <summary>More messages or bytes per second than the limit allows, for too long (contract L4).</summary>
    public static readonly CloseReason RateExceeded = new(1008, "rate limit exceeded");

    /// <summary>A message above the limit.</summary>
    public static readonly CloseReason TooBig = new(1009, "message too big");

    /// <summary>The server failed this connection.</summary>
    public static readonly CloseReason Failure = new(1011, "internal error");

    /// <summary>The node is stopping; another takes the client.</summary>
    public static readonly CloseReason Restart = new(1012, "service restart");

    /// <summary>The user has more connections than it may have, and this is the newest (contract L4).</summary>
    public static readonly CloseReason TooMany = new(1013, "too many connections of this user");

    /// <summary>The session's token has expired (contract C4).</summary>
    public static readonly CloseReason Expired = new(4001, "token expired");

    /// <summary>The session's token was revoked.</summary>
    public static readonly CloseReason Revoked = new(4002, "token revoked");

    /// <summary>A newer connection of the user replaces this one (contract C3).</summary>
    public static readonly CloseReason Replaced = new(4003, "replaced by a newer connection");
}

/// <summary>Who is at the other end of a link, as its token says.</summary>
/// <param name="User">The user.</param>
/// <param name="Username">The user's name, shown to followers.</param>
/// <param name="TokenId">Names the login that the token belongs to; null if the token does not say.</param>
/// <param name="IssuedAt">When the token was issued.</param>
/// <param name="ExpiresAt">When the token expires.</param>
public sealed record Identity(UserId User, string Username, string? TokenId, DateTimeOffset IssuedAt, DateTimeOffset ExpiresAt);
