using System.Net;
using System.Net.Sockets;
using Presence.Host.Links.Loops;
using Presence.Tests.Semantics.Clients;
using Xunit;

namespace Presence.Tests.Host.Links.Loops;

/// <summary>What every loop does with its sockets.</summary>
public abstract class LoopSocketSuite
{
    /// <summary>The most that a socket may allocate until it is waited for, what the framework has of it aside, in bytes.</summary>
    protected abstract int MostBytes { get; }

    private protected abstract SocketLoop NewLoop();

    /// <summary>The server's side of a connection as a socket of that loop, which is not added to it yet.</summary>
    private protected abstract LoopSocket SocketOf(SocketLoop loop, SocketPair pair);

    private protected Task<Owner> AddAsync(SocketLoop loop, SocketPair pair, Action<Owner>? setUp = null) =>
        Owner.AddAsync(SocketOf(loop, pair), setUp);

    /// <summary>An owner who looks at what comes, takes nothing, and says how much it sees.</summary>
    private protected async Task<Owner> LookAsync(SocketLoop loop, SocketPair pair)
    {
        var looker = new Owner
        {
            OnReadable = self =>
            {
                var n = self.Socket.Peek(loop.Scratch);
                self.Say($"sees {n}");
            },
        };
        looker.Socket = SocketOf(loop, pair);
        await loop.OnLoopAsync(() => loop.Add(looker.Socket, looker, once: true));
        return looker;
    }

    [LoopFact]
    [Trait("Clause", "L2")]
    public async Task A_socket_that_always_has_more_to_take_is_read_once_between_two_flushes()
    {
        const int bytes = 2000;
        using var loop = NewLoop();
        using var pair = await SocketPair.ConnectAsync();
        await pair.Client.SendAsync(new byte[bytes]);
        var reads = 0;
        var most = 0;
        var since = 0;
        var tub = new Tub(_ =>
        {
            most = Math.Max(most, since);
            since = 0;
        });
        var owner = await AddAsync(loop, pair, o => o.OnReadable = self =>
        {
            if (self.Socket.Receive(loop.Scratch.AsSpan(0, 1)) <= 0)
                return;
            since++;
            loop.FlushAtEnd(tub);
            if (++reads == bytes)
                self.Say("all");
        });
        await owner.AwaitAsync("all");
        await loop.FlushedAsync();
        Assert.Equal(1, most);
    }

    [LoopFact]
    public async Task Many_sockets_echo_whatever_is_cut_however()
    {
        using var loop = NewLoop();
        await Task.WhenAll(Enumerable.Range(0, 200).Select(async seed =>
        {
            var random = new Random(seed);
            using var pair = await SocketPair.ConnectAsync();
            var owner = await AddAsync(loop, pair, o => o.OnReadable = Echo);
            var sent = new byte[random.Next(1, 40_000)];
            random.NextBytes(sent);
            var back = pair.ReadAsync(sent.Length);
            for (var from = 0; from < sent.Length;)
            {
                var part = Math.Min(sent.Length - from, random.Next(1, random.Next(2) == 0 ? 20 : 9000));
                await pair.Client.SendAsync(sent.AsMemory(from, part));
                from += part;
            }

            Assert.Equal(sent, await back);
            pair.Client.Shutdown(SocketShutdown.Send);
            await owner.AwaitAsync("end");
            Assert.Equal("end", await pair.ReadEndAsync());
        }));
        Assert.Equal(0, await loop.OnLoopAsync(() => loop.SocketCount));

        // What the client does not take yet waits in the owner, as a link would have it.
        static void Echo(Owner owner)
        {
            var had = owner.Received.Count;
            owner.Take();
            Send(owner, had == 0);
        }

        static void Send(Owner owner, bool mayBegin)
        {
            if (!mayBegin)
                return;
            while (owner.Received.Count > 0)
            {
                var n = owner.Socket.Send(owner.Received.ToArray());
                if (n == LoopSocket.Gone)
                    return;
                if (n == LoopSocket.WouldBlock)
                {
                    owner.OnWritable = (o, sent) =>
                    {
                        o.Received.RemoveRange(0, sent);
                        Send(o, mayBegin: true);
                    };
                    owner.Socket.AwaitRoom(owner.Received.ToArray());
                    return;
                }

                owner.Received.RemoveRange(0, n);
            }
        }
    }

