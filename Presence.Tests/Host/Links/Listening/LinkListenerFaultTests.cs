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

/// <summary>What a port does when the system fails it.</summary>
public sealed class LinkListenerFaultTests
{
    [LinuxFact]
    [Trait("Clause", "L3")]
    public async Task A_connection_that_is_gone_before_the_server_gets_it_costs_nobody_else()
    {
        using var loops = new LoopSet(number => new PortableLoop(number, NullLogger<WorkLoop>.Instance), count: 1);
        using var places = new SocketPlaces(() => PlaceBounds.None, new Refusals(), TimeProvider.System);
        using var factory = new LinkListenerFactory(loops, new FrontDesk(), places, NullLoggerFactory.Instance);
        await using var listener = await factory.BindAsync(new LinkEndPoint(IPAddress.Loopback, 0, PortKind.Http));
        using var gone = await ArriveAsync(listener, loops.All[0]);
        // Of what is no socket the system knows no address, as other systems know none of a socket whose client has gone.
        using (var nothing = File.OpenHandle("/dev/null"))
            Libc.Replace((int)gone.Client.Handle, (int)nothing.DangerousGetHandle());
        using var next = await ArriveAsync(listener, loops.All[0]);
        var address = next.Client.LocalEndPoint;

        using var patience = new CancellationTokenSource(Peer.Patience);
        await using var given = await listener.AcceptAsync(patience.Token);

        Assert.Equal(address, given!.LocalEndPoint);
        Assert.Throws<ObjectDisposedException>(() => gone.Client.Available);
        Assert.Equal(1, places.Count);
    }

    [Fact]
    [Trait("Clause", "C5")]
    public async Task A_port_that_fails_to_end_keeps_nobody_waiting_for_its_end()
    {
        using var loops = new LoopSet(_ => new StubbornLoop(), count: 1);
        using var places = new SocketPlaces(() => PlaceBounds.None, new Refusals(), TimeProvider.System);
        using var factory = new LinkListenerFactory(loops, new FrontDesk(), places, NullLoggerFactory.Instance);
        var listener = await factory.BindAsync(new LinkEndPoint(IPAddress.Loopback, 0, PortKind.Http));
        await Assert.ThrowsAsync<InvalidOperationException>(() => listener.UnbindAsync().AsTask());
        await listener.DisposeAsync().AsTask().WaitAsync(Peer.Patience);
        Assert.Null(await listener.AcceptAsync().AsTask().WaitAsync(Peer.Patience));
    }

    /// <summary>
    /// A connection comes that is the HTTP server's, and waits for it. Here it is the side that has connected: of one that was accepted
    /// the framework notes the addresses.
    /// </summary>
    private static async Task<SocketPair> ArriveAsync(IConnectionListener listener, SocketLoop loop)
    {
        var pair = await SocketPair.ConnectAsync();
        pair.Server.Send("GET / HTTP/1.1\r\n\r\n"u8);
        pair.Client.Blocking = false;
        var socket = new PortableSocket((PortableLoop)loop, pair.Client);
        ((IArrivals)listener).Arrived(socket, null, pair.Client.Handle);
        using var patience = new CancellationTokenSource(Peer.Patience);
        while (await loop.OnLoopAsync(() => socket.IsOpen))
            await Task.Delay(10, patience.Token);
        return pair;
    }

    /// <summary>A loop whose accepting cannot be ended.</summary>
    private sealed class StubbornLoop : SocketLoop
    {
        private readonly AutoResetEvent _woken = new(initialState: false);

        public StubbornLoop()
            : base(0, NullLogger<WorkLoop>.Instance) => Start();

        public override Task<IAsyncDisposable> AcceptAsync(Socket listening, IArrivals arrivals) =>
            Task.FromResult<IAsyncDisposable>(new Accepting(listening));

        protected override int Wait(bool mayBlock)
        {
            if (mayBlock)
                _woken.WaitOne();
            return 0;
        }

        protected override void Dispatch(int count, ref TurnBudget budget)
        {
        }

        protected override void Wake() => _woken.Set();

        protected override void End()
        {
            base.End();
            _woken.Dispose();
        }

        private sealed class Accepting(Socket listening) : IAsyncDisposable
        {
            public ValueTask DisposeAsync()
            {
                listening.Dispose();
                throw new InvalidOperationException();
            }
        }
    }
}
