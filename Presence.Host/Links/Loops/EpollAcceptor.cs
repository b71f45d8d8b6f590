using System.Net;
using System.Net.Sockets;

namespace Presence.Host.Links.Loops;

/// <summary>Accepts the connections of a port on a loop of epoll, as many at a time as wait.</summary>
/// <param name="loop">The loop.</param>
/// <param name="listening">A listening socket; it is closed at the end.</param>
/// <param name="arrivals">Who takes the connections.</param>
internal sealed class EpollAcceptor(EpollLoop loop, Socket listening, IArrivals arrivals) : ISocketEvents, IThreadPoolWorkItem, IAsyncDisposable
{
    // As many connections are accepted in a row before the loop's other sockets have their turn.
    private const int AcceptsPerTurn = 32;

    // How long accepting pauses after each connection while the loops are behind.
    private static readonly TimeSpan PauseWhenBehind = TimeSpan.FromMilliseconds(2);

    // When the system is out of descriptors or memory, asking again at once would only burn the processor.
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    // The descriptor is the socket's, which closes it.
    private readonly EpollSocket _reports = new(loop, (int)listening.Handle);

    // Lets a connection be accepted, and closed, when there is no descriptor left.
    private readonly SpareDescriptor _spare = new();

    // Null until there was a reason to pause.
    private Timer? _resume;

    /// <summary>Begins to accept.</summary>
    public Task BeginAsync()
    {
        listening.Blocking = false;
        return OnLoopAsync(() => loop.Add(_reports, this));
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await OnLoopAsync(End).ConfigureAwait(false);
        if (_resume is not null)
            await _resume.DisposeAsync().ConfigureAwait(false);
        _spare.Dispose();
        listening.Dispose();
    }

    /// <summary>Connections wait to be accepted.</summary>
    void ISocketEvents.Readable()
    {
        for (var left = AcceptsPerTurn; left > 0; left--)
        {
            var descriptor = Linux.Accept((int)listening.Handle, out var address);
            if (descriptor >= 0)
            {
                Take(descriptor, address);
                if (!arrivals.IsBehind)
                    continue;
                PauseFor(PauseWhenBehind);
                return;
            }

            switch (Linux.LastAccept())
            {
                case AcceptFault.Nobody:
                    return;
                case AcceptFault.Theirs:
                    break;
                default:
                    arrivals.Starved(Linux.Fault("accept4"));
                    TurnAway(left);
                    PauseFor(Pause);
                    return;
            }
        }
    }

    /// <inheritdoc/>
    void ISocketEvents.Writable(int sent)
    {
    }

    /// <summary>The loop has ended.</summary>
    void ISocketEvents.Broken() => End();

    /// <summary>After the pause.</summary>
    void IThreadPoolWorkItem.Execute() => _reports.WantsRead = true;

    private void PauseFor(TimeSpan time)
    {
        _reports.WantsRead = false;
        _resume ??= new Timer(static acceptor => ((EpollAcceptor)acceptor!).Resume(), this, Timeout.Infinite, Timeout.Infinite);
        _resume.Change(time, Timeout.InfiniteTimeSpan);
    }

    private void Take(int descriptor, IPAddress? address)
    {
        EpollSocket? socket = null;
        try
        {
            Linux.SetNoDelay(descriptor);
            // All loops of a node are of one kind.
            socket = new EpollSocket((EpollLoop)arrivals.Next(), descriptor);
            arrivals.Arrived(socket, address, descriptor);
        }
        catch (Exception fault)
        {
            if (socket is null)
                Linux.Close(descriptor);
            else
                socket.Close();
            arrivals.Lost(fault);
        }
    }

    /// <summary>Closes connections that wait, so that their clients do not wait for a server that cannot take them.</summary>
    private void TurnAway(int most)
    {
        if (!_spare.TryRelease())
            return;
        for (; most > 0; most--)
        {
            var descriptor = Linux.Accept((int)listening.Handle, out _);
            if (descriptor < 0)
                break;
            Linux.Close(descriptor);
        }

        _spare.Take();
    }

    private void Resume() => loop.Post(this);

    private void End()
    {
        if (_reports.IsOpen)
            _reports.ReleaseDescriptor();
    }

    private Task OnLoopAsync(Action what)
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        loop.Post(new Deed(what, done));
        return done.Task;
    }

    private sealed class Deed(Action what, TaskCompletionSource done) : IThreadPoolWorkItem
    {
        public void Execute()
        {
            try
            {
                what();
                done.SetResult();
            }
            catch (Exception fault)
            {
                done.SetException(fault);
            }
        }
    }
}
