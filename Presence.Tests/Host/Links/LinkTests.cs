using System.IO.Pipelines;
using Akka.TestKit;
using Akka.TestKit.Xunit2;
using Microsoft.Extensions.Logging.Abstractions;
using Presence.Actors.Connections;
using Presence.Actors.Model;
using Presence.Host.Links;
using Presence.Tests.Host.Links.Framing;
using Presence.Tests.Semantics.Clients;
using Xunit;

namespace Presence.Tests.Host.Links;

/// <summary>One link between a connection and a client that takes no more bytes than the test says.</summary>
public sealed class LinkTests() : TestKit("akka.test.single-expect-default = 30s")
{
    private static readonly LinkTimes Long = new(3_600_000, 7_200_000, 7_200_000, FirstFrameHold: 3_600_000, CloseWait: 3_600_000);

    private static readonly byte[] Ping = new ClientFrame(ClientFrame.Ping, []).ToBytes();

    [Fact]
    [Trait("Clause", "0.3")]
    public async Task The_first_frame_waits_for_the_client_to_speak()
    {
        await using var held = Open(Long);
        await using var free = Open(Long, holds: false);
        held.Link.Send(Event("first"));
        free.Link.Send(Event("first"));
        Assert.Contains("first", (await free.ReadFrameAsync()).Text, StringComparison.Ordinal);
        // What does not wait in the link has gone out: in this order, nothing that was let go is overlooked.
        Assert.Equal(0, held.Link.CopyOutput(new byte[1024]));
        Assert.False(held.FromServer.TryRead(out _));
        await held.ToServer.WriteAsync(Ping);
        // In the order in which they were sent: before the answer to what released it.
        Assert.Contains("first", (await held.ReadFrameAsync()).Text, StringComparison.Ordinal);
        Assert.Equal(ClientFrame.Pong, (await held.ReadFrameAsync()).Opcode);
        // And only the first.
        held.Link.Send(Event("second"));
        Assert.Contains("second", (await held.ReadFrameAsync()).Text, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Clause", "0.3")]
    public async Task The_first_frame_waits_no_longer_than_it_must()
    {
        await using var client = Open(Long with { FirstFrameHold = 1 });
        client.Link.Send(Event("first"));
        Assert.Contains("first", (await client.ReadFrameAsync()).Text, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Clause", "0.3")]
    public async Task A_link_that_is_closed_before_its_first_frame_still_says_all_there_is_to_say()
    {
        await using var client = Open(Long);
        client.Link.Send(Event("first"));
        client.Link.Close(CloseReason.Restart);
        client.Link.Send(Event("too late"));
        Assert.Contains("first", (await client.ReadFrameAsync()).Text, StringComparison.Ordinal);
        Assert.Equal(1012, (await client.ReadFrameAsync()).CloseCode);
        await client.ToServer.CompleteAsync();
        await client.Running.WaitAsync(Peer.Patience);
    }

    [Fact]
    [Trait("Clause", "0.5")]
    public async Task A_link_reads_no_further_than_its_connection_demands()
    {
        await using var client = Open(Long, holds: false, demand: 1);
        foreach (var cid in new[] { "1", "2", "3" })
            await client.ToServer.WriteAsync(Request(cid));
        Assert.Equal("1", Asked(await client.Connection.ExpectMsgAsync<LinkSignal.Received>()));
        client.Link.Demand(2);
        Assert.Equal("2", Asked(await client.Connection.ExpectMsgAsync<LinkSignal.Received>()));
        Assert.Equal("3", Asked(await client.Connection.ExpectMsgAsync<LinkSignal.Received>()));
        // Nothing was read before it was demanded: what lies between 1 and 2 is the demand alone.
        await client.ToServer.WriteAsync(Request("4"));
        client.Link.Demand(1);
        Assert.Equal("4", Asked(await client.Connection.ExpectMsgAsync<LinkSignal.Received>()));
    }

    [Fact]
    [Trait("Clause", "L1")]
    public async Task A_connection_is_told_when_its_client_is_behind_and_once_when_it_has_caught_up()
    {
        await using var client = Open(Long, holds: false);
        var sent = 1;
        while (client.Link.Send(Event(new string('x', 2000))))
            sent++;
        client.Link.Send(Event("taken all the same"));
        for (var i = 0; i < sent; i++)
            await client.ReadFrameAsync();
        Assert.Contains("taken all the same", (await client.ReadFrameAsync()).Text, StringComparison.Ordinal);
        await client.Connection.ExpectMsgAsync<LinkSignal.Drained>();
        Assert.True(client.Link.Send(Event("on time")));
        Assert.Contains("on time", (await client.ReadFrameAsync()).Text, StringComparison.Ordinal);
        await client.ToServer.CompleteAsync();
        await client.Connection.ExpectMsgAsync<LinkSignal.Closed>();
    }

    [Fact]
    [Trait("Clause", "L1")]
    [Trait("Clause", "C2")]
    public async Task A_client_that_takes_nothing_is_given_up_and_one_that_owes_nothing_is_not()
    {
        await using var stalled = Open(Long with { WriteStall = 3_600_000 }, holds: false);
        await using var idle = Open(Long with { WriteStall = 3_600_000 }, holds: false);
        stalled.Link.Send(Event(new string('x', 2000)));
        stalled.Link.Send(Event(new string('x', 2000)));
        // Once a part has come the rest is under way.
        await stalled.FromServer.ReadAtLeastAsync(1);
        var now = Environment.TickCount64;
        foreach (var client in new[] { stalled, idle })
            client.Link.Watch(now);
        Assert.False(stalled.IsAborted);
        foreach (var client in new[] { stalled, idle })
            client.Link.Watch(now + 3_600_100);
        Assert.True(stalled.IsAborted);
        Assert.False(idle.IsAborted);
        await stalled.Connection.ExpectMsgAsync<LinkSignal.Closed>();
    }

    [Fact]
    [Trait("Clause", "L1")]
    public async Task A_client_that_takes_a_large_answer_slowly_is_not_given_up()
    {
        await using var client = Open(Long, holds: false);
        var before = Environment.TickCount64;
        var presences = Enumerable.Range(0, 150).Select(i => new UserSession(new UserId(Guid.NewGuid()), Shows(new string('x', 2000))));
        client.Link.Send(new ServerMessage.Snapshot("1", [.. presences]));
        // Each piece that comes shows that the one before has gone out, and that was after it was taken.
        for (var taken = 0; taken < 300_000;)
        {
            var read = await client.FromServer.ReadAtLeastAsync(1);
            client.Link.Watch(before + Long.WriteStall);
            Assert.False(client.IsAborted, $"given up after {taken} bytes");
            for (var last = before; before == last; before = Environment.TickCount64)
                await Task.Yield();
            taken += (int)read.Buffer.Length;
            client.FromServer.AdvanceTo(read.Buffer.End);
        }
    }

    [Fact]
    [Trait("Clause", "C2")]
    [Trait("Clause", "0.8")]
    public async Task A_silent_client_is_pinged_and_given_up_at_last()
    {
        await using var client = Open(new LinkTimes(PingPeriod: 15_000_000, PongWait: 25_000_000, WriteStall: 30_000_000), holds: false);
        var start = Environment.TickCount64;
        client.Link.Watch(start + 14_000_000);
        // A ping that came too early would come before it.
        client.Link.Send(Event("first"));
        Assert.Contains("first", (await client.ReadFrameAsync()).Text, StringComparison.Ordinal);
        client.Link.Watch(start + 16_000_000);
        Assert.Equal(ClientFrame.Ping, (await client.ReadFrameAsync()).Opcode);
        client.Link.Watch(start + 24_000_000);
        Assert.False(client.IsAborted);
        // The ping has been read; a moment later the link knows that it has gone out, and waits for the answer alone.
        using var patience = new CancellationTokenSource(Peer.Patience);
        while (!client.IsAborted)
        {
            patience.Token.ThrowIfCancellationRequested();
            client.Link.Watch(Environment.TickCount64 + 26_000_000);
            await Task.Yield();
        }

        await client.Connection.ExpectMsgAsync<LinkSignal.Closed>();
    }

    [Fact]
    [Trait("Clause", "C2")]
    public async Task A_closing_link_is_cut_when_its_client_does_not_close_in_time()
    {
        await using var client = Open(Long, holds: false);
        client.Link.Close(CloseReason.Failure);
        Assert.Equal(1011, (await client.ReadFrameAsync()).CloseCode);
        client.Link.Watch(Environment.TickCount64);
        Assert.False(client.IsAborted);
        // The close has been read; a moment later the link knows that it has gone out, and waits for the client alone.
        using var patience = new CancellationTokenSource(Peer.Patience);
        while (!client.IsAborted)
        {
            patience.Token.ThrowIfCancellationRequested();
            client.Link.Watch(Environment.TickCount64 + Long.CloseWait + 100);
            await Task.Yield();
        }
    }

    [Fact]
    [Trait("Clause", "L1")]
    public async Task A_closing_link_is_not_cut_while_its_client_takes_what_was_sent_before()
    {
        await using var slow = Open(Long with { CloseWait = 1000 }, holds: false);
        await using var hurried = Open(Long with { CloseWait = 1000 }, holds: false);
        foreach (var client in new[] { slow, hurried })
        {
            // More than the transport takes.
            for (var i = 0; i < 5; i++)
                client.Link.Send(Event(new string('x', 2000)));
            client.Link.Close(CloseReason.Replaced);
        }

        hurried.Link.Cut(CloseReason.Restart);
        foreach (var client in new[] { slow, hurried })
            client.Link.Watch(Environment.TickCount64 + 2000);
        Assert.False(slow.IsAborted);
        // The node ends: nobody gets more time than that.
        Assert.True(hurried.IsAborted);
        for (var i = 0; i < 5; i++)
            Assert.Equal(ClientFrame.Text, (await slow.ReadFrameAsync()).Opcode);
        Assert.Equal(4003, (await slow.ReadFrameAsync()).CloseCode);
    }

    [Fact]
    [Trait("Clause", "C2")]
    public async Task A_transport_is_not_let_go_while_something_is_being_written_to_it()
    {
        await using var client = Open(Long, holds: false);
        client.Link.Send(Event(new string('x', 2000)));
        await client.FromServer.ReadAtLeastAsync(1);
        client.Link.GiveUp();
        await client.Running.WaitAsync(Peer.Patience);
        Assert.False(client.WasLetGoWhileWriting);
    }

    private static byte[] Request(string cid) =>
        new ClientFrame(ClientFrame.Text, ClientFormat.Json.Write(new ClientRequest.Ping(cid))).ToBytes();

    private static string? Asked(LinkSignal.Received received) => received.Request.Cid;

    private static ServerMessage.StatusEvent Event(string status) => new(new UserId(Guid.NewGuid()), [new StatusChange(null, Shows(status))]);

    private static SessionStatus Shows(string status) => new(SessionId.New(), "alice", status, 1);

    private Client Open(LinkTimes times, bool holds = true, int demand = 16)
    {
        var client = new Client(times, holds, CreateTestProbe());
        client.Link.Demand(demand);
        return client;
    }

    /// <summary>The other end of a link, and its connection.</summary>
    private sealed class Client : IDuplexPipe, IAsyncDisposable
    {
        private static readonly FrameHolds Holds = new(TimeProvider.System, NullLogger<FrameHolds>.Instance);

        private readonly Pipe _toServer = new();

        // Room for one small piece, as with a network that is full.
        private readonly Pipe _fromServer = new(new PipeOptions(pauseWriterThreshold: 1024, resumeWriterThreshold: 512));
        private readonly WatchedWriter _output;
        private int _aborted;

        public Client(LinkTimes times, bool holds, TestProbe connection)
        {
            Connection = connection;
            _output = new WatchedWriter(_fromServer.Writer);
            Link = new Link(LinkFormat.WebSocketJson, 64 * 1024, times, holds ? Holds : null);
            Link.Attach(connection.Ref);
            Running = new PipeCarrier(Link, this, Abort).RunAsync();
        }

        public Link Link { get; }

        public TestProbe Connection { get; }

        public Task Running { get; }

        public bool IsAborted => Volatile.Read(ref _aborted) > 0;

        public PipeWriter ToServer => _toServer.Writer;

        public PipeReader FromServer => _fromServer.Reader;

        PipeReader IDuplexPipe.Input => _toServer.Reader;

        PipeWriter IDuplexPipe.Output => _output;

        public bool WasLetGoWhileWriting => _output.WasCompletedWhileFlushing;

        public async Task<ServerFrame> ReadFrameAsync()
        {
            var head = await TakeAsync(2);
            var length = head[1] & 0x7f;
            if (length == 126)
            {
                var number = await TakeAsync(2);
                length = (number[0] << 8) | number[1];
            }

            return new ServerFrame(head[0] & 0xf, await TakeAsync(length));
        }

        public async ValueTask DisposeAsync()
        {
            Link.GiveUp();
            await Running.WaitAsync(Peer.Patience);
        }

        private async Task<byte[]> TakeAsync(int count)
        {
            var bytes = new byte[count];
            for (var taken = 0; taken < count;)
            {
                using var patience = new CancellationTokenSource(Peer.Patience);
                var read = await FromServer.ReadAsync(patience.Token);
                var piece = read.Buffer.Slice(0, Math.Min(count - taken, read.Buffer.Length));
                foreach (var part in piece)
                {
                    part.CopyTo(bytes.AsMemory(taken));
                    taken += part.Length;
                }

                FromServer.AdvanceTo(piece.End);
                if (read.IsCompleted && taken < count)
                    throw new InvalidOperationException("The link ended in the middle of a frame.");
            }

            return bytes;
        }

        private void Abort()
        {
            Interlocked.Increment(ref _aborted);
            _toServer.Writer.Complete(new IOException("cut"));
            _fromServer.Reader.Complete(new IOException("cut"));
        }
    }

    /// <summary>Sees whether it is completed while a flush is under way, which no writer of a stream allows.</summary>
    private sealed class WatchedWriter(PipeWriter inner) : PipeWriter
    {
        private int _flushing;

        public bool WasCompletedWhileFlushing { get; private set; }

        public override void Advance(int bytes) => inner.Advance(bytes);

        public override Memory<byte> GetMemory(int sizeHint = 0) => inner.GetMemory(sizeHint);

        public override Span<byte> GetSpan(int sizeHint = 0) => inner.GetSpan(sizeHint);

        public override void CancelPendingFlush() => inner.CancelPendingFlush();

        public override void Complete(Exception? exception = null)
        {
            WasCompletedWhileFlushing |= Volatile.Read(ref _flushing) > 0;
            inner.Complete(exception);
        }

        public override async ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
        {
            Interlocked.Increment(ref _flushing);
            try
            {
                return await inner.FlushAsync(cancellationToken);
            }
            finally
            {
                // The end of a flush takes a moment to get through, as it does with a stream.
                await Task.Yield();
                Interlocked.Decrement(ref _flushing);
            }
        }
    }
}
