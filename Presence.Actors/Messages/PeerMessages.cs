using System.Collections.Immutable;
using Presence.Actors.Model;

namespace Presence.Actors.Messages;

/// <summary>
/// Node to node: what the homes of one node have to tell the relays of another (contract K5). Answered with
/// <see cref="PeerBatchAccepted"/> when the relays have been told.
/// </summary>
/// <param name="Number">Counts the batches of a node to another, from 1.</param>
/// <param name="Changes">The changes, at most one per subject.</param>
/// <param name="Unsure">
/// Subjects of which earlier changes may have been lost. The relays that watch them report again, and are answered with what
/// they lack.
/// </param>
public sealed record PeerBatch(long Number, ImmutableArray<PresenceChanged> Changes, ImmutableArray<Subject> Unsure)
    : IClusterMessage;

/// <summary>Answers a <see cref="PeerBatch"/>: its changes have reached the relays.</summary>
/// <param name="Number">The number of the batch.</param>
public sealed record PeerBatchAccepted(long Number) : IClusterMessage;
