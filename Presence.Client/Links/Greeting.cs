namespace Presence.Client.Links;

/// <summary>What the server says of a connection at its hello (protocol section E1).</summary>
internal sealed record Greeting(Guid UserId, string Username, string SessionId);
