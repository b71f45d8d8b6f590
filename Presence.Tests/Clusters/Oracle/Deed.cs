namespace Presence.Tests.Clusters.Oracle;

/// <summary>One thing that a session did with its status. All times are of one monotonic clock.</summary>
/// <param name="Status">What it set; null when it erased. No text but the empty one is ever set twice, by anybody.</param>
/// <param name="Sent">When the request began to be sent; nobody can have heard of it before.</param>
/// <param name="Acknowledged">When the reply came; null if none has.</param>
public sealed record Deed(string? Status, TimeSpan Sent, TimeSpan? Acknowledged);
