using Microsoft.Net.Http.Headers;
using Presence.Actors.Connections;
using Presence.Actors.Telemetry;

namespace Presence.Host.Links.Upgrade;

/// <summary>What becomes of a request for <c>/ws</c>.</summary>
internal abstract record UpgradeOutcome
{
    private UpgradeOutcome()
    {
    }

    /// <summary>It is answered by 101.</summary>
    /// <param name="Format">The format of every message.</param>
    /// <param name="Accept">What the answer says in <c>Sec-WebSocket-Accept</c>.</param>
    /// <param name="SubProtocol">The sub-protocol that is selected; null selects none.</param>
    public abstract record Upgraded(WireFormat Format, string Accept, string? SubProtocol) : UpgradeOutcome;

    /// <summary>It becomes a link.</summary>
    /// <param name="Identity">Who the client is.</param>
    /// <param name="Format">The format of every message.</param>
    /// <param name="AppearsOnline">Whether the link begins with the empty status (contract S1).</param>
    /// <param name="Accept">What the answer says in <c>Sec-WebSocket-Accept</c>.</param>
    /// <param name="SubProtocol">The sub-protocol that is selected; null selects none.</param>
    public sealed record Accepted(
        Identity Identity, WireFormat Format, bool AppearsOnline, string Accept, string? SubProtocol) : Upgraded(Format, Accept, SubProtocol)
    {
        /// <summary>How long an answer may be at most, as the client asks; null: it does not ask.</summary>
        public int? ReplyBytes { get; init; }

        /// <summary>With what the link is closed if other links of the user have taken its place since it was accepted.</summary>
        public CloseReason TooMany { get; init; } = CloseReason.TooMany;
    }

    /// <summary>
    /// It is refused by a close frame behind the 101, because the client asks for that: a browser shows no status of a refused upgrade to
    /// its page. There is no connection, no session and no user behind such a link.
    /// </summary>
    /// <param name="Format">The format of messages; there are none.</param>
    /// <param name="Accept">What the answer says in <c>Sec-WebSocket-Accept</c>.</param>
    /// <param name="SubProtocol">The sub-protocol that is selected; null selects none.</param>
    /// <param name="Reason">What the close frame says.</param>
    public sealed record Closed(WireFormat Format, string Accept, string? SubProtocol, CloseReason Reason) : Upgraded(Format, Accept, SubProtocol)
    {
        /// <summary>The limit that refuses it; null if none does. Counted when the link is made.</summary>
        public Limit? Limit { get; init; }
    }

    /// <summary>It is answered by one line of plain text.</summary>
    /// <param name="Status">The status code.</param>
    /// <param name="Text">The line.</param>
    /// <param name="Header">A header that tells what would do, or when; null if there is nothing to tell.</param>
    public sealed record Refused(int Status, string Text, (string Name, string Value)? Header = null) : UpgradeOutcome
    {
        /// <summary>
        /// The limit that refuses it; null if none does. Counted by the one who answers: a loop asks first, and leaves the answer to
        /// the HTTP server, which asks again.
        /// </summary>
        public Limit? Limit { get; init; }

        /// <summary>
        /// The same refusal as a close frame says it; null if it is not one that a client can do something about. The code is the status
        /// and 4000, and the text says when to try again, if the header does.
        /// </summary>
        public CloseReason? ToCloseReason()
        {
            if (Status is not (StatusCodes.Status401Unauthorized or StatusCodes.Status429TooManyRequests or StatusCodes.Status503ServiceUnavailable))
                return null;
            var text = Header is { Name: var name, Value: var wait } && name == HeaderNames.RetryAfter ? $"{Text}; try again in {wait} s" : Text;
            return new CloseReason((ushort)(4000 + Status), text);
        }
    }
}
