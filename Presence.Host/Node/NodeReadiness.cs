using Akka.Actor;
using Akka.Cluster;
using Microsoft.Extensions.Options;
using Presence.Actors.Hosting;
using Presence.Host.Configuration;
using ClusterSettings = Presence.Host.Configuration.ClusterSettings;

namespace Presence.Host.Node;

/// <summary>
/// Holds the start of the host until the node can serve, so that no client is let in only to wait, and until its cluster has
/// enough members to be the one that there is. A node that has not come so far in time gives up: a seed that found nobody has
/// founded a cluster of its own, and would stay in it when the others are there again. Started anew, it joins theirs
/// (contract K4).
/// </summary>
/// <remarks>
/// The members are counted here, and not by <c>akka.cluster.min-nr-of-members</c>. With that, several nodes are let in while none
/// is up, each of them may take itself for the leader, and they come to disagree about which is the oldest. The oldest has the
/// coordinator of the shards; handed over to a node that should not have had it, it does not come back after that node's crash.
/// </remarks>
internal sealed partial class NodeReadiness(
    PresenceNode node, ActorSystem system, NodeLife life, IOptions<PresenceOptions> options, TimeProvider clock, ILogger<NodeReadiness> log)
    : IHostedService
{
    // How often an operator who watches is told what the node waits for.
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(10);

    // How often the members are counted.
    private static readonly TimeSpan Glance = TimeSpan.FromMilliseconds(200);

    private readonly ClusterSettings _settings = options.Value.Cluster;

    private bool CanServe => node.Ready.IsCompletedSuccessfully && UpMembers >= _settings.Minimum;

    private int UpMembers => Cluster.Get(system).State.Members.Count(member => member.Status == MemberStatus.Up);

    /// <inheritdoc/>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        var begin = clock.GetTimestamp();
        var told = begin;
        while (!CanServe)
        {
            if (clock.GetElapsedTime(begin) >= _settings.JoinTimeout)
                throw new JoinException($"this node could not join its cluster within {_settings.JoinTimeout}. {Awaited()}");
            var glance = Task.Delay(Glance, clock, cancellationToken);
            // A node that stands alone serves from the moment in which it is ready.
            await (node.Ready.IsCompleted ? glance : Task.WhenAny(node.Ready, glance)).ConfigureAwait(false);
            cancellationToken.ThrowIfCancellationRequested();
            if (clock.GetElapsedTime(told) < Period)
                continue;
            told = clock.GetTimestamp();
            var awaited = Awaited();
            Waits(awaited);
        }

        life.TryEnter(NodePhase.Serving);
    }

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>What the node lacks, as far as it can tell.</summary>
    private string Awaited()
    {
        var members = Cluster.Get(system).State.Members;
        if (members.IsEmpty)
            return $"No seed has let it in: {string.Join(", ", _settings.Seeds)}.";
        var known = string.Join(", ", members.Select(member => $"{member.Address.Host}:{member.Address.Port} {member.Status}"));
        return UpMembers < _settings.Minimum
            ? $"Of the members {UpMembers} are up and {_settings.Minimum} are needed: {known}."
            : $"The members do not agree yet: {known}.";
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "The node waits to be a member of its cluster. {Awaited}")]
    private partial void Waits(string awaited);
}
