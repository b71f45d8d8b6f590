using System.Collections.Immutable;
using Presence.Actors.Messages;
using Presence.Actors.Model;

namespace Presence.Actors.Users;

/// <summary>What the nodes have answered to a query about some subjects, put together. Immutable.</summary>
public sealed record QueryFindings
{
    private QueryFindings(ImmutableDictionary<Subject, PresenceFound> found, ImmutableArray<Subject> missing) => (Found, Missing) = (found, missing);

    /// <summary>The subjects that show something.</summary>
    public ImmutableDictionary<Subject, PresenceFound> Found { get; private init; }

    /// <summary>The subjects that no node has answered for.</summary>
    public ImmutableArray<Subject> Missing { get; private init; }

    /// <summary>Nothing is known of any of them.</summary>
    /// <param name="subjects">The subjects that are asked about, each once.</param>
    public static QueryFindings Of(ImmutableArray<Subject> subjects) => new(ImmutableDictionary<Subject, PresenceFound>.Empty, subjects);

    /// <summary>
    /// With what a node has answered. While a shard moves, two nodes may answer for it, the one from before and the one from after: who is found
    /// by either is found.
    /// </summary>
    /// <param name="query">What it was asked.</param>
    /// <param name="answer">Its answer.</param>
    public QueryFindings With(PresenceQuery query, PresenceQueryAnswer answer)
    {
        var shards = answer.Shards.ToHashSet();
        var found = Found.ToBuilder();
        foreach (var one in answer.Found.Where(one => one.At >= 0 && one.At < query.Subjects.Length))
            Add(found, query.Subjects[one.At], one);
        return new(found.ToImmutable(), [.. Missing.Where(subject => !shards.Contains(HomeSharding.ShardOf(subject)))]);
    }

    /// <summary>With what one entity has answered.</summary>
    public QueryFindings With(BookAnswer answer)
    {
        var found = Found.ToBuilder();
        if (PresenceFound.Of(0, answer) is { } one)
            Add(found, answer.Subject, one);
        return new(found.ToImmutable(), Missing.Remove(answer.Subject));
    }

    private static void Add(ImmutableDictionary<Subject, PresenceFound>.Builder found, Subject subject, PresenceFound one) =>
        found[subject] = found.TryGetValue(subject, out var before)
            ? before with { Users = [.. before.Users.Union(one.Users).Take(PresenceFound.MaxUsers)] }
            : one;
}
