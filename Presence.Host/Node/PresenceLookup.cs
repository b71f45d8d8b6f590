using System.Collections.Immutable;
using Akka.Actor;
using Akka.Cluster;
using Akka.Hosting;
using Presence.Actors.Messages;
using Presence.Actors.Model;
using Presence.Actors.Users;
using Presence.Host.Http;

namespace Presence.Host.Node;

/// <summary>
/// Asks the entities, wherever they live, in three steps: one message to this node; one to each other node about the subjects that are not
/// here; and, for those that no node has answered for since their shard moves or is not there yet, one to each entity through the shard region.
/// </summary>
/// <remarks>A node of an earlier release does not understand the second step; its entities are asked by the third.</remarks>
internal sealed class PresenceLookup(ActorSystem system, IRequiredActor<UserPresence> region) : IPresenceLookup
{
    /// <summary>How many users one message to a node names.</summary>
    public const int UsersPerMessage = 256;

    /// <summary>How many usernames one message to a node names: the answer about each may name a hundred users.</summary>
    public const int NamesPerMessage = 16;

    // How many entities one request asks at one time.
    private const int EntitiesAtOnce = 32;

    private static readonly TimeSpan NodePatience = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan EntityPatience = TimeSpan.FromSeconds(3);

    private long _queries;

    /// <inheritdoc/>
    public async Task<ImmutableDictionary<UserId, string>> ShownAsync(ImmutableArray<UserId> users, CancellationToken ct)
    {
        var found = await FindAsync([.. users.Distinct().Select(Subject.OfUser)], UsersPerMessage, ct).ConfigureAwait(false);
        return found.ToImmutableDictionary(each => each.Key.User, each => each.Value.Username);
    }

    /// <inheritdoc/>
    public async Task<ImmutableDictionary<string, ImmutableArray<UserId>>> UsersOfNamesAsync(ImmutableArray<string> usernames, CancellationToken ct)
    {
        var found = await FindAsync([.. usernames.Distinct(StringComparer.Ordinal).Select(Subject.OfName)], NamesPerMessage, ct).ConfigureAwait(false);
        return found.ToImmutableDictionary(each => each.Key.Name!, each => each.Value.Users, StringComparer.Ordinal);
    }

    private async Task<IEnumerable<KeyValuePair<Subject, PresenceFound>>> FindAsync(ImmutableArray<Subject> subjects, int perMessage, CancellationToken ct)
    {
        var found = new List<KeyValuePair<Subject, PresenceFound>>();
        // One after the other: a request has at most one message under way to each node.
        foreach (var some in subjects.Chunk(perMessage))
            found.AddRange(await FindAsync([.. some], ct).ConfigureAwait(false));
        return found;
    }

    private async Task<ImmutableDictionary<Subject, PresenceFound>> FindAsync(ImmutableArray<Subject> subjects, CancellationToken ct)
    {
        var self = Cluster.Get(system).SelfAddress;
        var findings = await AskNodesAsync(QueryFindings.Of(subjects), [self], ct).ConfigureAwait(false);
        if (!findings.Missing.IsEmpty)
            findings = await AskNodesAsync(findings, OtherNodes(self), ct).ConfigureAwait(false);
        foreach (var some in findings.Missing.Chunk(EntitiesAtOnce))
        {
            foreach (var answer in await Task.WhenAll(some.Select(subject => AskEntityAsync(subject, ct))).ConfigureAwait(false))
                findings = findings.With(answer);
        }

        return findings.Found;
    }

    private ImmutableArray<Address> OtherNodes(Address self)
    {
        var state = Cluster.Get(system).State;
        return
        [
            .. state.Members
                .Where(member => member.Status is MemberStatus.Up or MemberStatus.Leaving && !state.Unreachable.Contains(member))
                .Select(member => member.Address)
                .Where(address => address != self),
        ];
    }

    private async Task<QueryFindings> AskNodesAsync(QueryFindings findings, ImmutableArray<Address> nodes, CancellationToken ct)
    {
        var query = new PresenceQuery(Interlocked.Increment(ref _queries), findings.Missing);
        var answers = await Task.WhenAll(nodes.Select(node => AskNodeAsync(node, query, ct))).ConfigureAwait(false);
        foreach (var answer in answers.OfType<PresenceQueryAnswer>())
            findings = findings.With(query, answer);
        return findings;
    }

    /// <summary>Null if the node does not answer in time.</summary>
    private async Task<PresenceQueryAnswer?> AskNodeAsync(Address node, PresenceQuery query, CancellationToken ct)
    {
        try
        {
            return await system.ActorSelection(new RootActorPath(node) / "user" / PresenceQueries.Name)
                .Ask<PresenceQueryAnswer>(query, NodePatience, ct).ConfigureAwait(false);
        }
        catch (AskTimeoutException)
        {
            return null;
        }
    }

    private async Task<BookAnswer> AskEntityAsync(Subject subject, CancellationToken ct)
    {
        try
        {
            return await region.ActorRef.Ask<BookAnswer>(new BookQuery(subject), EntityPatience, ct).ConfigureAwait(false);
        }
        catch (AskTimeoutException late)
        {
            throw new TimeoutException("An entity has not answered in time.", late);
        }
    }
}
