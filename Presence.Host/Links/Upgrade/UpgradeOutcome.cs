using Presence.Actors.Connections;
using Presence.Actors.Telemetry;

namespace Presence.Host.Links.Upgrade;

/// <summary>What becomes of a request for <c>/ws</c>.</summary>
internal abstract record UpgradeOutcome
{
    private UpgradeOutcome()
    {
    }

    /// <summary>It becomes a link.</summary>
    /// <param name="Identity">Who the client is.</param>
    /// <param name="Format">The format of every message.</param>
    /// <param name="AppearsOnline">Whether the link begins with the empty status (contract S1).</param>
    /// <param name="Accept">What the answer says in <c>Sec-WebSocket-Accept</c>.</param>
    /// <param name="SubProtocol">The sub-protocol that is selected; null selects none.</param>
    public sealed record Accepted(
        Identity Identity, WireFormat Format, bool AppearsOnline, string Accept, string? SubProtocol) : UpgradeOutcome
    {
        /// <summary>How long an answer may be at most, as the client asks; null: it does not ask.</summary>
        public int? ReplyBytes { get; init; }
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
    }
}
