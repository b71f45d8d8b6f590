namespace Presence.Client;

/// <summary>Where a client is in its life.</summary>
public enum ConnectionPhase
{
    /// <summary>The first connection is being made.</summary>
    Connecting,

    /// <summary>Connected, and everything that was asked for is in force.</summary>
    Connected,

    /// <summary>The connection is lost; another one is being made, or what was asked for is being restored on it.</summary>
    Reconnecting,

    /// <summary>The client has ended, for good.</summary>
    Closed,
}
