using System.Net.Sockets;

namespace Presence.Host.Links.Loops;

/// <summary>A loop for every system: the framework waits for its sockets, and posts what it finds.</summary>
internal sealed class PortableLoop : SocketLoop
{
    // Unlike the slim primitives it does not spin before it sleeps.
    private readonly AutoResetEvent _woken = new(initialState: false);

    // Sockets that have something to take and have been read in this turn already: the next turns read them, in this order.
    private readonly Queue<PortableSocket> _readable = new();

    /// <param name="number">Tells the loops of a process apart.</param>
    /// <param name="log">Where faults of the work go.</param>
    public PortableLoop(int number, ILogger<WorkLoop> log)
        : base(number, log) => Start();

    /// <inheritdoc/>
    public override Task<IAsyncDisposable> AcceptAsync(Socket listening, IArrivals arrivals) =>
        Task.FromResult<IAsyncDisposable>(new PortableAcceptor(listening, arrivals));

    /// <inheritdoc/>
    protected override int Wait(bool mayBlock)
    {
        if (mayBlock && _readable.Count == 0)
            _woken.WaitOne();
        return _readable.Count;
    }

    /// <summary>Has a socket read that has something to take: in the next turn, since this one has read it. On the loop's thread.</summary>
    internal void ReadNextTurn(PortableSocket socket) => _readable.Enqueue(socket);

    /// <inheritdoc/>
    protected override void Dispatch(int count, ref TurnBudget budget)
    {
        // What is added meanwhile is of the next turn.
        for (var left = count; left > 0 && _readable.TryDequeue(out var socket); left--)
        {
            socket.Arrived();
            budget.Spend(1);
            if (budget.IsSpent)
                return;
        }
    }

    /// <inheritdoc/>
    protected override void Wake() => _woken.Set();

    /// <inheritdoc/>
    protected override void End()
    {
        base.End();
        _woken.Dispose();
    }
}
