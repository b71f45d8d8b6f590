using Akka.Actor;
using Akka.Cluster;

namespace Presence.Host.Node;

/// <summary>
/// Logs what an operator wants to know of the cluster: which nodes are up, which cannot be reached, and which are gone. Akka's own lines
/// on that are many, and off by default.
/// </summary>
internal sealed partial class MembershipLog : UntypedActor
{
    private readonly ILogger<MembershipLog> _log;
    private readonly Cluster _cluster = Cluster.Get(Context.System);

    /// <param name="log">Where to.</param>
    public MembershipLog(ILogger<MembershipLog> log) => _log = log;

    /// <inheritdoc/>
    protected override void PreStart() => _cluster.Subscribe(
        Self,
        ClusterEvent.SubscriptionInitialStateMode.InitialStateAsEvents,
        typeof(ClusterEvent.MemberUp),
        typeof(ClusterEvent.MemberRemoved),
        typeof(ClusterEvent.UnreachableMember),
        typeof(ClusterEvent.ReachableMember));

    /// <inheritdoc/>
    protected override void PostStop() => _cluster.Unsubscribe(Self);

    /// <inheritdoc/>
    protected override void OnReceive(object message)
    {
        var member = message is ClusterEvent.IMemberEvent change ? change.Member : (message as ClusterEvent.ReachabilityEvent)?.Member;
        if (member is null)
        {
            Unhandled(message);
            return;
        }

        var name = Name(member);
        switch (message)
        {
            case ClusterEvent.MemberUp:
                Up(name);
                break;
            case ClusterEvent.UnreachableMember:
                Unreachable(name);
                break;
            case ClusterEvent.ReachableMember:
                Reachable(name);
                break;
            case ClusterEvent.MemberRemoved { PreviousStatus: MemberStatus.Down }:
                Removed(name);
                break;
            case ClusterEvent.MemberRemoved:
                Left(name);
                break;
        }
    }

    private string Name(Member member)
    {
        var name = $"{member.Address.Host}:{member.Address.Port}";
        return member.UniqueAddress.Equals(_cluster.SelfUniqueAddress) ? $"{name} (this one)" : name;
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Node {Node} is up.")]
    private partial void Up(string node);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Node {Node} cannot be reached.")]
    private partial void Unreachable(string node);

    [LoggerMessage(Level = LogLevel.Information, Message = "Node {Node} can be reached again.")]
    private partial void Reachable(string node);

    [LoggerMessage(Level = LogLevel.Information, Message = "Node {Node} has left the cluster.")]
    private partial void Left(string node);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Node {Node} was removed from the cluster.")]
    private partial void Removed(string node);
}
