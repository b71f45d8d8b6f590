using System.Net.Sockets;

namespace Presence.Host.Links.Loops;

/// <summary>A loop for every system: the framework waits for its sockets, and posts what it finds.</summary>
internal sealed class PortableLoop : SocketLoop
{
    // Unlike the slim primitives it does not spin before it sleeps.
    private readonly AutoResetEvent _woken = new(initialState: false);

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
        if (mayBlock)
            _woken.WaitOne();
        return 0;
    }

    /// <inheritdoc/>
    protected override void Dispatch(int count)
    {
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
