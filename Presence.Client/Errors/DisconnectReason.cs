namespace Presence.Client;

/// <summary>Why there is no connection.</summary>
public enum DisconnectReason
{
    /// <summary>The client was disposed of.</summary>
    ClosedByCaller,

    /// <summary>The server could not be reached, or does not take connections just now.</summary>
    Unavailable,

    /// <summary>The link broke, or the server closed it without saying why.</summary>
    Lost,

    /// <summary>Nothing came from the server for too long, or a request was not answered in time.</summary>
    Silent,

    /// <summary>The server, or its node, is stopping; others take over.</summary>
    ServerRestart,

    /// <summary>The server failed.</summary>
    ServerError,

    /// <summary>The session token has expired.</summary>
    TokenExpired,

    /// <summary>The session token was revoked, as by a logout.</summary>
    TokenRevoked,

    /// <summary>The server refused the token. After the second one in a row the client gives up.</summary>
    TokenRefused,

    /// <summary>The token provider failed.</summary>
    TokenUnavailable,

    /// <summary>A newer connection of the same user has replaced this one; the client gives up.</summary>
    Replaced,

    /// <summary>The user was banned; the client gives up.</summary>
    Banned,

    /// <summary>One side sent what the other does not understand, or will not take.</summary>
    ProtocolViolation,

    /// <summary>The server refused to restore a status or a follow that it had accepted before.</summary>
    RestoreRefused,
}
