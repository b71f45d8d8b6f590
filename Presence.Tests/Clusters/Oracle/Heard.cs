using System.Collections.Immutable;
using Presence.Actors.Model;
using Presence.Tests.Semantics.Clients;

namespace Presence.Tests.Clusters.Oracle;

/// <summary>What a follower was told, in the order of its link.</summary>
/// <param name="At">When it was read.</param>
public abstract record Heard(TimeSpan At)
{
    /// <summary>The answer to a follow.</summary>
    /// <param name="At">When it was read.</param>
    /// <param name="Asked">When the request began to be sent.</param>
    /// <param name="Ids">The users who were named by id.</param>
    /// <param name="Holders">The users whose names were named.</param>
    /// <param name="Presences">What the answer shows.</param>
    public sealed record Answer(
        TimeSpan At, TimeSpan Asked, ImmutableArray<UserId> Ids, ImmutableArray<UserId> Holders, IReadOnlyList<Shown> Presences) : Heard(At)
    {
        public bool Names(UserId user) => Ids.Contains(user) || Holders.Contains(user);

        public override string ToString() => $"answer of {Ids.Length} ids and {Holders.Length} names: [{string.Join(", ", Presences)}]";
    }

    /// <summary>The reply to an unfollow.</summary>
    public sealed record Unfollowed(TimeSpan At, TimeSpan Asked, ImmutableArray<UserId> Users) : Heard(At)
    {
        public override string ToString() => $"unfollowed {Users.Length}";
    }

    public sealed record Event(TimeSpan At, IReadOnlyList<Shown> Joins, IReadOnlyList<Shown> Leaves) : Heard(At)
    {
        public override string ToString() => $"event +[{string.Join(", ", Joins)}] -[{string.Join(", ", Leaves)}]";
    }

    /// <summary>An error, though no request was wrong.</summary>
    public sealed record Refused(TimeSpan At, TimeSpan Asked, string Why) : Heard(At)
    {
        public override string ToString() => $"refused: {Why}";
    }
}
