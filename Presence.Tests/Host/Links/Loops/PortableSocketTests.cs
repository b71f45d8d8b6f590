using Microsoft.Extensions.Logging.Abstractions;
using Presence.Host.Links.Loops;
using Presence.Tests.Semantics.Clients;
using Xunit;

namespace Presence.Tests.Host.Links.Loops;

/// <summary>The same for every system, and what only the framework's sockets do.</summary>
public sealed class PortableSocketTests : LoopSocketSuite
{
    protected override int MostBytes => 700;

    private protected override SocketLoop NewLoop() => new PortableLoop(0, NullLogger<WorkLoop>.Instance);

    private protected override LoopSocket SocketOf(SocketLoop loop, SocketPair pair) => new PortableSocket((PortableLoop)loop, pair.Server);

    [Fact]
    public async Task Who_looks_without_taking_is_told_seldom_of_what_is_not_new()
    {
        using var loop = NewLoop();
        using var pair = await SocketPair.ConnectAsync();
        var times = new List<long>();
        var looker = new Owner { Socket = SocketOf(loop, pair), OnReadable = _ => times.Add(Environment.TickCount64) };
        await loop.OnLoopAsync(() => loop.Add(looker.Socket, looker, once: true));
        await pair.Client.SendAsync("ab"u8.ToArray());
        for (var told = 0; told < 5; told++)
            await looker.AwaitAsync("readable");
        // 10, 20, 40 and 80 ms, and the clock counts by up to 16.
        var took = await loop.OnLoopAsync(() => times[4] - times[0]);
        Assert.InRange(took, 100, long.MaxValue);
    }

    [Fact]
    [Trait("Clause", "L1")]
    public async Task A_client_that_takes_little_is_told_of_as_well()
    {
        using var loop = NewLoop();
        using var pair = await SocketPair.ConnectAsync(sendBuffer: 16 * 1024);
        var told = new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously);
        var owner = await AddAsync(loop, pair, o => o.OnWritable = (_, sent) => told.SetResult(sent));
        var filled = await FillAsync(owner, next: new byte[64 * 1024]);
        await pair.ReadAsync(filled);
        Assert.InRange(await told.Task.WaitAsync(Peer.Patience), 1, 1024);
    }

    [Fact]
    public async Task What_goes_out_in_the_background_is_told_of()
    {
        using var loop = NewLoop();
        using var pair = await SocketPair.ConnectAsync(sendBuffer: 16 * 1024);
        var told = new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously);
        var owner = await AddAsync(loop, pair, o => o.OnWritable = (_, sent) => told.SetResult(sent));
        var filled = await FillAsync(owner, next: "abc"u8.ToArray());
        await pair.ReadAsync(filled);
        Assert.Equal(3, await told.Task.WaitAsync(Peer.Patience));
        Assert.Equal("abc"u8.ToArray(), await pair.ReadAsync(3));
    }

    /// <summary>Sends until there is no room, and has what is next sent when there is; returns how much was sent.</summary>
    private static Task<int> FillAsync(Owner owner, byte[] next) => owner.Socket.Loop.OnLoopAsync(() =>
    {
        var all = 0;
        for (int n; (n = owner.Socket.Send(new byte[64 * 1024])) >= 0;)
            all += n;
        owner.Socket.AwaitRoom(next);
        return all;
    });
}
