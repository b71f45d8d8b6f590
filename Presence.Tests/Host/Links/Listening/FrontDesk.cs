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
    private int _begun;

    /// <summary>How many links have begun.</summary>
    public int Begun => Volatile.Read(ref _begun);

    /// <summary>Whether the next to begin is to fail.</summary>
    public bool IsBroken { get; set; }

    /// <summary>The decisions that the test makes.</summary>
    public ConcurrentQueue<TaskCompletionSource<bool>> Later { get; } = [];

    public ConcurrentQueue<string> Faults { get; } = [];

    public ValueTask<UpgradeOutcome.Upgraded?> DecideAsync(UpgradeRequest request)
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
                return ValueTask.FromException<UpgradeOutcome.Upgraded?>(new InvalidOperationException());
        }
    }

    public void Begin(LoopSocket socket, UpgradeOutcome.Upgraded upgraded)
    {
        if (IsBroken)
            throw new InvalidOperationException();
        new Echo(this, socket).Begin("taken\n"u8);
    }

    public void BeginPlain(LoopSocket socket)
    {
        if (IsBroken)
            throw new InvalidOperationException();
        new Echo(this, socket).Begin("plain\n"u8);
    }

    /// <summary>The next request that was asked about.</summary>
    public async Task<UpgradeRequest> AskedAsync()
    {
        using var patience = new CancellationTokenSource(Peer.Patience);
        return await _asked.Reader.ReadAsync(patience.Token);
    }

    private static async ValueTask<UpgradeOutcome.Upgraded?> LaterAsync(Task<bool> decision) => await decision ? Accept() : null;

    private static UpgradeOutcome.Accepted Accept() =>
        new(Peers.IdentityOf(Peers.NewUser(), "alice"), WireFormat.Json, AppearsOnline: false, "accept", SubProtocol: null);

    private sealed class Echo(FrontDesk desk, LoopSocket socket) : ISocketEvents
    {
        public void Begin(ReadOnlySpan<byte> greeting)
        {
            if (!socket.Loop.IsCurrent)
                desk.Faults.Enqueue("not on the thread of the loop");
            Interlocked.Increment(ref desk._begun);
            socket.PassTo(this);
            socket.Counted?.Establish();
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
            }
        }

        public void Writable(int sent)
        {
        }

        public void Broken() => socket.Close();
    }
}
