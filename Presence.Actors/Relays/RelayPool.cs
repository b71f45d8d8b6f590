using Akka.Actor;
using Akka.Cluster;
using Akka.Dispatch;
using Akka.Event;
using Akka.Remote;
using Presence.Actors.Messages;
using Presence.Actors.Model;
using Presence.Actors.Telemetry;

namespace Presence.Actors.Relays;

/// <summary>
/// Starts the relays of a node, is the door by which other nodes reach them, and starts a new one where one has failed. A relay that fails is stopped, not restarted: what
/// it had shown to its followers is lost with it, so the connections that depended on it end too, and a new relay begins with
/// new pages.
/// </summary>
public sealed class RelayPool : UntypedActor
{
    /// <summary>The name of this actor under <c>/user</c>; other nodes' homes find the relays of a node by it.</summary>
    public const string Name = "relays";

    private readonly IActorRef _homes;
    private readonly RelayTable _table;
    private readonly RelaySettings _settings;
    private readonly string _dispatcher;
    private readonly Refusals _refusals;
    private readonly RelayId[] _ids;
    private readonly IActorRef[] _relays;

    /// <summary>For <see cref="Props"/>.</summary>
    public RelayPool(IActorRef homes, RelayTable table, RelaySettings settings, Refusals refusals, string dispatcher)
    {
        _homes = homes;
        _table = table;
        _settings = settings;
        _dispatcher = dispatcher;
        _refusals = refusals;
        _ids = new RelayId[settings.Count];
        _relays = new IActorRef[settings.Count];
        for (var i = 0; i < settings.Count; i++)
            Start(i);
        _table.Set(_relays);
    }

    /// <summary>How to make the pool.</summary>
    /// <param name="homes">The shard region.</param>
    /// <param name="table">Where the node's connections find the relays.</param>
    /// <param name="settings">How many relays, and their times.</param>
    /// <param name="refusals">Counts what the limits of the relays delay.</param>
    /// <param name="dispatcher">The dispatcher that the relays run on.</param>
    public static Props Props(
        IActorRef homes, RelayTable table, RelaySettings settings, Refusals refusals, string dispatcher = Dispatchers.DefaultDispatcherId) =>
        Akka.Actor.Props.Create(() => new RelayPool(homes, table, settings, refusals, dispatcher));

    /// <inheritdoc/>
    protected override void PreStart()
    {
        Cluster.Get(Context.System).Subscribe(
            Self, ClusterEvent.SubscriptionInitialStateMode.InitialStateAsEvents, typeof(ClusterEvent.ReachableMember));
        Context.System.EventStream.Subscribe(Self, typeof(AssociatedEvent));
    }

    /// <inheritdoc/>
    protected override void PostStop()
    {
        Cluster.Get(Context.System).Unsubscribe(Self);
        Context.System.EventStream.Unsubscribe(Self);
    }

    /// <inheritdoc/>
    protected override SupervisorStrategy SupervisorStrategy() => new OneForOneStrategy(_ => Directive.Stop);

    /// <inheritdoc/>
    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case AskReport ask when ask.Relay.Index >= 0 && ask.Relay.Index < _ids.Length && _ids[ask.Relay.Index] == ask.Relay:
                _relays[ask.Relay.Index].Forward(ask);
                break;
            case AskReport ask when ask.Relay.Node == Cluster.Get(Context.System).SelfUniqueAddress.Uid:
                _homes.Tell(new RelayRetired(ask.Subject, ask.Relay));
                break;
            case PeerBatch batch:
                Tell(batch);
                Sender.Tell(new PeerBatchAccepted(batch.Number));
                break;
            case ClusterEvent.ReachableMember { Member.Address: var reachable }:
                TellAll(new Relay.PeerIsBack(reachable));
                break;
            case AssociatedEvent { RemoteAddress: var associated }:
                TellAll(new Relay.PeerIsBack(associated));
                break;
            case Terminated { ActorRef: var failed }:
                var index = Array.IndexOf(_relays, failed);
                Context.GetLogger().Error("Relay {0} has failed; its connections end and a new relay takes its place", _ids[index]);
                Start(index);
                _table.Set(_relays);
                Context.System.EventStream.Publish(RelayFailed.Instance);
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    // The homes of another node have something to tell. What it does not know of its relays is decided by the subject.
    private void Tell(PeerBatch batch)
    {
        foreach (var change in batch.Changes)
            _relays[RelayTable.IndexOf(change.Subject, _relays.Length)].Tell(change);
        foreach (var subject in batch.Unsure)
        {
            var index = RelayTable.IndexOf(subject, _relays.Length);
            _relays[index].Tell(new AskReport(subject, _ids[index]));
        }
    }

    private void TellAll(Relay.PeerIsBack back)
    {
        foreach (var relay in _relays)
            relay.Tell(back);
    }

    private void Start(int index)
    {
        var incarnation = _table.NextIncarnation();
        _ids[index] = new RelayId(Cluster.Get(Context.System).SelfUniqueAddress.Uid, index, incarnation);
        _relays[index] = Context.Watch(
            Context.ActorOf(Relay.Props(_ids[index], _homes, _settings, _refusals).WithDispatcher(_dispatcher), $"{index}.{incarnation}"));
    }
}
