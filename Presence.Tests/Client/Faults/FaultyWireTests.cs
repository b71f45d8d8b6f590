using System.Net;
using System.Net.Sockets;
using System.Text;
using Presence.Tests.Semantics.Clients;
using Xunit;

namespace Presence.Tests.Client.Faults;

/// <summary>That the wire carries all there is, and ends where it is told to.</summary>
public sealed class FaultyWireTests : IDisposable
{
    private static readonly byte[] Text = Encoding.ASCII.GetBytes("the quick brown fox jumps over the lazy dog");

    private readonly TcpListener _server = new(IPAddress.Loopback, 0);

    public FaultyWireTests() => _server.Start();

    private IPEndPoint Server => (IPEndPoint)_server.LocalEndpoint;

    public void Dispose() => _server.Dispose();

    [Fact]
    public async Task All_passes_both_ways_however_it_is_cut_into_pieces()
    {
        await using var wire = new FaultyWire(Server, _ => new Fault { Piece = 3, Delay = TimeSpan.FromMilliseconds(1) });
        var (client, server) = await ConnectAsync(wire);
        using (client)
        using (server)
        {
            await client.SendAsync(Text);
            await server.SendAsync(Text);
            client.Shutdown(SocketShutdown.Send);
            server.Shutdown(SocketShutdown.Send);

            Assert.Equal(Text, await ReadAsync(server));
            Assert.Equal(Text, await ReadAsync(client));
        }

        await Until.TrueAsync(() => wire.Open == 0, "the wire to carry nothing");
        Assert.Equal(0, wire.Cut);
    }

    [Theory]
    [InlineData(Ending.Reset)]
    [InlineData(Ending.Finish)]
    public async Task It_ends_behind_the_byte_that_is_said(Ending ending)
    {
        await using var wire = new FaultyWire(Server, connection => connection == 0 ? new Fault { Up = 7, Ending = ending } : new Fault { Down = 9, Ending = ending });
        foreach (var isUp in (bool[])[true, false])
        {
            var (client, server) = await ConnectAsync(wire);
            using (client)
            using (server)
            {
                await (isUp ? client : server).SendAsync(Text);
                var bytes = await ReadAsync(isUp ? server : client);
                // A reset may overtake what was sent before it.
                Assert.True(Text.AsSpan(0, isUp ? 7 : 9).StartsWith(bytes));
                if (ending == Ending.Finish)
                    Assert.Equal(isUp ? 7 : 9, bytes.Length);
                Assert.Empty(await ReadAsync(isUp ? client : server));
            }
        }

        await Until.TrueAsync(() => wire.Open == 0, "the wire to carry nothing");
        Assert.Equal((2, 2), (wire.Accepted, wire.Cut));
    }

    [Fact]
    public async Task In_silence_nothing_passes_until_one_side_gives_up()
    {
        await using var wire = new FaultyWire(Server, _ => new Fault { Down = 4, Ending = Ending.Silence });
        var (client, server) = await ConnectAsync(wire);
        using (client)
        using (server)
        {
            await server.SendAsync(Text);
            var heard = new byte[Text.Length];
            await client.ReceiveAsync(heard.AsMemory(0, 4)).AsTask().WaitAsync(Peer.Patience);
            var more = client.ReceiveAsync(heard.AsMemory(4)).AsTask();
            await Until.TrueAsync(() => wire.Swallowed == Text.Length - 4, "the rest to be swallowed");
            await client.SendAsync(Text);
            await Until.TrueAsync(() => wire.Swallowed == (2 * Text.Length) - 4, "what the client says to be swallowed");
            Assert.False(more.IsCompleted, "something passed in silence");
            Assert.Equal(0, server.Available);

            server.Dispose();
            await Until.TrueAsync(() => wire.Open == 0, "the wire to carry nothing");
        }
    }

    /// <summary>All there is to the end, however it comes; a connection that has no end is a timeout.</summary>
    private static async Task<byte[]> ReadAsync(Socket socket)
    {
        var bytes = new List<byte>();
        var buffer = new byte[256];
        try
        {
            while (await socket.ReceiveAsync(buffer).WaitAsync(Peer.Patience) is var count and > 0)
                bytes.AddRange(buffer.AsSpan(0, count));
        }
        catch (SocketException)
        {
            // Reset.
        }

        return [.. bytes];
    }

    private async Task<(Socket Client, Socket Server)> ConnectAsync(FaultyWire wire)
    {
        var client = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await client.ConnectAsync(wire.Address);
        return (client, await _server.AcceptSocketAsync().WaitAsync(Peer.Patience));
    }
}
