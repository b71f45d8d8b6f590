using System.Collections.Immutable;

namespace Presence.Tests.Clusters.Oracle;

/// <summary>All that was done and heard in one run, on one clock.</summary>
/// <param name="Lives">Every session, in the order in which they were opened.</param>
/// <param name="Disturbances">What was done to the cluster.</param>
/// <param name="End">Up to when transcripts go.</param>
public sealed record Chronicle(ImmutableArray<Life> Lives, ImmutableArray<Disturbance> Disturbances, TimeSpan End);
