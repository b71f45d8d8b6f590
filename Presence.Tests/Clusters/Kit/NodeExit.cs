namespace Presence.Tests.Clusters.Kit;

/// <summary>How a process ended.</summary>
/// <param name="Code">Its exit code; 128 and the signal for one that was killed.</param>
/// <param name="Took">How long after it had been asked to.</param>
public sealed record NodeExit(int Code, TimeSpan Took)
{
    /// <summary>The code of a node that its cluster has removed.</summary>
    public const int Removed = 75;
}
