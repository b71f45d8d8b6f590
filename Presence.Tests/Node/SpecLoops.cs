using System.Collections.Immutable;
using Microsoft.Extensions.Logging.Abstractions;
using Presence.Actors.Dispatch;
using Presence.Host.Links.Loops;

namespace Presence.Tests.Node;

/// <summary>
/// The loops of nodes in specs: two, so that actors of one node meet across threads. They are of the process and not of a
/// node: an actor system may post to its loops as long as it lives.
/// </summary>
internal static class SpecLoops
{
    public static ImmutableArray<ILoop> All { get; } =
        [.. Enumerable.Range(0, 2).Select(number => new PortableLoop(number, NullLogger<WorkLoop>.Instance))];
}
