namespace Presence.Tests.Clusters.Kit;

/// <summary>A node did not do what every node does: serve once it is started, end when it is asked to, go on when it is not.</summary>
public sealed class NodeException(string message) : Exception(message);
