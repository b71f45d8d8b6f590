using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging.Abstractions;
using Presence.Actors.Telemetry;
using Presence.Host.Links.Admission;
using Presence.Host.Links.Listening;
using Presence.Host.Links.Loops;
using Presence.Tests.Host.Links.Loops;
using Presence.Tests.Semantics.Clients;
using Xunit;

namespace Presence.Tests.Host.Links.Listening;

/// <summary>When the connections of a port with TLS are given to Kestrel.</summary>
public sealed class TlsAcceptTests
{
    private const int Count = 20;

    // How long a connection waits at most is 20 ms; a timer may be early.
    private static readonly TimeSpan LongestWait = TimeSpan.FromMilliseconds(15);

    [Fact]
    [Trait("Clause", "L2")]
    public async Task A_busy_loop_gets_no_more_than_one_tls_connection_per_turn()
    {
        using var loops = new LoopSet(number => new PortableLoop(number, NullLogger<WorkLoop>.Instance), count: 1);
        using var places = new SocketPlaces(() => PlaceBounds.None, new Refusals(), TimeProvider.System);
        using var factory = new LinkListenerFactory(loops, new FrontDesk(), places, NullLoggerFactory.Instance);
        await using var listener = await factory.BindAsync(new LinkEndPoint(IPAddress.Loopback, 0, PortKind.Tls));
        var loop = loops.All[0];
        var clients = new List<Socket>();
        var given = new List<ConnectionContext>();
        using var patience = new CancellationTokenSource(Peer.Patience);
        try
        {
            for (var i = 0; i < Count; i++)
            {
                var client = new Socket(SocketType.Stream, ProtocolType.Tcp);
                clients.Add(client);
                await client.ConnectAsync(listener.EndPoint, patience.Token);
                // The shortest record of a handshake.
                await client.SendAsync(new byte[] { 22, 3, 1, 0, 1, 0 }, patience.Token);
            }

            while (places.Count < Count || await loop.OnLoopAsync(() => loop.SocketCount) > 0)
                await Task.Delay(10, patience.Token);

            var turns = 0;
            var isOver = false;
            await loop.OnLoopAsync(() =>
            {
                KeepBusy(loop, () => Volatile.Read(ref isOver));
                loop.FlushAtEnd(new Tub(mark =>
                {
                    Interlocked.Increment(ref turns);
                    if (!Volatile.Read(ref isOver))
                        loop.FlushAtEnd(mark);
                }));
            });
            var begin = Stopwatch.GetTimestamp();
            while (given.Count < Count)
                given.Add((await listener.AcceptAsync(patience.Token))!);
            var most = Volatile.Read(ref turns) + (Stopwatch.GetElapsedTime(begin) / LongestWait) + 1;
            Volatile.Write(ref isOver, true);

            Assert.InRange(Count, 0, most);
        }
        finally
        {
            foreach (var connection in given)
                await connection.DisposeAsync();
            foreach (var client in clients)
                client.Dispose();
        }

        Assert.Equal(0, places.Count);
    }

    /// <summary>Has a loop spend the whole budget of each turn.</summary>
    private static void KeepBusy(WorkLoop loop, Func<bool> isOver) => loop.Post(new Deed(() =>
    {
        var begin = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(begin) < TimeSpan.FromMilliseconds(1))
        {
        }

        if (!isOver())
            KeepBusy(loop, isOver);
    }));
}
