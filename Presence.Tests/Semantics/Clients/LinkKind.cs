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
}