    [LoopFact]
    public async Task A_client_that_stalls_gets_everything_once_it_reads()
    {
        using var loop = NewLoop();
        using var pair = await SocketPair.ConnectAsync(sendBuffer: 16 * 1024);
        var bytes = new byte[3_000_000];
        new Random(1).NextBytes(bytes);
        var sent = 0;
        void Send(Owner owner, int gone)
        {
            sent += gone;
            while (sent < bytes.Length)
            {
                var n = owner.Socket.Send(bytes.AsSpan(sent));
                if (n < 0)
                {
                    owner.Socket.AwaitRoom(bytes.AsSpan(sent));
                    Assert.True(owner.Socket.AwaitsRoom);
                    owner.Say("full");
                    return;
                }

                sent += n;
            }

            owner.Socket.ShutdownSend();
        }

        void SendAgain(Owner owner, int gone)
        {
            var before = sent;
            Send(owner, gone);
            owner.Say(sent > before ? "room" : "no room");
        }

        var owner = await AddAsync(loop, pair, o => o.OnWritable = SendAgain);
        await loop.OnLoopAsync(() => Send(owner, 0));
        await owner.AwaitAsync("full");
        Assert.Equal(bytes, await pair.ReadAsync(bytes.Length));
        Assert.Equal("end", await pair.ReadEndAsync());
        // It was told when there was room, and only then.
        var told = owner.Rest();
        Assert.Contains("room", told);
        Assert.DoesNotContain("no room", told);
    }

    [LoopFact]
    public async Task A_half_closed_client_is_still_answered()
    {
        using var loop = NewLoop();
        using var pair = await SocketPair.ConnectAsync();
        var owner = await AddAsync(loop, pair, o => o.OnReadable = self =>
        {
            if (self.Socket.Receive(loop.Scratch) != 0)
                return;
            self.Say(self.Socket.WantsRead ? "still wants" : "end");
            self.Socket.WantsRead = true;
        });
        await pair.Client.SendAsync("hello"u8.ToArray());
        pair.Client.Shutdown(SocketShutdown.Send);
        await owner.AwaitAsync("end");
        Assert.Equal(4, await loop.OnLoopAsync(() => owner.Socket.Send("late"u8)));
        Assert.Equal("late"u8.ToArray(), await pair.ReadAsync(4));
        // The end is told once, though nobody has closed the socket.
        Assert.Empty(owner.Rest());
        Assert.False(await loop.OnLoopAsync(() => owner.Socket.WantsRead));
        await loop.OnLoopAsync(() => owner.Socket.Close());
        Assert.Equal("end", await pair.ReadEndAsync());
    }

    [LoopFact]
    public async Task A_reset_is_an_end_to_who_reads()
    {
        using var loop = NewLoop();
        using var pair = await SocketPair.ConnectAsync();
        var owner = await AddAsync(loop, pair);
        pair.Reset();
        Assert.DoesNotContain("broken", await owner.AwaitAsync("end"));
    }

