namespace Presence.Tests.Semantics.Clients;

/// <summary>The ways in which a client can speak to the server; all have the same semantics (contract C1).</summary>
public enum LinkKind
{
    WebSocketJson,
    WebSocketProtobuf,
    TcpJson,
    TcpProtobuf,

    /// <summary>No bytes at all: straight to the connection actor.</summary>
    Memory,

    /// <summary>As applications do it: through the client library.</summary>
    LibraryWebSocketJson,
    LibraryWebSocketProtobuf,
    LibraryTcpJson,
    LibraryTcpProtobuf,
}

/// <summary>Which kinds there are.</summary>
public static class LinkKinds
{
    public static IReadOnlyList<LinkKind> All { get; } = Enum.GetValues<LinkKind>();

    /// <summary>Those whose clients send and see the messages themselves.</summary>
    public static IReadOnlyList<LinkKind> Raw { get; } = [.. All.Where(kind => kind < LinkKind.LibraryWebSocketJson)];

    /// <summary>Those that are sockets, with nothing between them and the test.</summary>
    public static IReadOnlyList<LinkKind> Sockets { get; } = [.. Raw.Where(kind => kind != LinkKind.Memory)];
}
