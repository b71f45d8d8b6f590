using Akka;
using Akka.Actor;
using Akka.Cluster;
using Presence.Host.Links;

namespace Presence.Host.Node;

/// <summary>
/// The end of a node that its cluster has removed: downed in a partition, quarantined, or frozen for too long (contract K4). The
/// others have taken over what it had, so it must not serve a moment longer: its clients are sent elsewhere at once, without any
/// drain, and the process ends with <see cref="ExitCode"/>, so that a supervisor starts a new one. A node cannot come back as
/// itself.
/// </summary>
internal sealed partial class NodeRemoval(
    NodeLife life, LinkAdmission admission, LinkSet links, IHostApplicationLifetime lifetime, ILogger<NodeRemoval> log)
{
    /// <summary>The exit code of a process that should be started again; EX_TEMPFAIL of sysexits.h.</summary>
    public const int ExitCode = 75;

    /// <summary>What an operator is told.</summary>
    public const string Line = "The cluster has removed this node, so the process ends. A supervisor should start it again; it then joins as a new node.";

    /// <summary>Notices the removal, at the first sign there is.</summary>
    public void WatchFor(ActorSystem system)
    {
        system.ActorOf(Props.Create(() => new Watch(this)), "removal");
        // Whatever else may end the node from within: the first phase of the shutdown that it begins with.
        CoordinatedShutdown.Get(system).AddTask(CoordinatedShutdown.PhaseBeforeServiceUnbind, "links", () =>
        {
            Happened();
            return Task.FromResult(Done.Instance);
        });
        system.RegisterOnTermination(Happened);
    }

    /// <summary>
    /// The node is no member any more. Once this returns no client is told anything, so no update is acknowledged by a node
    /// that knows of its removal. After a planned stop it finds nothing left to do.
    /// </summary>
    private void Happened()
    {
        admission.Close();
        links.CloseAll();
        if (!life.TryEnter(NodePhase.Removed))
            return;
        Removed();
        lifetime.StopApplication();
    }

    [LoggerMessage(Level = LogLevel.Critical, Message = Line)]
    private partial void Removed();

    /// <summary>Hears what the cluster says of this node; that is earlier than the node begins to shut down.</summary>
    private sealed class Watch(NodeRemoval removal) : UntypedActor
    {
        private readonly Cluster _cluster = Cluster.Get(Context.System);

        protected override void PreStart() => _cluster.Subscribe(
            Self, ClusterEvent.SubscriptionInitialStateMode.InitialStateAsEvents, typeof(ClusterEvent.MemberDowned), typeof(ClusterEvent.MemberRemoved));

        protected override void PostStop() => _cluster.Unsubscribe(Self);

        protected override void OnReceive(object message)
        {
            if (message is ClusterEvent.IMemberEvent change && change.Member.UniqueAddress.Equals(_cluster.SelfUniqueAddress))
                removal.Happened();
        }
    }
}
