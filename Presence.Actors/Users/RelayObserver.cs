using Akka.Actor;
using Akka.Cluster;
using Akka.Event;
using Presence.Actors.Model;

namespace Presence.Actors.Users;

/// <summary>
/// Watches the relays that homes of this node have met, and tells all of these homes when one has ended (contract F8, K3). That is
/// rare, so it costs the homes nothing until then: they are found by their place under the shards.
/// </summary>
public sealed class RelayObserver : UntypedActor
{
    private readonly ObservedRelays _relays;
    private readonly ActorSelection _homes;

    /// <summary>For <see cref="Props"/>.</summary>
    public RelayObserver(ObservedRelays relays, ActorSelection homes)
    {
        _relays = relays;
        _homes = homes;
    }

    /// <summary>How to make the observer of a node.</summary>
    /// <param name="relays">Where the homes say whom they have met.</param>
    /// <param name="homes">All homes of this node, at any time.</param>
    public static Props Props(ObservedRelays relays, ActorSelection homes) =>
        Akka.Actor.Props.Create(() => new RelayObserver(relays, homes));

    /// <inheritdoc/>
    protected override void PreStart()
    {
        foreach (var relay in _relays.Begin(Self))
            Context.Watch(relay);
    }

    /// <inheritdoc/>
    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case Observe { Relay: var relay }:
                Context.Watch(relay);
                break;
            case Terminated when Cluster.Get(Context.System).IsTerminated:
                // It is this node that has been removed from the cluster, not the relay's.
                break;
            case Terminated { ActorRef: var ended }:
                // Noted first: a home that meets the relay from now on finds out by itself, and every other one is there to be told.
                foreach (var id in _relays.End(ended))
                    _homes.Tell(new RelayEnded(id), ActorRefs.NoSender);
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    /// <summary>A relay is to be watched.</summary>
    internal sealed record Observe(IActorRef Relay) : INoSerializationVerificationNeeded, IDeadLetterSuppression;

    /// <summary>Told to every home of this node: a relay that some of them have met is gone for good.</summary>
    internal sealed record RelayEnded(RelayId Relay) : INoSerializationVerificationNeeded, INotInfluenceReceiveTimeout, IDeadLetterSuppression;
}