    [LoopFact]
    public async Task Who_wants_nothing_is_told_nothing_and_loses_nothing()
    {
        using var loop = NewLoop();
        using var pair = await SocketPair.ConnectAsync();
        var owner = await AddAsync(loop, pair);
        await loop.OnLoopAsync(() => owner.Socket.WantsRead = false);
        await pair.Client.SendAsync("one"u8.ToArray());
        using var second = await SocketPair.ConnectAsync();
        // Another socket's report shows that the loop has been around.
        var other = await AddAsync(loop, second);
        await second.Client.SendAsync("x"u8.ToArray());
        await other.AwaitAsync("readable");
        Assert.Empty(owner.Rest());
        await loop.OnLoopAsync(() => owner.Socket.WantsRead = true);
        await owner.AwaitAsync("readable");
        Assert.Equal("one"u8.ToArray(), await loop.OnLoopAsync(() => owner.Received.ToArray()));
    }

    [LoopFact]
    public async Task An_abort_is_a_reset_and_a_close_is_an_end()
    {
        using var loop = NewLoop();
        using var closed = await SocketPair.ConnectAsync();
        using var aborted = await SocketPair.ConnectAsync();
        var one = await AddAsync(loop, closed);
        var other = await AddAsync(loop, aborted);
        await loop.OnLoopAsync(() =>
        {
            one.Socket.Close();
            other.Socket.Abort();
            // Both again: nothing happens.
            one.Socket.Abort();
            other.Socket.Close();
            Assert.Equal((false, 0, LoopSocket.Gone, null), (one.Socket.IsOpen, one.Socket.Receive(loop.Scratch), one.Socket.Send("x"u8), one.Socket.RemoteEndPoint));
            one.Socket.WantsRead = false;
            one.Socket.AwaitRoom("x"u8);
            Assert.False(one.Socket.AwaitsRoom);
        });
        Assert.Equal("end", await closed.ReadEndAsync());
        Assert.Equal("reset", await aborted.ReadEndAsync());
    }

    [LoopFact]
    public async Task An_owner_that_fails_loses_its_socket_and_nobody_else_does()
    {
        using var loop = NewLoop();
        using var bad = await SocketPair.ConnectAsync();
        using var good = await SocketPair.ConnectAsync();
        var one = await AddAsync(loop, bad, o => o.OnReadable = _ => throw new InvalidOperationException());
        var other = await AddAsync(loop, good);
        await bad.Client.SendAsync("x"u8.ToArray());
        await one.AwaitAsync("broken");
        Assert.Equal("reset", await bad.ReadEndAsync());
        await good.Client.SendAsync("x"u8.ToArray());
        await other.AwaitAsync("readable");
    }

    [LoopFact]
    public async Task A_socket_that_is_taken_away_works_elsewhere()
    {
        using var loop = NewLoop();
        using var pair = await SocketPair.ConnectAsync();
        var owner = await AddAsync(loop, pair);
        using var socket = await loop.OnLoopAsync(() => owner.Socket.Release());
        await pair.Client.SendAsync("x"u8.ToArray());
        using var patience = new CancellationTokenSource(Peer.Patience);
        Assert.Equal(1, await socket.ReceiveAsync(new byte[9].AsMemory(), patience.Token));
        Assert.Equal(pair.Client.LocalEndPoint!.ToString(), socket.RemoteEndPoint!.ToString());
        Assert.Empty(owner.Rest());
        Assert.Equal(0, await loop.OnLoopAsync(() => loop.SocketCount));
    }

    [LoopFact]
    public async Task A_socket_that_is_not_open_cannot_be_taken_away()
    {
        using var loop = NewLoop();
        using var closed = await SocketPair.ConnectAsync();
        using var taken = await SocketPair.ConnectAsync();
        var one = await AddAsync(loop, closed);
        var other = await AddAsync(loop, taken);
        await loop.OnLoopAsync(() =>
        {
            one.Socket.Close();
            other.Socket.Release().Dispose();
            Assert.Throws<InvalidOperationException>(() => one.Socket.Release());
            Assert.Throws<InvalidOperationException>(() => other.Socket.Release());
            Assert.Equal(0, loop.SocketCount);
        });
    }

