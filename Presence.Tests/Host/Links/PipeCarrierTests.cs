using System.Buffers;
using System.IO.Pipelines;
using Microsoft.Extensions.Logging.Abstractions;
using Presence.Actors.Connections;
using Presence.Actors.Model;
using Presence.Host.Links;
using Presence.Host.Links.Loops;
using Presence.Tests.Host.Links.Codecs;
using Presence.Tests.Host.Links.Loops;
using Presence.Tests.Semantics.Clients;
using Xunit;

namespace Presence.Tests.Host.Links;

/// <summary>What a link over pipes takes of them.</summary>
public sealed class PipeCarrierTests
{
    [Fact]
    public async Task A_link_that_has_said_everything_holds_no_memory_of_its_transport()
    {
        using var loop = new PortableLoop(0, NullLogger<WorkLoop>.Instance);
        using var pool = new CountingPool();
        await using var network = new Network();
        var input = new Pipe();
        var link = new Link(LinkFormat.WebSocketJson, 64 * 1024, new LinkTimes(1000, 2000, 3000), holds: null);
        var running = new PipeCarrier(link, new Transport(input.Reader, PipeWriter.Create(network, new StreamPipeWriterOptions(pool))), () => input.Writer.Complete(), loop).RunAsync();
        for (var round = 0; round < 3; round++)
        {
            await loop.OnLoopAsync(() => link.Send(Samples.Event(new StatusChange(null, Samples.Shown("x")))));
            Assert.True(await network.Written.WaitAsync(Peer.Patience));
            // The round of writing is over when its thread does something else.
            Assert.Equal(0, await loop.OnLoopAsync(() => pool.Rented));
        }

        Assert.True(pool.HasRented);
        link.GiveUp();
        await running.WaitAsync(Peer.Patience);
    }

    [Fact]
    [Trait("Clause", "L2")]
    public async Task A_client_that_sends_without_end_to_a_closing_link_does_not_keep_the_thread()
    {
        using var loop = new PortableLoop(0, NullLogger<WorkLoop>.Instance);
        // A frame of 64 MB. A link that is closing drops what comes.
        var input = new EndlessInput([0x81, 0xff, 0, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0]);
        var link = new Link(LinkFormat.WebSocketJson, 64 * 1024, new LinkTimes(1000, 2000, 3000), holds: null);
        link.Close(CloseReason.Restart);
        Task? running = null;
        var returned = Task.Run(() =>
        {
            running = new PipeCarrier(link, new Transport(input, PipeWriter.Create(Stream.Null)), () => { }, loop).RunAsync();
        });
        try
        {
            await returned.WaitAsync(Peer.Patience);
            Assert.True(input.Reads > 1);
        }
        finally
        {
            input.End();
        }

        link.GiveUp();
        await running!.WaitAsync(Peer.Patience);
    }

    private sealed record Transport(PipeReader Input, PipeWriter Output) : IDuplexPipe;

    /// <summary>Has more for every read, at once, until it is ended.</summary>
    private sealed class EndlessInput(byte[] first) : PipeReader
    {
        private static readonly byte[] More = new byte[4096];

        private int _reads;
        private volatile bool _hasEnded;

        public int Reads => Volatile.Read(ref _reads);

        public void End() => _hasEnded = true;

        public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
        {
            var bytes = Interlocked.Increment(ref _reads) == 1 ? first : More;
            return new(new ReadResult(new ReadOnlySequence<byte>(bytes), isCanceled: false, isCompleted: _hasEnded));
        }

        public override bool TryRead(out ReadResult result) => throw new NotSupportedException();

        public override void AdvanceTo(SequencePosition consumed)
        {
        }

        public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
        {
        }

        public override void CancelPendingRead() => End();

        public override void Complete(Exception? exception = null)
        {
        }
    }

    /// <summary>A stream that takes everything at once.</summary>
    private sealed class Network : MemoryStream
    {
        public SemaphoreSlim Written { get; } = new(0);

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            Written.Release();
            return default;
        }

        protected override void Dispose(bool disposing)
        {
            Written.Dispose();
            base.Dispose(disposing);
        }
    }

    /// <summary>Counts the blocks that somebody has.</summary>
    private sealed class CountingPool : MemoryPool<byte>
    {
        public int Rented { get; private set; }

        public bool HasRented { get; private set; }

        public override int MaxBufferSize => 64 * 1024;

        public override IMemoryOwner<byte> Rent(int minBufferSize = -1)
        {
            Rented++;
            HasRented = true;
            return new Block(this, Math.Max(minBufferSize, 4096));
        }

        protected override void Dispose(bool disposing)
        {
        }

        private sealed class Block(CountingPool pool, int size) : IMemoryOwner<byte>
        {
            private byte[]? _bytes = new byte[size];

            public Memory<byte> Memory => _bytes;

            public void Dispose()
            {
                if (_bytes is null)
                    return;
                _bytes = null;
                pool.Rented--;
            }
        }
    }
}
