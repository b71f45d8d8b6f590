using Presence.Actors.Connections;
using Presence.Client;
using Presence.Tests.Host;
using Presence.Tests.Semantics.Clients;
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

/// <summary>Makes clients of the library.</summary>
public static class Clients
{
    /// <summary>How long a client of a test waits for what should come at once.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>The options of a client of this user; each connection gets a token of its own.</summary>
    public static PresenceClientOptions OptionsOf(this ServerFixture server, ClientKind kind, Identity identity, bool appearOnline = false) => new()
    {
        Server = AddressOf(server, kind),
        Format = kind is ClientKind.WebSocketJson or ClientKind.TcpJson ? MessageFormat.Json : MessageFormat.Protobuf,
        TokenProvider = _ => new ValueTask<string>(Tokens.Sign(identity)),
        AppearOnline = appearOnline,
    };

    /// <summary>Connects a new user.</summary>
    public static Task<PresenceClient> ConnectAsync(this ServerFixture server, ClientKind kind, string username, bool appearOnline = false) =>
        PresenceClient.ConnectAsync(server.OptionsOf(kind, Peers.IdentityOf(Peers.NewUser(), username), appearOnline)).WaitAsync(Patience);

    public static Uri AddressOf(ServerFixture server, ClientKind kind) => kind is ClientKind.WebSocketJson or ClientKind.WebSocketProtobuf
        ? new Uri($"ws://{server.Http.Authority}")
        : new Uri($"tcp://{server.Tcp}");
}