    [LoopFact]
    public async Task A_socket_knows_both_its_ends()
    {
        using var loop = NewLoop();
        using var pair = await SocketPair.ConnectAsync();
        var owner = await AddAsync(loop, pair);
        var (remote, local) = await loop.OnLoopAsync(() => (owner.Socket.RemoteEndPoint, owner.Socket.LocalEndPoint));
        Assert.Equal(Plain(pair.Client.LocalEndPoint), Plain(remote));
        Assert.Equal(Plain(pair.Client.RemoteEndPoint), Plain(local));

        static string Plain(EndPoint? end) => end is IPEndPoint ip ? new IPEndPoint(ip.Address.MapToIPv4(), ip.Port).ToString() : "none";
    }

    [LoopFact]
    public async Task Keep_alive_is_set()
    {
        using var loop = NewLoop();
        using var pair = await SocketPair.ConnectAsync();
        var owner = await AddAsync(loop, pair);
        using var socket = await loop.OnLoopAsync(() =>
        {
            owner.Socket.SetKeepAlive(15, 3, 4);
            return owner.Socket.Release();
        });
        Assert.Equal(
            (true, 15, 3, 4),
            ((int)socket.GetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive)! != 0,
            (int)socket.GetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime)!,
            (int)socket.GetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval)!,
            (int)socket.GetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount)!));
    }

    [LoopFact]
    public async Task The_end_of_a_loop_is_the_end_of_its_sockets()
    {
        var loop = NewLoop();
        using var pair = await SocketPair.ConnectAsync();
        var owner = await AddAsync(loop, pair, o => o.OnBroken = _ => { });
        loop.Dispose();
        Assert.Equal(["broken"], owner.Rest());
        Assert.Equal("reset", await pair.ReadEndAsync());
    }

    [LoopFact]
    public async Task Who_looks_without_taking_is_told_of_news_and_hands_on_what_is_there()
    {
        using var loop = NewLoop();
        using var pair = await SocketPair.ConnectAsync();
        var looker = await LookAsync(loop, pair);
        await pair.Client.SendAsync("ab"u8.ToArray());
        await looker.AwaitAsync("sees 2");
        await pair.Client.SendAsync("c"u8.ToArray());
        await looker.AwaitAsync("sees 3");
        var taker = new Owner { Socket = looker.Socket };
        await loop.OnLoopAsync(() =>
        {
            looker.Rest();
            looker.Socket.PassTo(taker);
        });
        await taker.AwaitAsync("readable");
        Assert.Equal("abc"u8.ToArray(), await loop.OnLoopAsync(() => taker.Received.ToArray()));
        Assert.Empty(looker.Rest());
    }

    [LoopFact]
    public async Task A_socket_costs_little_memory()
    {
        using var loop = NewLoop();
        using var first = await SocketPair.ConnectAsync();
        using var pair = await SocketPair.ConnectAsync();
        // What is done for the first time may cost more.
        var other = await AddAsync(loop, first);
        var owner = new Owner();
        var bytes = await loop.OnLoopAsync(() =>
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            owner.Socket = SocketOf(loop, pair);
            loop.Add(owner.Socket, owner);
            return GC.GetAllocatedBytesForCurrentThread() - before;
        });
        Assert.InRange(bytes, 1, MostBytes);
        await loop.OnLoopAsync(() =>
        {
            owner.Socket.Close();
            other.Socket.Close();
            Assert.Equal(0, loop.SocketCount);
        });
    }

    [LoopFact]
    public async Task Only_the_thread_of_the_loop_may_add_sockets()
    {
        using var loop = NewLoop();
        using var pair = await SocketPair.ConnectAsync();
        var socket = SocketOf(loop, pair);
        Assert.Throws<InvalidOperationException>(() => loop.Add(socket, new Owner()));
        Assert.Equal(0, await loop.OnLoopAsync(() => loop.SocketCount));
        // Nobody has added it, and so anybody may close it.
        socket.Close();
        Assert.Equal("end", await pair.ReadEndAsync());
    }
}
