using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;
using Microsoft.Extensions.Logging.Abstractions;
using Presence.Host.Links.Loops;
using Presence.Tests.Semantics.Clients;
using Xunit;

namespace Presence.Tests.Host.Links.Loops;

/// <summary>How every loop accepts the connections of a port, whatever becomes of one.</summary>
public abstract class AcceptorSuite
{
    private protected abstract SocketLoop NewLoop();

    [LoopFact]
    [Trait("Clause", "L3")]
    public async Task A_connection_that_cannot_be_taken_is_closed_and_told_of_and_the_next_is_taken()
    {
        using var loop = NewLoop();
        using var listening = Listen(out var port);
        var arrivals = new Arrivals(loop) { IsBroken = true };
        await using (await loop.AcceptAsync(listening, arrivals))
        {
            for (var unlucky = 0; unlucky < 2; unlucky++)
            {
                using var client = await ConnectAsync(port);
                Assert.Equal("lost", await arrivals.NextAsync());
                Assert.NotEqual("a byte", await EndAsync(client));
            }

            arrivals.IsBroken = false;
            using var next = await ConnectAsync(port);
            Assert.Equal("arrived", await arrivals.NextAsync());
        }

        await Assert.ThrowsAsync<SocketException>(() => ConnectAsync(port));
    }

    [LoopFact]
    [Trait("Clause", "L2")]
    [Trait("Clause", "L5")]
    public async Task While_a_loop_has_other_work_a_turn_accepts_few_connections()
    {
        const int count = 40;
        using var loop = NewLoop();
        using var listening = Listen(out var port);
        var clients = new List<Socket>();
        try
        {
            for (var i = 0; i < count; i++)
                clients.Add(await ConnectAsync(port));
            var arrivals = new Arrivals(loop);
            var turns = new TurnCounter(loop, () => arrivals.Count);
            loop.Post(turns);
            await using (await loop.AcceptAsync(listening, arrivals))
            {
                for (var i = 0; i < count; i++)
                    Assert.Equal("arrived", await arrivals.NextAsync());
            }

            turns.Stop();
            Assert.InRange(turns.MostPerTurn, 1, BusyPace.SmallGroup);
        }
        finally
        {
            clients.ForEach(client => client.Dispose());
        }
    }

    [LoopFact]
    [Trait("Clause", "L2")]
    public async Task Connections_that_are_refused_do_not_use_up_the_turns_of_others()
    {
        const int count = 3 * BusyPace.SmallGroup;
        using var loop = NewLoop();
        using var listening = Listen(out var port);
        var clients = new List<Socket>();
        try
        {
            for (var i = 0; i < count; i++)
                clients.Add(await ConnectAsync(port));
            var arrivals = new Arrivals(loop) { Refuses = true };
            await using (await loop.AcceptAsync(listening, arrivals))
            {
                for (var i = 0; i < count; i++)
                    Assert.Equal("refused", await arrivals.NextAsync());
            }

            Assert.Equal(1, arrivals.Turns);
        }
        finally
        {
            clients.ForEach(client => client.Dispose());
        }
    }

    [LoopFact]
    [Trait("Clause", "L2")]
    public async Task Connections_are_accepted_for_another_loop()
    {
        const int count = 20;
        using var accepting = NewLoop();
        using var taking = NewLoop();
        using var listening = Listen(out var port);
        var arrivals = new Arrivals(taking);
        var clients = new List<Socket>();
        try
        {
            await using (await accepting.AcceptAsync(listening, arrivals))
            {
                for (var i = 0; i < count; i++)
                    clients.Add(await ConnectAsync(port));
                for (var i = 0; i < count; i++)
                    Assert.Equal("arrived", await arrivals.NextAsync());
            }
        }
        finally
        {
            clients.ForEach(client => client.Dispose());
        }
    }

    [LoopFact]
    [Trait("Clause", "C5")]
    public async Task Accepting_can_be_ended_behind_its_loop_and_closes_the_port()
    {
        var loop = NewLoop();
        using var listening = Listen(out var port);
        var accepting = await loop.AcceptAsync(listening, new Arrivals(loop));
        loop.Dispose();
        await accepting.DisposeAsync().AsTask().WaitAsync(Peer.Patience);
        await Assert.ThrowsAsync<SocketException>(() => ConnectAsync(port));
    }

