using System.Collections.Immutable;
using System.Text;

namespace Presence.Actors.Connections;

/// <summary>
/// What a client asks for, whatever the link and the format it came in. One connection's requests are carried out one after
/// the other, and answered in that order.
/// </summary>
/// <param name="Cid">The client's name for the request, echoed in the reply; null if it gave none.</param>
public abstract record ClientRequest(string? Cid)
{
    /// <summary>Sets or, when <paramref name="Status"/> is null, erases the status of the connection (contract S2, S4).</summary>
    public sealed record UpdateStatus(string? Cid, string? Status) : ClientRequest(Cid);

    /// <summary>Follows users by id, by username, or both (contract F1). Texts are as the client sent them.</summary>
    public sealed record Follow(string? Cid, ImmutableArray<string> UserIds, ImmutableArray<string> Usernames) : ClientRequest(Cid);

    /// <summary>Ends follows (contract F7). Texts are as the client sent them.</summary>
    public sealed record Unfollow(string? Cid, ImmutableArray<string> UserIds) : ClientRequest(Cid);

    /// <summary>Asks to go on by a newer token of the same user (contract C4).</summary>
    /// <param name="Cid">The client's name for the request.</param>
    /// <param name="Token">The token, not checked yet; empty if there is none. It appears in no log (contract A5).</param>
    public sealed record RefreshSession(string? Cid, string Token) : ClientRequest(Cid)
    {
        /// <inheritdoc/>
        protected override bool PrintMembers(StringBuilder builder)
        {
            ArgumentNullException.ThrowIfNull(builder);
            builder.Append("Cid = ").Append(Cid);
            return true;
        }
    }

    /// <summary>Asks for a pong.</summary>
    public sealed record Ping(string? Cid) : ClientRequest(Cid);

    /// <summary>The client sends nothing more and waits only for its replies: a half-closed link. The connection ends behind them.</summary>
    public sealed record Goodbye() : ClientRequest((string?)null)
    {
        /// <summary>The only instance.</summary>
        public static readonly Goodbye Instance = new();
    }

    /// <summary>A message that is taken without a reply: a pong.</summary>
    public sealed record Ignored(string? Cid) : ClientRequest(Cid);

    /// <summary>
    /// A message of the protocol that this server does not offer, or that only servers send, or none at all: answered with
    /// an error, and the connection stays open (protocol difference 0.7).
    /// </summary>
    /// <param name="Cid">The client's name for the request.</param>
    /// <param name="Code">Why.</param>
    /// <param name="Message">A text for a person.</param>
    /// <param name="IsAnswered">
    /// False for what clients send without waiting for a reply and without a cid: an error would only disturb them.
    /// </param>
    public sealed record Refused(string? Cid, ErrorCode Code, string Message, bool IsAnswered = true) : ClientRequest(Cid);

    /// <summary>
    /// Bytes that are no message. The reader is told, after the replies to what came before, and the link is closed.
    /// </summary>
    /// <param name="Code">What the error reply says.</param>
    /// <param name="Message">A text for a person.</param>
    /// <param name="Reason">How the link is closed.</param>
    public sealed record Malformed(ErrorCode Code, string Message, CloseReason Reason) : ClientRequest((string?)null);
}

/// <summary>The error codes of the protocol that this server uses; the numbers are part of the wire.</summary>
public enum ErrorCode
{
    /// <summary>The server failed; nothing is known of the request.</summary>
    RuntimeException = 0,

    /// <summary>The message is not one that this server answers.</summary>
    UnrecognizedPayload = 1,

    /// <summary>The envelope holds no message.</summary>
    MissingPayload = 2,

    /// <summary>The message breaks a rule; nothing of it has been applied.</summary>
    BadInput = 3,
}
