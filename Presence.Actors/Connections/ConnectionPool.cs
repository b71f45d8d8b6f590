using Akka.Actor;
using Presence.Actors.Dispatch;
using Presence.Actors.Relays;

namespace Presence.Actors.Connections;

/// <summary>
/// The parent of a part of this node's connections. There are several, since a parent's table of children grows slower to
/// change the more there are. A connection that fails is ended, not restarted: its client has seen what cannot be repeated.
/// </summary>
public sealed class ConnectionPool : UntypedActor
{
    private readonly RelayTable _relays;
    private readonly IActorRef _registry;
    private readonly ConnectionSettings _settings;
    private readonly Deploy _deploy;

    /// <summary>For <see cref="Props"/>.</summary>
    public ConnectionPool(RelayTable relays, IActorRef registry, ConnectionSettings settings, string dispatcher)
    {
        _relays = relays;
        _registry = registry;
        _settings = settings;
        _deploy = Deploy.None.WithDispatcher(dispatcher).WithMailbox(LeanMailbox.Name);
    }

    /// <summary>How to make a pool.</summary>
    /// <param name="relays">The relays of this node.</param>
    /// <param name="registry">The <see cref="SessionRegistry"/> of this node.</param>
    /// <param name="settings">The limits of its connections.</param>
    /// <param name="dispatcher">The dispatcher that the pool and its connections run on.</param>
    public static Props Props(RelayTable relays, IActorRef registry, ConnectionSettings settings, string dispatcher) =>
        Akka.Actor.Props.Create(() => new ConnectionPool(relays, registry, settings, dispatcher)).WithDispatcher(dispatcher);

    /// <inheritdoc/>
    protected override SupervisorStrategy SupervisorStrategy() => new OneForOneStrategy(_ => Directive.Stop);

    /// <inheritdoc/>
    protected override void OnReceive(object message)
    {
        if (message is Connection.Opening opening)
            Context.ActorOf(Connection.Props(opening, _relays.Current, _registry, _settings).WithDeploy(_deploy));
        else
            Unhandled(message);
    }
}
