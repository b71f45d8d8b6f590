using Presence.Actors.Model;

namespace Presence.Tests.Semantics.Clients;

/// <summary>What a client was told, whatever the link and the format.</summary>
public abstract record Told
{
    /// <summary>A request has been carried out.</summary>
    public sealed record Ack(string? Cid) : Told;

    public sealed record Pong(string? Cid) : Told;

    /// <summary>The connection goes on by another token, which expires then (seconds since 1970).</summary>
    public sealed record Refreshed(string? Cid, long ExpiresAt) : Told;

    /// <summary>The answer to a follow.</summary>
    public sealed record Snapshot(string? Cid, IReadOnlyList<Shown> Presences) : Told
    {
        public bool Equals(Snapshot? other) => other is not null && Cid == other.Cid && Presences.SequenceEqual(other.Presences);

        public override int GetHashCode() => HashCode.Combine(Cid, Presences.Count);

        public override string ToString() => $"snapshot {Cid} [{string.Join(", ", Presences)}]";
    }

    public sealed record Event(IReadOnlyList<Shown> Joins, IReadOnlyList<Shown> Leaves) : Told
    {
        public static Event Join(Shown shown) => new([shown], []);

        public static Event Leave(Shown last) => new([], [last]);

        public static Event Update(Shown old, Shown shown) => new([shown], [old]);

        public bool Equals(Event? other) => other is not null && Joins.SequenceEqual(other.Joins) && Leaves.SequenceEqual(other.Leaves);

        public override int GetHashCode() => HashCode.Combine(Joins.Count, Leaves.Count);

        public override string ToString() => $"event +[{string.Join(", ", Joins)}] -[{string.Join(", ", Leaves)}]";
    }

    public sealed record Error(string? Cid, int Code, string Message) : Told;

    /// <summary>A word before a kick.</summary>
    public sealed record Notice(string Subject, int Code) : Told;

    /// <summary>The link has ended; nothing follows. Null: without a close code, as every plain TCP link does.</summary>
    public sealed record Closed(int? Code) : Told;

    /// <summary>The request that this answers; null for what is no reply.</summary>
    public string? ReplyTo => this switch
    {
        Ack ack => ack.Cid,
        Pong pong => pong.Cid,
        Snapshot snapshot => snapshot.Cid,
        Refreshed refreshed => refreshed.Cid,
        Error error => error.Cid,
        _ => null,
    };
}

/// <summary>One presence as a client sees it.</summary>
public sealed record Shown(UserId User, string Session, string Username, string? Status)
{
    public override string ToString() => $"{Username}/{Session[^6..]}:{Status}";
}
