using Akka.Actor;

namespace Presence.Actors.Collections;

/// <summary>
/// Compares actors as they compare themselves, and tells them apart by their uids: Akka hashes every element of an actor's path
/// anew each time, which a table that is asked with every message should not pay.
/// </summary>
internal sealed class ActorsByUid : IEqualityComparer<IActorRef>
{
    /// <summary>The only one that is needed.</summary>
    public static readonly ActorsByUid Instance = new();

    /// <inheritdoc/>
    public bool Equals(IActorRef? x, IActorRef? y) => ReferenceEquals(x, y) || (x is not null && x.Equals(y));

    /// <inheritdoc/>
    public int GetHashCode(IActorRef actor) => actor.Path.Uid.GetHashCode();
}