    private protected static Socket Listen(out EndPoint port)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        socket.Listen();
        port = socket.LocalEndPoint!;
        return socket;
    }

    private protected static async Task<Socket> ConnectAsync(EndPoint port)
    {
        var client = new Socket(SocketType.Stream, ProtocolType.Tcp);
        using var patience = new CancellationTokenSource(Peer.Patience);
        try
        {
            await client.ConnectAsync(port, patience.Token);
            return client;
        }
        catch
        {
            client.Dispose();
            throw;
        }
    }

    private static async Task<string> EndAsync(Socket client)
    {
        using var patience = new CancellationTokenSource(Peer.Patience);
        try
        {
            return await client.ReceiveAsync(new byte[1], patience.Token) == 0 ? "end" : "a byte";
        }
        catch (SocketException)
        {
            return "reset";
        }
    }

    /// <summary>Work without end: in each turn as much as the budget of a turn allows. Notes how much was accepted between two of its items.</summary>
    private sealed class TurnCounter(SocketLoop loop, Func<int> accepted) : IThreadPoolWorkItem
    {
        private volatile bool _stops;
        private int _before;

        public int MostPerTurn { get; private set; }

        public void Execute()
        {
            MostPerTurn = Math.Max(MostPerTurn, accepted() - _before);
            _before = accepted();
            if (!_stops)
                loop.Post(this);
        }

        public void Stop() => _stops = true;
    }

    /// <summary>Takes what comes, or fails to, and writes down what it is told.</summary>
    private protected sealed class Arrivals(SocketLoop loop) : IArrivals
    {
        private readonly Channel<string> _told = Channel.CreateUnbounded<string>();

        private int _count;
        private int _turns;

        public bool Refuses { get; init; }

        /// <summary>How many groups of connections have been looked at.</summary>
        public int Turns => Volatile.Read(ref _turns);

        public bool IsBroken { get; set; }

        public int Count => Volatile.Read(ref _count);

        public SocketLoop Next()
        {
            Interlocked.Increment(ref _turns);
            return loop;
        }

        public bool Arrived(LoopSocket socket, IPAddress? address, nint descriptor)
        {
            Interlocked.Increment(ref _count);
            if (IsBroken)
                throw new InvalidOperationException();
            _told.Writer.TryWrite(Refuses ? "refused" : "arrived");
            socket.Close();
            return !Refuses;
        }

        public void Starved(Exception fault) => _told.Writer.TryWrite("starved");

        public void Lost(Exception fault) => _told.Writer.TryWrite("lost");

        public async Task<string> NextAsync()
        {
            using var patience = new CancellationTokenSource(Peer.Patience);
            return await _told.Reader.ReadAsync(patience.Token);
        }
    }
}

public sealed class PortableAcceptorTests : AcceptorSuite
{
    private protected override SocketLoop NewLoop() => new PortableLoop(0, NullLogger<WorkLoop>.Instance);

    [Fact]
    public async Task Whatever_accepting_fails_of_is_told_and_it_can_be_ended()
    {
        using var loop = NewLoop();
        using var listening = Listen(out _);
        var arrivals = new Arrivals(loop);
        var accepting = await loop.AcceptAsync(listening, arrivals);
        // From now on it fails, and not as a network does.
        listening.Dispose();
        for (var again = 0; again < 2; again++)
            Assert.Equal("starved", await arrivals.NextAsync());
        await accepting.DisposeAsync().AsTask().WaitAsync(Peer.Patience);
    }
}

[LinuxOnly]
public sealed class EpollAcceptorTests : AcceptorSuite
{
    [LinuxFact]
    [Trait("Clause", "C5")]
    public async Task A_port_whose_loop_has_ended_refuses_clients_instead_of_letting_them_wait()
    {
        var loop = NewLoop();
        using var listening = Listen(out var port);
        await using var accepting = await loop.AcceptAsync(listening, new Arrivals(loop));
        loop.Dispose();
        await Assert.ThrowsAsync<SocketException>(() => ConnectAsync(port));
    }

    private protected override SocketLoop NewLoop() => new EpollLoop(0, NullLogger<WorkLoop>.Instance);
}
