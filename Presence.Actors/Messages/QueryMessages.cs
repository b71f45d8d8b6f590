using System.Collections.Immutable;
using Presence.Actors.Model;

namespace Presence.Actors.Messages;

/// <summary>
/// Anybody to the <see cref="Users.PresenceQueries"/> of a node: what do these subjects show, as far as their entities are on that node?
/// Answered with <see cref="PresenceQueryAnswer"/>.
/// </summary>
/// <param name="Number">The asker's number for the query, from 1; repeated in the answer.</param>
/// <param name="Subjects">Users and usernames, each once; at least one.</param>
public sealed record PresenceQuery(long Number, ImmutableArray<Subject> Subjects) : IClusterMessage;

/// <summary>The answer of a node to a query.</summary>
/// <param name="Number">The number of the query.</param>
/// <param name="Shards">
/// The shards of the subjects that are on this node, by their numbers. A subject of one of them that is not in <paramref name="Found"/> shows
/// nothing. Of other subjects the node knows nothing.
/// </param>
/// <param name="Found">The subjects that show something.</param>
public sealed record PresenceQueryAnswer(long Number, ImmutableArray<int> Shards, ImmutableArray<PresenceFound> Found) : IClusterMessage;

/// <summary>A subject that shows something. Without the statuses: they may have megabytes, and who asks does not need them.</summary>
/// <param name="At">The place of the subject in the query.</param>
/// <param name="Username">Of a user: a username of one of the sessions with a status. Of a username: empty.</param>
/// <param name="Users">Of a username: the users who have a connection with it, at most <see cref="MaxUsers"/>. Of a user: empty.</param>
public sealed record PresenceFound(int At, string Username, ImmutableArray<UserId> Users)
{
    /// <summary>How many users are told of one username.</summary>
    public const int MaxUsers = 100;

    /// <summary>What an entity has answered; null if its subject shows nothing.</summary>
    /// <param name="at">The place of the subject in the query.</param>
    /// <param name="answer">The answer of the entity.</param>
    public static PresenceFound? Of(int at, BookAnswer answer)
    {
        if (answer.Sessions.IsEmpty)
            return null;
        return answer.Subject.Name is null
            ? new PresenceFound(at, answer.Sessions[0].Username, [])
            : new PresenceFound(at, "", [.. answer.Sessions.Select(s => s.Holder).Distinct().Take(MaxUsers)]);
    }
}
