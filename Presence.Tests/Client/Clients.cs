using Presence.Actors.Model;
using Presence.Client;
using Presence.Client.Links;
using Presence.Tests.Host;
using Presence.Tests.Semantics.Clients;

namespace Presence.Tests.Client;

/// <summary>Makes clients of the library.</summary>
internal static class Clients
{
    /// <summary>How long a client of a test waits for what should come at once.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>The options of a client of this user; each connection gets a token of its own.</summary>
    public static PresenceClientOptions OptionsOf(
        ServerFixture server, ClientKind kind, UserId user, string username, Func<string, bool, CancellationToken, Task<Link>>? connector = null) =>
        OptionsOf(server, kind, _ => new ValueTask<string>(Tokens.Sign(Peers.IdentityOf(user, username))), connector: connector);

    /// <summary>The options of a client with these tokens.</summary>
    public static PresenceClientOptions OptionsOf(
        ServerFixture server,
        ClientKind kind,
        Func<CancellationToken, ValueTask<string>> tokens,
        bool appearOnline = false,
        Func<string, bool, CancellationToken, Task<Link>>? connector = null) => new()
        {
            Server = AddressOf(server, kind),
            Format = kind is ClientKind.WebSocketJson or ClientKind.TcpJson ? MessageFormat.Json : MessageFormat.Protobuf,
            TokenProvider = (_, cancel) => tokens(cancel),
            AppearOnline = appearOnline,
            Connector = connector,
        };

    /// <summary>Connects a new user.</summary>
    public static Task<PresenceClient> ConnectAsync(this ServerFixture server, ClientKind kind, string username, bool appearOnline = false)
    {
        var user = Peers.NewUser();
        return PresenceClient.ConnectAsync(OptionsOf(
            server, kind, _ => new ValueTask<string>(Tokens.Sign(Peers.IdentityOf(user, username))), appearOnline)).WaitAsync(Patience);
    }

    /// <summary>Waits for a state.</summary>
    public static async Task UntilAsync(this PresenceClient client, Func<ConnectionState, bool> condition)
    {
        using var patience = new CancellationTokenSource(Patience);
        await foreach (var state in client.States.WithCancellation(patience.Token))
        {
            if (condition(state))
                return;
        }

        throw new InvalidOperationException($"The client has ended: {client.State}");
    }

    private static Uri AddressOf(ServerFixture server, ClientKind kind) => kind is ClientKind.WebSocketJson or ClientKind.WebSocketProtobuf
        ? new Uri($"ws://{server.Http.Authority}")
        : new Uri($"tcp://{server.Tcp}");
}
