using Akka.Actor;
using Akka.Cluster;
using Akka.Event;
using Akka.Streams;
using Presence.Actors.Messages;
using Presence.Actors.Relays;

namespace Presence.Actors.Delivery;

/// <summary>
/// Keeps a <see cref="PeerPipeline"/> to each other node of the cluster, from when the node joins to when it is removed.
/// </summary>
public sealed class PeerPool : UntypedActor
{
    private readonly PeerTable _table;
    private readonly PeerSettings _settings;
    private readonly HashSet<int> _peers = [];
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly IMaterializer _materializer = Context.Materializer();

    /// <summary>For <see cref="Props"/>.</summary>
    public PeerPool(PeerTable table, PeerSettings settings)
    {
        _table = table;
        _settings = settings;
    }

    /// <summary>How to make the pool.</summary>
    /// <param name="table">Where the node's homes find the pipelines.</param>
    /// <param name="settings">The sizes and times of the pipelines.</param>
    public static Props Props(PeerTable table, PeerSettings settings) =>
        Akka.Actor.Props.Create(() => new PeerPool(table, settings));

    /// <inheritdoc/>
    protected override void PreStart() => Cluster.Get(Context.System).Subscribe(
        Self, ClusterEvent.SubscriptionInitialStateMode.InitialStateAsEvents, typeof(ClusterEvent.IMemberEvent));

    /// <inheritdoc/>
    protected override void PostStop()
    {
        Cluster.Get(Context.System).Unsubscribe(Self);
        foreach (var peer in _peers)
            _table.Remove(peer);
    }

    /// <inheritdoc/>
    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case ClusterEvent.MemberRemoved { Member.UniqueAddress.Uid: var gone }:
                _peers.Remove(gone);
                _table.Remove(gone);
                break;
            case ClusterEvent.IMemberEvent { Member.UniqueAddress: var node } when node != Cluster.Get(Context.System).SelfUniqueAddress:
                if (_peers.Add(node.Uid))
                    _table.Add(node.Uid, Open(node.Address));
                break;
            case ClusterEvent.IMemberEvent:
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    private PeerPipeline Open(Address node)
    {
        var relays = Context.ActorSelection(new RootActorPath(node) / "user" / RelayPool.Name);
        return PeerPipeline.Open(
            _materializer, batch => relays.Ask<PeerBatchAccepted>(batch, _settings.AnswerWithin), _settings, _log);
    }
}
