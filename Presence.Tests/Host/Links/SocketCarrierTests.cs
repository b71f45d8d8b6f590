using Akka.Actor;
using Microsoft.Extensions.Logging.Abstractions;
using Presence.Actors.Connections;
using Presence.Host.Links;
using Presence.Host.Links.Loops;
using Presence.Tests.Host.Links.Loops;
using Presence.Tests.Semantics.Clients;
using Xunit;

namespace Presence.Tests.Host.Links;

public sealed class SocketCarrierTests
{
    [Fact]
    [Trait("Clause", "C2")]
    public Task A_link_that_begins_when_its_loop_has_ended_is_over() =>
        BeginLateAsync(() => new PortableLoop(0, NullLogger<WorkLoop>.Instance), (loop, pair) => new PortableSocket((PortableLoop)loop, pair.Server));

    [LinuxFact]
    [Trait("Clause", "C2")]
    public Task A_link_that_begins_when_its_epoll_loop_has_ended_is_over() =>
        BeginLateAsync(() => new EpollLoop(0, NullLogger<WorkLoop>.Instance), (loop, pair) => new EpollSocket((EpollLoop)loop, pair.TakeDescriptor()));

    private static async Task BeginLateAsync(Func<SocketLoop> newLoop, Func<SocketLoop, SocketPair, LoopSocket> socketOf)
    {
        using var pair = await SocketPair.ConnectAsync();
        var loop = newLoop();
        var owner = await Owner.AddAsync(socketOf(loop, pair));
        loop.Dispose();
        var account = new Account();
        var link = new Link(LinkFormat.Lines, 1024, new LinkTimes(1000, 2000, 3000), holds: null, watcher: account);
        link.Attach(ActorRefs.Nobody);
        link.Close(CloseReason.Failure);

        SocketCarrier.Begin(link, owner.Socket);

        await account.Ended.WaitAsync(Peer.Patience);
    }

    private sealed class Account : ILinkWatcher
    {
        private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Ended => _ended.Task;

        public void Attached(Link link)
        {
        }

        public void Over(Link link) => _ended.TrySetResult();
    }
}
