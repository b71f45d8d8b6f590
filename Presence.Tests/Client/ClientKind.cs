using Xunit;

namespace Presence.Tests.Client;

/// <summary>The ways in which the library can speak to a server.</summary>
public enum ClientKind
{
    WebSocketJson,
    WebSocketProtobuf,
    TcpJson,
    TcpProtobuf,
}

/// <summary>All of them, for theories.</summary>
public sealed class EveryClientKind : TheoryData<ClientKind>
{
    public EveryClientKind() => AddRange(Enum.GetValues<ClientKind>());
}
