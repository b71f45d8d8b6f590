namespace Presence.Actors.Telemetry;

/// <summary>The limits that may refuse, delay or merge what a client asks for (contract L4).</summary>
public enum Limit
{
    /// <summary>Sockets in all, on all ports of the node, from accept on.</summary>
    Connections,

    /// <summary>Sockets of one client address.</summary>
    ConnectionsPerAddress,

    /// <summary>Connections of one user on the node.</summary>
    ConnectionsPerUser,

    /// <summary>The wait of a login that newer connections of its user have replaced repeatedly (contract C3).</summary>
    ReplacedLogins,

    /// <summary>Sockets in all whose client has not authenticated yet.</summary>
    Handshakes,

    /// <summary>Sockets of one client address whose client has not authenticated yet.</summary>
    HandshakesPerAddress,

    /// <summary>The time that a client may take to authenticate.</summary>
    AuthenticateTimeout,

    /// <summary>Messages per second of one connection.</summary>
    MessagesPerSecond,

    /// <summary>Bytes per second of one connection.</summary>
    BytesPerSecond,

    /// <summary>Bytes of one message.</summary>
    MessageBytes,

    /// <summary>Bytes that wait for one link.</summary>
    OutputBytes,

    /// <summary>Users that one connection may follow (contract F10).</summary>
    Follows,

    /// <summary>New follows per second of one user.</summary>
    FollowsPerSecond,

    /// <summary>Follows of one node that wait for an entity.</summary>
    FollowsInFlight,

    /// <summary>New entities per second that one node asks for.</summary>
    NewEntities,

    /// <summary>The time between two session refreshes of one connection.</summary>
    SessionRefreshes,

    /// <summary>Status updates per second of one user; what is above is merged.</summary>
    UpdatesPerSecond,

    /// <summary>Bytes of a username (contract F11).</summary>
    NameBytes,

    /// <summary>Users of one name that one follow may find (contract F11).</summary>
    UsersPerName,

    /// <summary>HTTP requests per second of one client address.</summary>
    HttpRequestsPerAddress,

    /// <summary>Logins per second of one client address.</summary>
    LoginsPerAddress,

    /// <summary>Users that HTTP requests ask about at one time, on the node.</summary>
    UserQueries,

    /// <summary>Revoked logins, and users whose tokens were all revoked, that are kept.</summary>
    Revocations,

    /// <summary>Revoked logins of one user that are kept.</summary>
    RevocationsPerUser,

    /// <summary>The node is overloaded and takes no new work (contract L5).</summary>
    Overload,
}
