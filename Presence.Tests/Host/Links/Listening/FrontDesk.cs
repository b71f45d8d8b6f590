using System.Collections.Concurrent;
using System.Threading.Channels;
using Presence.Actors.Connections;
using Presence.Host.Links.Listening;
using Presence.Host.Links.Loops;
using Presence.Host.Links.Upgrade;
using Presence.Tests.Semantics.Clients;

namespace Presence.Tests.Host.Links.Listening;

/// <summary>
/// Decides by the token that a request brings: <c>yes</c>, <c>no</c>, <c>later</c> (when the test says so), or an exception for
/// everything else. What it accepts is greeted and then echoed.
/// </summary>
internal sealed class FrontDesk : ILinkFront
{
    private readonly Channel<UpgradeRequest> _asked = Channel.CreateUnbounded<UpgradeRequest>();
    private int _places;

    /// <summary>How many places are taken.</summary>
    public int Places => Volatile.Read(ref _places);

    /// <summary>Whether the next to begin is to fail.</summary>
    public bool IsBroken { get; set; }

    /// <summary>The decisions that the test makes.</summary>
    public ConcurrentQueue<TaskCompletionSource<bool>> Later { get; } = [];

    public ConcurrentQueue<string> Faults { get; } = [];

    public ValueTask<UpgradeOutcome.Accepted?> DecideAsync(UpgradeRequest request)
    {
        switch ((string?)request.Token)
        {
            case "yes":
                _asked.Writer.TryWrite(request);
                return new(Accept());
            case "no":
                _asked.Writer.TryWrite(request);
                return default;
            case "later":
                var decision = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
                Later.Enqueue(decision);
                _asked.Writer.TryWrite(request);
                return LaterAsync(decision.Task);
            default:
                _asked.Writer.TryWrite(request);
                return ValueTask.FromException<UpgradeOutcome.Accepted?>(new InvalidOperationException());
        }
    }

    public void Begin(LoopSocket socket, UpgradeOutcome.Accepted accepted)
    {
        if (IsBroken)
            throw new InvalidOperationException();
        new Echo(this, socket, accepted.Place).Begin("taken\n"u8);
    }

    public void BeginPlain(LoopSocket socket)
    {
        if (IsBroken)
            throw new InvalidOperationException();
        Interlocked.Increment(ref _places);
        new Echo(this, socket, new Place(this)).Begin("plain\n"u8);
    }

    /// <summary>The next request that was asked about.</summary>
    public async Task<UpgradeRequest> AskedAsync()
    {
        using var patience = new CancellationTokenSource(Peer.Patience);
        return await _asked.Reader.ReadAsync(patience.Token);
    }

    private async ValueTask<UpgradeOutcome.Accepted?> LaterAsync(Task<bool> decision) => await decision ? Accept() : null;

    private UpgradeOutcome.Accepted Accept()
    {
        Interlocked.Increment(ref _places);
        return new(Peers.IdentityOf(Peers.NewUser(), "alice"), WireFormat.Json, AppearsOnline: false, "accept", SubProtocol: null, new Place(this));
    }

    private sealed class Place(FrontDesk desk) : IDisposable
    {
        private int _isLeft;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _isLeft, 1) == 0)
                Interlocked.Decrement(ref desk._places);
        }
    }

    private sealed class Echo(FrontDesk desk, LoopSocket socket, IDisposable place) : ISocketEvents
    {
        public void Begin(ReadOnlySpan<byte> greeting)
        {
            if (!socket.Loop.IsCurrent)
                desk.Faults.Enqueue("not on the thread of the loop");
            socket.PassTo(this);
            socket.Send(greeting);
        }

        public void Readable()
        {
            var n = socket.Receive(socket.Loop.Scratch);
            if (n > 0)
            {
                socket.Send(socket.Loop.Scratch.AsSpan(0, n));
            }
            else if (n == 0)
            {
                socket.Close();
                place.Dispose();
            }
        }

        public void Writable(int sent)
        {
        }

        public void Broken()
        {
            socket.Close();
            place.Dispose();
        }
    }
}
