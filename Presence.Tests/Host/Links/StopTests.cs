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
        var kinds = Enum.GetValues<LinkKind>().Where(k => k != LinkKind.Memory).ToArray();
        var peers = await Task.WhenAll(kinds.Select(k => server.ConnectAsync(k, Peers.NewUser(), $"{k}", appearsOnline: true)));
        foreach (var peer in peers)
            await peer.PingAsync();
        // One that has said nothing yet, and one that never will.
        await using var mute = await RawClient.ConnectAsync(server.Tcp);
        await using var half = await RawClient.ConnectAsync(server.Http);
        await half.SendAsync("GET /ws HTTP/1.1\r\n");

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
}
