using System.Collections.Concurrent;
using Presence.Actors.Messages;

namespace Presence.Actors.Delivery;

/// <summary>
/// The pipelines to the other nodes of the cluster, as the homes of this node find them. The pool writes it as nodes come and
/// go; any thread may read it.
/// </summary>
public sealed class PeerTable
{
    private readonly ConcurrentDictionary<int, PeerPipeline> _pipelines = new();

    /// <summary>
    /// Takes a change for the relays of another node. False: there is no way to it, because it is this node, or is not known
    /// (yet, or any more), and whoever has it may be told directly.
    /// </summary>
    /// <param name="node">The unique id of the node.</param>
    /// <param name="change">What its relays are to be told.</param>
    public bool Tell(int node, PresenceChanged change) =>
        _pipelines.TryGetValue(node, out var pipeline) && pipeline.Tell(change);

    internal void Add(int node, PeerPipeline pipeline) => _pipelines[node] = pipeline;

    internal void Remove(int node)
    {
        if (_pipelines.TryRemove(node, out var pipeline))
            pipeline.Close();
    }
}
