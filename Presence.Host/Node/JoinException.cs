namespace Presence.Host.Node;

/// <summary>The node did not become a member of its cluster. Another try may succeed.</summary>
internal sealed class JoinException(string message) : Exception(message);
