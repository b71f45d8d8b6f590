using Microsoft.Extensions.Logging.Abstractions;
using Presence.Host.Links.Loops;
using Xunit;

namespace Presence.Tests.Host.Links.Loops;

/// <summary>The same for Linux's own, and what only that does.</summary>
[LinuxOnly]
public sealed class EpollSocketTests : LoopSocketSuite
{
    protected override int MostBytes => 100;

    private protected override SocketLoop NewLoop() => new EpollLoop(0, NullLogger<WorkLoop>.Instance);

    private protected override LoopSocket SocketOf(SocketLoop loop, SocketPair pair) => new EpollSocket((EpollLoop)loop, pair.TakeDescriptor());

    [LinuxFact]
    public async Task A_reset_is_told_once_to_who_does_not_read()
    {
        using var loop = NewLoop();
        using var pair = await SocketPair.ConnectAsync();
        var owner = await AddAsync(loop, pair, o => o.OnBroken = _ => { });
        await loop.OnLoopAsync(() => owner.Socket.WantsRead = false);
        await pair.Client.SendAsync("unread"u8.ToArray());
        pair.Reset();
        await owner.AwaitAsync("broken");
        Assert.Equal((LoopSocket.Gone, 0), await loop.OnLoopAsync(() => (owner.Socket.Send("x"u8), owner.Socket.Receive(loop.Scratch))));
        await loop.OnLoopAsync(() => owner.Socket.WantsRead = true);
        await loop.TurnedAsync();
        Assert.Empty(owner.Rest());
        await loop.OnLoopAsync(() => owner.Socket.Close());
        Assert.Equal(0, await loop.OnLoopAsync(() => loop.SocketCount));
    }

    [LinuxFact]
    public async Task A_report_of_the_same_wait_does_not_reach_who_is_closed_nor_who_came_instead()
    {
        using var loop = NewLoop();
        for (var round = 0; round < 20; round++)
        {
            using var first = await SocketPair.ConnectAsync();
            using var second = await SocketPair.ConnectAsync();
            using var late = await SocketPair.ConnectAsync();
            Owner one = null!, other = null!, newcomer = new();
            // Whoever is told first closes the other and has its place taken by a newcomer.
            void Usurp(Owner self)
            {
                var victim = self == one ? other : one;
                if (!victim.Socket.IsOpen)
                {
                    self.Say("too late");
                    return;
                }

                victim.Socket.Close();
                newcomer.Socket = SocketOf(loop, late);
                loop.Add(newcomer.Socket, newcomer);
                self.Say("usurped");
                self.Take();
            }

            one = await AddAsync(loop, first, o => o.OnReadable = Usurp);
            other = await AddAsync(loop, second, o => o.OnReadable = Usurp);
            await loop.OnLoopAsync(() =>
            {
                // While the loop is busy here, both become readable: the next wait reports both.
                first.Client.Send("x"u8);
                second.Client.Send("x"u8);
            });
            await loop.TurnedAsync();
            string[] told = [.. one.Rest(), .. other.Rest()];
            Assert.Equal(["readable", "usurped"], told);
            Assert.Empty(newcomer.Rest());
            // The newcomer hears of itself alone.
            await late.Client.SendAsync("y"u8.ToArray());
            await newcomer.AwaitAsync("readable");
            await loop.OnLoopAsync(() =>
            {
                newcomer.Socket.Close();
                (one.Socket.IsOpen ? one : other).Socket.Close();
            });
        }
    }

    [LinuxFact]
    public async Task Who_looks_without_taking_is_told_only_of_news()
    {
        using var loop = NewLoop();
        using var pair = await SocketPair.ConnectAsync();
        var looker = await LookAsync(loop, pair);
        await pair.Client.SendAsync("ab"u8.ToArray());
        await looker.AwaitAsync("sees 2");
        await loop.TurnedAsync();
        Assert.Empty(looker.Rest());
    }

    [LinuxFact]
    public async Task What_comes_in_time_shares_a_large_flush()
    {
        using var loop = NewLoop();
        using var pair = await SocketPair.ConnectAsync();
        var owner = await AddAsync(loop, pair);
        await FlushAsync(loop, owner, WorkLoop.LargeFlush, () => pair.Client.Send("x"u8));
        Assert.Equal(["readable", "flushed"], await owner.AwaitAsync("flushed"));
        // A small one costs less than the look.
        await FlushAsync(loop, owner, WorkLoop.LargeFlush - 1, () => pair.Client.Send("x"u8));
        Assert.Equal(["flushed", "readable"], await owner.AwaitAsync("readable"));
    }

    [LinuxFact]
    public async Task Nobody_who_goes_on_for_ever_keeps_a_large_flush_waiting()
    {
        using var loop = NewLoop();
        using var pair = await SocketPair.ConnectAsync();
        var owner = await AddAsync(loop, pair, o => o.OnReadable = _ => { });
        await FlushAsync(loop, owner, WorkLoop.LargeFlush, () => pair.Client.Send("x"u8));
        Assert.Equal([.. Enumerable.Repeat("readable", WorkLoop.LooksPerTurn), "flushed"], await owner.AwaitAsync("flushed"));
    }

    [LinuxFact]
    public async Task A_descriptor_that_is_none_costs_no_place()
    {
        using var loop = new EpollLoop(0, NullLogger<WorkLoop>.Instance);
        await loop.OnLoopAsync(() =>
        {
            Assert.Throws<IOException>(() => loop.Add(new EpollSocket(loop, int.MaxValue), new Owner()));
            Assert.Equal(0, loop.SocketCount);
        });
    }

    /// <summary>Has so much flushed at the end of a turn, of which the owner is told once, and does something in that turn.</summary>
    private static Task FlushAsync(SocketLoop loop, Owner owner, int size, Action inThatTurn) => loop.OnLoopAsync(() =>
    {
        for (var i = 1; i < size; i++)
            loop.FlushAtEnd(new Tub(_ => { }));
        loop.FlushAtEnd(new Tub(_ => owner.Say("flushed")));
        inThatTurn();
    });
}
