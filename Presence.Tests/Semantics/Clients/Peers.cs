using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Presence.Actors.Connections;
using Presence.Actors.Hosting;
using Presence.Actors.Model;
using Presence.Tests.Host;
using Presence.Tests.Node;

namespace Presence.Tests.Semantics.Clients;

/// <summary>Connects clients of any kind.</summary>
public static class Peers
{
    /// <summary>A user that nobody has heard of.</summary>
    public static UserId NewUser() => new(Guid.NewGuid());

    /// <summary>
    /// Who bears a token that was issued now. Tokens tell the time in whole seconds: it lives for as long as is said here, and up to a second
    /// longer; one that has expired did so that long ago, or up to a second longer.
    /// </summary>
    public static Identity IdentityOf(UserId user, string username, TimeSpan? life = null)
    {
        var second = TimeSpan.FromSeconds(1);
        var now = DateTimeOffset.FromUnixTimeSeconds(DateTimeOffset.UtcNow.ToUnixTimeSeconds());
        var end = now + (life ?? TimeSpan.FromHours(1));
        return new Identity(user, username, Guid.NewGuid().ToString(), now, end > now ? end + second : end);
    }

    /// <summary>
    /// A client of a server, with a token of its own. A WebSocket is open for its client a moment before its connection is
    /// there: where others must find it, a ping makes sure.
    /// </summary>
    public static Task<Peer> ConnectAsync(
        this ServerFixture server, LinkKind kind, UserId user, string username, bool appearsOnline = false, int? receiveBuffer = null) =>
        server.ConnectAsync(kind, IdentityOf(user, username), appearsOnline, receiveBuffer);

    /// <summary>A client of a server.</summary>
    /// <param name="server">The server.</param>
    /// <param name="kind">How it speaks.</param>
    /// <param name="identity">What its token says.</param>
    /// <param name="appearsOnline">Whether it begins with an empty status.</param>
    /// <param name="receiveBuffer">How much the network may keep for it while it does not read; null leaves it to the system.</param>
    public static Task<Peer> ConnectAsync(
        this ServerFixture server, LinkKind kind, Identity identity, bool appearsOnline = false, int? receiveBuffer = null) =>
        kind == LinkKind.Memory
            ? MemoryPeer.ConnectAsync(server.Services.GetRequiredService<PresenceNode>(), identity, appearsOnline)
            : ConnectAsync(server.Http, server.Tcp, kind, identity, appearsOnline, receiveBuffer);

    /// <summary>A client of a server in another process.</summary>
    /// <param name="http">Where its HTTP and <c>/ws</c> are.</param>
    /// <param name="tcp">Where its TCP links are.</param>
    /// <param name="kind">How the client speaks; not <see cref="LinkKind.Memory"/>.</param>
    /// <param name="identity">What its token says.</param>
    /// <param name="appearsOnline">Whether it begins with an empty status.</param>
    /// <param name="receiveBuffer">How much the network may keep for it while it does not read; null leaves it to the system.</param>
    public static Task<Peer> ConnectAsync(
        Uri http, IPEndPoint tcp, LinkKind kind, Identity identity, bool appearsOnline = false, int? receiveBuffer = null) => kind switch
        {
            LinkKind.WebSocketJson => WebSocketPeer.ConnectAsync(http, ClientFormat.Json, identity, appearsOnline, receiveBuffer),
            LinkKind.WebSocketProtobuf => WebSocketPeer.ConnectAsync(http, ClientFormat.Protobuf, identity, appearsOnline, receiveBuffer),
            LinkKind.TcpJson => TcpPeer.ConnectAsync(tcp, ClientFormat.Json, identity, appearsOnline, receiveBuffer),
            LinkKind.TcpProtobuf => TcpPeer.ConnectAsync(tcp, ClientFormat.Protobuf, identity, appearsOnline, receiveBuffer),
            LinkKind.Memory => throw new ArgumentOutOfRangeException(nameof(kind), kind, "no client of another process"),
            _ => LibraryPeer.ConnectAsync(http, tcp, kind, identity, appearsOnline, receiveBuffer),
        };

    /// <summary>A client without bytes, of a node without sockets.</summary>
    public static Task<Peer> ConnectAsync(this NodeFixture node, UserId user, string username, bool appearsOnline = false) =>
        MemoryPeer.ConnectAsync(node.Node, IdentityOf(user, username), appearsOnline);
}
