namespace Presence.Tests.Clusters.Oracle;

/// <summary>How a link ended.</summary>
/// <param name="IsOwn">Whether its client ended it; otherwise the server did, or the server's process died.</param>
/// <param name="From">When it began to: the client's decision, or the last moment at which the link was known to be there.</param>
/// <param name="At">Since when it is over for certain.</param>
public sealed record Ending(bool IsOwn, TimeSpan From, TimeSpan At);
