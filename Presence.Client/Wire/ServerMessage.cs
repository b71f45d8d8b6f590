namespace Presence.Client.Wire;

/// <summary>What a server tells a client (protocol section B).</summary>
/// <param name="Cid">The request that this answers; null for what nobody asked for.</param>
internal abstract record ServerMessage(string? Cid)
{
    /// <summary>A request has been carried out.</summary>
    public sealed record Acknowledged(string? Cid) : ServerMessage(Cid);

    public sealed record Pong(string? Cid) : ServerMessage(Cid);

    /// <summary>The server asks for a sign of life, on a link without control frames.</summary>
    public sealed record Ping() : ServerMessage((string?)null);

    /// <summary>The answer to a follow: every visible presence of the users who were named.</summary>
    public sealed record Snapshot(string? Cid, IReadOnlyList<UserPresence> Presences) : ServerMessage(Cid);

    /// <summary>Statuses have changed.</summary>
    public sealed record StatusEvent(IReadOnlyList<UserPresence> Joins, IReadOnlyList<UserPresence> Leaves) : ServerMessage((string?)null);

    /// <summary>The link goes on by another token, which expires then.</summary>
    public sealed record SessionRefreshed(string? Cid, DateTimeOffset ExpiresAt) : ServerMessage(Cid);

    public sealed record Failed(string? Cid, int Code, string Message) : ServerMessage(Cid);

    /// <summary>A word about this connection, such as that its token is about to expire.</summary>
    public sealed record Notice(string Subject, int Code) : ServerMessage((string?)null);

    /// <summary>A message of the protocol that has nothing to do with presence.</summary>
    public sealed record Other(string? Cid) : ServerMessage(Cid);
}
