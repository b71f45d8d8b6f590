namespace Presence.Tests.Clusters.Load;

/// <summary>What the clients of a crowd are like. All that is random comes from one seed.</summary>
public sealed record Habits
{
    /// <summary>How many there are. Every fourth user has two of them, as two devices.</summary>
    public int Clients { get; init; } = 40;

    public int Seed { get; init; } = 1;

    /// <summary>How many users each follows when it connects.</summary>
    public int Follows { get; init; } = 8;

    /// <summary>How long each waits between two actions, on average.</summary>
    public TimeSpan Pause { get; init; } = TimeSpan.FromMilliseconds(700);

    /// <summary>Which nodes a client connects to, by its number, waiting for one that serves; null leaves it to chance among all.</summary>
    public Func<int, IReadOnlyList<int>>? Nodes { get; init; }
}
