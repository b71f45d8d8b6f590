using System.Collections.Concurrent;
using Akka.Actor;
using Presence.Actors.Dispatch;
using Presence.Actors.Messages;
using Presence.Actors.Relays;

namespace Presence.Actors.Connections;

/// <summary>
/// The parent of a part of this node's connections. There are several, since a parent's table of children grows slower to
/// change the more there are. A connection that fails is ended, not restarted: its client has seen what cannot be repeated.
/// </summary>
/// <remarks>
/// It is where the death of a connection is noticed, for the whole node: Akka's death watch tells a parent of its children in any
/// case, whatever has ended them, and needs no tables for that. Watched by the registry and by every relay that it uses, a connection
/// would cost 0.7 KB more.
/// </remarks>
public sealed class ConnectionPool : UntypedActor
{
    private readonly Props _connection;
    private readonly SupervisorStrategy _strategy;

    // Each connection takes one as it starts, whichever: all that they share is made once.
    private readonly ConcurrentQueue<Connection.Opening> _openings = new();

    /// <summary>For <see cref="Props"/>.</summary>
    public ConnectionPool(RelayTable relays, IActorRef registry, ConnectionSettings settings, string dispatcher)
    {
        _strategy = new TellOfDeath(relays, registry);
        _connection = Connection.Props(_openings, relays, registry, settings).WithDispatcher(dispatcher).WithMailbox(LeanMailbox.Name);
    }

    /// <summary>How to make a pool.</summary>
    /// <param name="relays">The relays of this node.</param>
    /// <param name="registry">The <see cref="SessionRegistry"/> of this node.</param>
    /// <param name="settings">The limits of its connections.</param>
    /// <param name="dispatcher">The dispatcher that the pool and its connections run on.</param>
    public static Props Props(RelayTable relays, IActorRef registry, ConnectionSettings settings, string dispatcher) =>
        Akka.Actor.Props.Create(() => new ConnectionPool(relays, registry, settings, dispatcher)).WithDispatcher(dispatcher);

    /// <inheritdoc/>
    protected override SupervisorStrategy SupervisorStrategy() => _strategy;

    /// <inheritdoc/>
    protected override void OnReceive(object message)
    {
        if (message is not Connection.Opening opening)
        {
            Unhandled(message);
            return;
        }

        _openings.Enqueue(opening);
        Context.ActorOf(_connection);
    }

    /// <summary>
    /// Ends what fails, and tells the others who has ended: behind whatever that connection has asked for, since it was told to them
    /// before.
    /// </summary>
    private sealed class TellOfDeath(RelayTable relays, IActorRef registry) : OneForOneStrategy(_ => Directive.Stop)
    {
        public override void HandleChildTerminated(IActorContext actorContext, IActorRef child, IEnumerable<IInternalActorRef> children)
        {
            registry.Tell(SessionRegistry.Ended.Instance, child);
            foreach (var relay in relays.Current)
                relay.Tell(RelayCommand.End.Instance, child);
        }
    }
}
