using System.Net;
using System.Net.Sockets;

namespace Presence.Host.Links.Loops;

/// <summary>
/// Accepts the connections of a port on a loop of epoll, a few at a time, whenever the loop that takes them has time for background work.
/// </summary>
/// <param name="loop">The loop.</param>
/// <param name="listening">A listening socket; it is closed at the end.</param>
/// <param name="arrivals">Who takes the connections.</param>
internal sealed class EpollAcceptor(EpollLoop loop, Socket listening, IArrivals arrivals) : ISocketEvents, IThreadPoolWorkItem, IAsyncDisposable
{
    // As many are looked at in a row: one that is refused causes no more work. As many are closed when there is no descriptor for them.
    internal const int LooksPerTurn = 32;

    // When the system is out of descriptors or memory, asking again at once would only burn the processor.
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    // The descriptor is the socket's, which closes it.
    private readonly EpollSocket _reports = new(loop, (int)listening.Handle);

    // Lets a connection be accepted, and closed, when there is no descriptor left.
    private readonly SpareDescriptor _spare = new();

    // Takes the next connections.
    private EpollLoop? _next;

    // How many connections are accepted in a row, until others have their turn.
    private int _left;

    // Null until there was a reason to wait.
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
        _reports.WantsRead = false;
        AwaitTurn();
    }

    /// <inheritdoc/>
    void ISocketEvents.Writable(int sent)
    {
    }

    /// <summary>The loop has ended. The port is closed: clients would wait for a server that accepts nobody.</summary>
    void ISocketEvents.Broken()
    {
        End();
        listening.Dispose();
    }

    /// <summary>The loop that takes the next connection has time for it, and then this loop has.</summary>
    void IThreadPoolWorkItem.Execute()
    {
        // A loop that has ended leaves this to the thread pool, which must not pass it back.
        if (!_reports.IsOpen)
            return;
        if (loop.IsCurrent && _next != loop)
        {
            Accept();
            return;
        }

        _left = _next!.BeginGroup(BusyPace.LargestGroup, out var wait);
        if (_left == 0)
            ResumeAfter(wait);
        else if (_next == loop)
            Accept();
        else
            loop.Post(this);
    }

    private void ResumeAfter(TimeSpan wait)
    {
        _resume ??= new Timer(static acceptor => ((EpollAcceptor)acceptor!).Resume(), this, Timeout.Infinite, Timeout.Infinite);
        _resume.Change((long)Math.Ceiling(wait.TotalMilliseconds), Timeout.Infinite);
    }

    private void Resume() => _next!.PostBackground(this);

    private void AwaitTurn()
    {
        // All loops of a node are of one kind.
        var next = (EpollLoop)arrivals.Next();
        _next = next;
        next.PostBackground(this);
    }

    private void Accept()
    {
        for (var looks = LooksPerTurn; _left > 0 && looks > 0; looks--)
        {
            var descriptor = Linux.Accept((int)listening.Handle, out var address);
            if (descriptor >= 0)
            {
                if (Take(descriptor, address))
                    _left--;
                continue;
            }

            switch (Linux.LastAccept())
            {
                case AcceptFault.Nobody:
                    _reports.WantsRead = true;
                    return;
                case AcceptFault.Theirs:
                    break;
                default:
                    arrivals.Starved(Linux.Fault("accept4"));
                    TurnAway();
                    ResumeAfter(Pause);
                    return;
            }
        }

        AwaitTurn();
    }

    /// <returns>Whether it is there: neither refused nor lost.</returns>
    private bool Take(int descriptor, IPAddress? address)
    {
        EpollSocket? socket = null;
        try
        {
            Linux.SetNoDelay(descriptor);
            socket = new EpollSocket(_next!, descriptor);
            return arrivals.Arrived(socket, address, descriptor);
        }
        catch (Exception fault)
        {
            if (socket is null)
                Linux.Close(descriptor);
            else
                socket.Close();
            arrivals.Lost(fault);
            return false;
        }
    }

    /// <summary>Closes connections that wait, so that their clients do not wait for a server that cannot take them.</summary>
    private void TurnAway()
    {
        if (!_spare.TryRelease())
            return;
        for (var left = LooksPerTurn; left > 0; left--)
        {
            var descriptor = Linux.Accept((int)listening.Handle, out _);
            if (descriptor < 0)
                break;
            Linux.Close(descriptor);
        }

        _spare.Take();
    }

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
