using System.Collections.Immutable;
using Akka.Actor.Setup;

namespace Presence.Actors.Dispatch;

/// <summary>Hands the loops of the host to the dispatchers of an actor system, which are configured by name.</summary>
/// <param name="loops">The loops; at least one.</param>
public sealed class LoopSetup(ImmutableArray<ILoop> loops) : Setup
{
    /// <summary>The loops, in the order of their numbers.</summary>
    public ImmutableArray<ILoop> Loops { get; } = loops;
}
