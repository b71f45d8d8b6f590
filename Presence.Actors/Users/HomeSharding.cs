using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Akka.Actor;
using Akka.Cluster.Sharding;
using Presence.Actors.Messages;
using Presence.Actors.Model;

namespace Presence.Actors.Users;

/// <summary>
/// Where the home of a subject lives. A user has an entity of its own; usernames share a fixed number of entities, since
/// every connected user has one and few are followed by it.
/// </summary>
/// <remarks>
/// Both numbers are part of what nodes agree on: changing either in a running cluster would give a subject two homes.
/// </remarks>
public sealed class HomeSharding : IMessageExtractor
{
    /// <summary>About ten shards per node of the largest cluster in mind; more would only make hand-overs longer.</summary>
    public const int Shards = 256;

    /// <summary>The number of entities that all usernames share.</summary>
    public const int UsernameDirectories = 1024;

    private const string DirectoryPrefix = "names-";

    /// <summary>The only instance: it holds nothing.</summary>
    public static readonly HomeSharding Instance = new();

    private HomeSharding()
    {
    }

    /// <summary>The shard of a subject, from 0 to <see cref="Shards"/> - 1.</summary>
    public static int ShardOf(Subject subject) =>
        subject.Name is { } name ? (int)(DirectoryOf(name) % Shards) : ShardOf(subject.User);

    /// <summary>All homes that are on this node now: a shard is the child of the region, and a home that of its shard.</summary>
    /// <param name="region">The shard region.</param>
    public static IEnumerable<IActorRef> HomesOf(IActorRef region) => ChildrenOf(region).SelectMany(ChildrenOf);

    /// <summary>The shard of a subject, if it is on this node now; else null. From any thread.</summary>
    /// <param name="region">The shard region.</param>
    /// <param name="subject">The subject.</param>
    public static IActorRef? ShardOn(IActorRef region, Subject subject) => ChildOf(region, Text(ShardOf(subject)));

    /// <summary>The entity of a subject, if it is there now; else null. Creates none. From any thread.</summary>
    /// <param name="shard">The shard of the subject.</param>
    /// <param name="subject">The subject.</param>
    public static IActorRef? EntityIn(IActorRef shard, Subject subject) => ChildOf(shard, EntityOf(subject));

    /// <summary>The entity of a subject.</summary>
    public static string EntityOf(Subject subject) => subject.Name is { } name
        ? string.Create(CultureInfo.InvariantCulture, $"{DirectoryPrefix}{DirectoryOf(name)}")
        : subject.User.ToString();

    /// <summary>Whether an entity is one of those that usernames share.</summary>
    public static bool IsDirectory(string entityId) => entityId.StartsWith(DirectoryPrefix, StringComparison.Ordinal);

    /// <inheritdoc/>
    public string? EntityId(object message) => message is IHomeMessage home ? EntityOf(home.Subject) : null;

    /// <inheritdoc/>
    public object? EntityMessage(object message) => message;

    /// <inheritdoc/>
    [Obsolete("Superseded in Akka.NET by the overload that takes the entity's id.")]
    public string? ShardId(object message) => message is IHomeMessage home ? Text(ShardOf(home.Subject)) : null;

    /// <inheritdoc/>
    public string ShardId(string entityId, object? messageHint = null)
    {
        if (messageHint is IHomeMessage home)
            return Text(ShardOf(home.Subject));
        if (IsDirectory(entityId))
            return Text(int.Parse(entityId.AsSpan(DirectoryPrefix.Length), CultureInfo.InvariantCulture) % Shards);
        return Text(ShardOf(new UserId(Guid.Parse(entityId))));
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    private static int ShardOf(UserId user)
    {
        // Fibonacci hashing: also ids that count upwards, as tests and migrations make them, spread evenly.
        Span<Guid> one = [user.Value];
        var words = MemoryMarshal.Cast<Guid, uint>(one);
        return (int)(((words[0] ^ words[1] ^ words[2] ^ words[3]) * 2654435769u) >> 24);
    }

    // FNV-1a: string.GetHashCode differs from process to process.
    private static uint DirectoryOf(string name)
    {
        var hash = 2166136261u;
        foreach (var b in Encoding.UTF8.GetBytes(name))
            hash = (hash ^ b) * 16777619u;
        return (hash ^ (hash >> 16)) % UsernameDirectories;
    }

    // Akka names a shard and an entity by their ids, which have no characters that are escaped.
    private static IActorRef? ChildOf(IActorRef actor, string name) =>
        actor is ActorRefWithCell parent && parent.GetSingleChild(name) is var child && !child.IsNobody() ? child : null;

    private static IEnumerable<IActorRef> ChildrenOf(IActorRef actor) => actor is ActorRefWithCell { Children: var children } ? children : [];
}
