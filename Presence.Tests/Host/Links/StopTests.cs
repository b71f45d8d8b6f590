using System.Diagnostics;
using System.Net.Sockets;
using Presence.Actors.Connections;
using Presence.Tests.Semantics.Clients;
using Xunit;

namespace Presence.Tests.Host.Links;

/// <summary>What clients see of a server that stops (contract C5, protocol difference 0.9).</summary>
public sealed class StopTests
{
    [Fact]
    [Trait("Clause", "C5")]
    [Trait("Clause", "0.9")]
    public async Task A_server_that_stops_tells_every_client_to_go_elsewhere()
    {
        var server = new ServerFixture();
        await server.InitializeAsync();
        var kinds = LinkKinds.Sockets.ToArray();
        var peers = await Task.WhenAll(kinds.Select(k => server.ConnectAsync(k, Peers.NewUser(), $"{k}", appearsOnline: true)));
        foreach (var peer in peers)
            await peer.PingAsync();
        await server.DisposeAsync();
        foreach (var (kind, peer) in kinds.Zip(peers))
        {
            var told = await peer.UntilClosedAsync();
            Told[] end = kind is LinkKind.TcpJson or LinkKind.TcpProtobuf
                ? [new Told.Error(null, 0, CloseReason.Restart.Text), new Told.Closed(null)]
                : [new Told.Closed(1012)];
            Assert.Equal(end, told.Where(t => t is not Told.Event));
            await peer.DisposeAsync();
        }

        await Assert.ThrowsAnyAsync<SocketException>(async () => await RawClient.ConnectAsync(server.Http));
        await Assert.ThrowsAnyAsync<SocketException>(async () => await RawClient.ConnectAsync(server.Tcp));
    }

    public static TheoryData<string> Strangers => ["who says nothing over TCP", "who says nothing over HTTP", "who is half way through its request"];

    [Theory]
    [MemberData(nameof(Strangers))]
    [Trait("Clause", "C5")]
    [Trait("Clause", "L3")]
    public async Task Who_has_not_said_who_it_is_does_not_hold_up_a_stop(string stranger)
    {
        var server = new ServerFixture();
        await server.InitializeAsync();
        await using var client = stranger.EndsWith("TCP", StringComparison.Ordinal)
            ? await RawClient.ConnectAsync(server.Tcp)
            : await RawClient.ConnectAsync(server.Http);
        if (stranger.EndsWith("request", StringComparison.Ordinal))
            await client.SendAsync("GET /ws?token=x HTTP/1.1\r\nHost: ");
        // Accepted in the order in which they came: by now the server knows of the stranger.
        await using var alice = await server.ConnectAsync(LinkKind.WebSocketJson, Peers.NewUser(), "alice");
        await using var bob = await server.ConnectAsync(LinkKind.TcpJson, Peers.NewUser(), "bob");
        var since = Stopwatch.GetTimestamp();
        var stopping = server.DisposeAsync();
        await client.ReadToEndAsync();
        Assert.InRange(Stopwatch.GetElapsedTime(since), TimeSpan.Zero, TimeSpan.FromSeconds(9));
        await stopping;
    }
}
