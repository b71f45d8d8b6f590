using Presence.Actors.Limits;

namespace Presence.Actors.Relays;

/// <summary>The numbers and times of the relays of a node.</summary>
/// <param name="Count">
/// How many relays a node has: they share the subjects among them by shard, so that each has its own thread's worth of work. More
/// than the node has cores only cost: a connection is known to each relay that has something that it follows.
/// </param>
/// <param name="RetryAfter">How long an unaccepted report waits before it is sent again; doubled each time up to <paramref name="RetryAtMost"/>.</param>
/// <param name="RetryAtMost">The longest wait before a repetition.</param>
/// <param name="Lease">How often everything is reported again although all was accepted: repairs what nobody noticed to be lost.</param>
/// <param name="Patience">How long a request waits for a home before it is answered with what the node knows by itself.</param>
/// <param name="Tick">How often the relay looks for what is due.</param>
/// <param name="RepeatsPerSecond">
/// How many reports the relays of a node repeat per second in all, so that a node that comes or goes causes no storm. First reports
/// are not counted.
/// </param>
public sealed record RelaySettings(
    int Count, TimeSpan RetryAfter, TimeSpan RetryAtMost, TimeSpan Lease, TimeSpan Patience, TimeSpan Tick, int RepeatsPerSecond)
{
    /// <summary>How many subjects of the node may wait for the first answer of their entity, or for its last (contract L2).</summary>
    public int FollowsInFlight { get; init; } = 64;

    /// <summary>How long a subject that gets no answer counts against <see cref="FollowsInFlight"/>.</summary>
    public TimeSpan FollowPatience { get; init; } = TimeSpan.FromMilliseconds(250);

    /// <summary>How many follows the connections of one user may begin; above it they wait (contract L4).</summary>
    public RateLimit FollowRate { get; init; } = new(2000, TimeSpan.FromSeconds(10));

    /// <summary>How many entities the follows of the node may create; above it they wait (contract L4).</summary>
    public RateLimit NewEntityRate { get; init; } = new(2500, TimeSpan.FromSeconds(2));

    /// <summary>How many updates of one user are reported one by one; above it they are merged (contract L4).</summary>
    public RateLimit UpdateRate { get; init; } = new(5000, TimeSpan.FromSeconds(1));

    /// <summary>
    /// How many users may have one username before a follow by that name is refused as ambiguous (contract F11). A relay reports one
    /// more, so that all nodes can tell.
    /// </summary>
    public int UsersPerName { get; init; } = 100;

    /// <summary>What a server runs with.</summary>
    public static readonly RelaySettings Default = new(
        Count: Math.Clamp(Environment.ProcessorCount, 2, 16),
        RetryAfter: TimeSpan.FromSeconds(1),
        RetryAtMost: TimeSpan.FromSeconds(4),
        Lease: TimeSpan.FromMinutes(5),
        Patience: TimeSpan.FromSeconds(8),
        Tick: TimeSpan.FromMilliseconds(200),
        RepeatsPerSecond: 16_000);
}
