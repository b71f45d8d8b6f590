namespace Presence.Host.Node;

/// <summary>Where a node is in its life.</summary>
internal enum NodePhase
{
    /// <summary>It is not a member of its cluster yet, and listens to no client.</summary>
    Joining = 0,

    /// <summary>It is a member and serves.</summary>
    Serving = 1,

    /// <summary>It was told to stop (contract C5).</summary>
    Stopping = 2,

    /// <summary>Its cluster has removed it (contract K4).</summary>
    Removed = 3,
}

/// <summary>The one place that knows where this node is in its life. A life goes onward only, and has one of two ends.</summary>
internal sealed class NodeLife
{
    private readonly Lock _gate = new();

    /// <summary>Where the node is.</summary>
    public NodePhase Phase { get; private set; }

    /// <summary>Goes on to a phase; false if the node is there already, or beyond it, or at its other end.</summary>
    public bool TryEnter(NodePhase next)
    {
        lock (_gate)
        {
            if (next <= Phase || Phase >= NodePhase.Stopping)
                return false;
            Phase = next;
            return true;
        }
    }
}
