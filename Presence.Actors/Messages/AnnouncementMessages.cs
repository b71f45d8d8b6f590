using System.Collections.Immutable;
using Presence.Actors.Model;

namespace Presence.Actors.Messages;

/// <summary>
/// Node to node: rare facts that every node must know (contract A1, C3, K1). Answered with <see cref="AnnouncementAccepted"/>, and
/// repeated until it is. Each fact may be told any number of times and late, so nothing depends on the order.
/// </summary>
/// <param name="Node">The cluster's unique id of the node that tells; the sender is its actor.</param>
/// <param name="Number">Counts the announcements of a node, from 1. A repetition has the same number.</param>
/// <param name="Revoked">Tokens that are not valid any more.</param>
/// <param name="Opened">Connections that were open when this was sent.</param>
/// <param name="IsAll">Whether the other node has been told everything with this.</param>
public sealed record Announcement(
    int Node, long Number, ImmutableArray<TokensRevoked> Revoked, ImmutableArray<SessionOpened> Opened, bool IsAll) : IClusterMessage;

/// <summary>Answers an <see cref="Announcement"/>: what it says is in force on the node that answers.</summary>
/// <param name="Node">The cluster's unique id of the node that answers.</param>
/// <param name="Number">The number of the announcement.</param>
public sealed record AnnouncementAccepted(int Node, long Number) : IClusterMessage;

/// <summary>Tokens of a user are not valid any more, though they have not expired.</summary>
/// <param name="User">The user.</param>
/// <param name="TokenId">The login whose tokens are revoked; null: all that were issued up to <paramref name="IssuedUpTo"/>.</param>
/// <param name="IssuedUpTo">The last instant of issue that is revoked; without meaning if a login is named.</param>
/// <param name="ExpiresAt">From then on all of them have expired, and this may be forgotten.</param>
public sealed record TokensRevoked(UserId User, string? TokenId, DateTimeOffset IssuedUpTo, DateTimeOffset ExpiresAt)
{
    /// <summary>This and what somebody else says of the same tokens, as one.</summary>
    public TokensRevoked With(TokensRevoked other) => this with
    {
        IssuedUpTo = IssuedUpTo > other.IssuedUpTo ? IssuedUpTo : other.IssuedUpTo,
        ExpiresAt = ExpiresAt > other.ExpiresAt ? ExpiresAt : other.ExpiresAt,
    };
}

/// <summary>A connection of a user is open, and replaces the older ones (contract C3).</summary>
/// <param name="User">The user.</param>
/// <param name="Session">The connection's name; which of two is the older one can be told by their names.</param>
public sealed record SessionOpened(UserId User, SessionId Session);
