using Akka.Actor;

namespace Presence.Actors.Dispatch;

/// <summary>
/// Makes actors by a plain call. Akka's own <c>Props.Create</c> takes an expression and compiles each argument of it anew: about half a
/// millisecond per actor, which an actor per connection and per user cannot afford.
/// </summary>
/// <typeparam name="TActor">The actor.</typeparam>
/// <param name="make">Makes it; called again when the actor is restarted.</param>
internal sealed class DirectProducer<TActor>(Func<TActor> make) : IIndirectActorProducer
    where TActor : ActorBase
{
    /// <inheritdoc/>
    public Type ActorType => typeof(TActor);

    /// <summary>The properties of an actor that is made so.</summary>
    public static Props Props(Func<TActor> make) => Akka.Actor.Props.CreateBy(new DirectProducer<TActor>(make));

    /// <inheritdoc/>
    public ActorBase Produce() => make();

    /// <inheritdoc/>
    public void Release(ActorBase actor)
    {
    }
}
