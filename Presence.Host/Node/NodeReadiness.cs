using Akka.Actor;
using Microsoft.Extensions.Options;
using Presence.Actors.Hosting;
using Presence.Host.Configuration;

namespace Presence.Host.Node;

/// <summary>
/// Holds the start of the host until the node can serve, so that no client is let in only to wait. A node that cannot join in
/// time gives up: a seed that found nobody has founded a cluster of its own, and would stay in it when the others are there
/// again. Started anew, it joins theirs (contract K4).
/// </summary>
internal sealed partial class NodeReadiness(
    PresenceNode node, ActorSystem system, NodeLife life, IOptions<PresenceOptions> options, TimeProvider clock, ILogger<NodeReadiness> log)
    : IHostedService
{
    // How often an operator who watches is told what the node waits for.
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(10);

    private readonly ClusterSettings _settings = options.Value.Cluster;

    /// <inheritdoc/>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        var begin = clock.GetTimestamp();
        while (!node.Ready.IsCompletedSuccessfully)
        {
            var left = _settings.JoinTimeout - clock.GetElapsedTime(begin);
            if (left <= TimeSpan.Zero)
                throw new JoinException($"this node could not join its cluster within {_settings.JoinTimeout}. {Awaited()}");
            await Task.WhenAny(node.Ready, Task.Delay(left < Period ? left : Period, clock, cancellationToken)).ConfigureAwait(false);
            cancellationToken.ThrowIfCancellationRequested();
            var awaited = Awaited();
            if (!node.Ready.IsCompleted)
                Waits(awaited);
        }

        life.TryEnter(NodePhase.Serving);
    }

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>What the node lacks, as far as it can tell.</summary>
    private string Awaited()
    {
        var members = Akka.Cluster.Cluster.Get(system).State.Members;
        if (members.IsEmpty)
            return $"No seed has let it in: {string.Join(", ", _settings.Seeds)}.";
        var known = string.Join(", ", members.Select(member => $"{member.Address.Host}:{member.Address.Port} {member.Status}"));
        return members.Count < _settings.Minimum
            ? $"It knows of {members.Count} members and needs {_settings.Minimum}: {known}."
            : $"The members do not agree yet: {known}.";
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "The node waits to be a member of its cluster. {Awaited}")]
    private partial void Waits(string awaited);
}
