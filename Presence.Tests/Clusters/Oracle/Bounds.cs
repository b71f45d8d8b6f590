namespace Presence.Tests.Clusters.Oracle;

/// <summary>
/// How long things may take. Order and content have no bounds: they are always right. What the contract leaves open is
/// generous here, since a machine with two processors carries the whole cluster and all clients.
/// </summary>
public sealed record Bounds
{
    public static readonly Bounds Default = new();

    /// <summary>From a change to a follower on another node while nothing is wrong (contract S7).</summary>
    public TimeSpan Crossing { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>From the crash of a node to the leaves of its sessions (contract K3).</summary>
    public TimeSpan CrashLeave { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>From a request to its reply: the server's patience with unreachable homes is 8 s (contract F1).</summary>
    public TimeSpan Reply { get; init; } = TimeSpan.FromSeconds(12);

    /// <summary>From the end of a disturbance until everything is as if it had not been.</summary>
    public TimeSpan Recovery { get; init; } = TimeSpan.FromSeconds(25);

    /// <summary>How much earlier than its own client a server may know of the end of a link that it closes.</summary>
    public TimeSpan Notice { get; init; } = TimeSpan.FromSeconds(3);
}
