using System.Collections.Immutable;
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
    private readonly Func<IEnumerable<IActorRef>> _homes;

    // Relays that have ended, and of which the homes have not been told. A node's end together, and are told of together.
    private ImmutableArray<RelayId> _ended = [];

    /// <summary>For <see cref="Props"/>.</summary>
    public RelayObserver(ObservedRelays relays, Func<IEnumerable<IActorRef>> homes)
    {
        _relays = relays;
        _homes = homes;
    }

    /// <summary>How to make the observer of a node.</summary>
    /// <param name="relays">Where the homes say whom they have met.</param>
    /// <param name="homes">All homes that are on this node when it is called.</param>
    public static Props Props(ObservedRelays relays, Func<IEnumerable<IActorRef>> homes) =>
        Akka.Actor.Props.Create(() => new RelayObserver(relays, homes));

    /// <inheritdoc/>
    protected override void PreStart()
    {
        foreach (var relay in _relays.Begin(Self))
            Context.Watch(relay);
    }

    /// <inheritdoc/>
    protected override void PreRestart(Exception reason, object message)
    {
        // What has been noted as gone is not watched again, so nobody else would tell.
        TellHomes();
        base.PreRestart(reason, message);
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
                if (_ended.IsEmpty)
                    Self.Tell(EndedNoted.Instance);
                _ended = [.. _ended, .. _relays.End(ended)];
                break;
            case EndedNoted:
                TellHomes();
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    private void TellHomes()
    {
        if (_ended.IsEmpty)
            return;
        var told = new RelaysEnded(_ended);
        _ended = [];
        foreach (var home in _homes())
            home.Tell(told, ActorRefs.NoSender);
    }

    /// <summary>A relay is to be watched.</summary>
    internal sealed record Observe(IActorRef Relay) : INoSerializationVerificationNeeded, IDeadLetterSuppression;

    /// <summary>Told to every home of this node: relays that some of them have met are gone for good.</summary>
    internal sealed record RelaysEnded(ImmutableArray<RelayId> Relays)
        : INoSerializationVerificationNeeded, INotInfluenceReceiveTimeout, IDeadLetterSuppression;

    private sealed class EndedNoted : INoSerializationVerificationNeeded
    {
        public static readonly EndedNoted Instance = new();
    }
}
