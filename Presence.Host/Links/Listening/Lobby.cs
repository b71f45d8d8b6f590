using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;
using Presence.Host.Links.Loops;

namespace Presence.Host.Links.Listening;

/// <summary>
/// Where the connections of one port and one loop wait until they have said what they want. Nobody waits for long: the HTTP server,
/// which has its own clocks, gets who has not said it in time. Everything but the beginning of the timer's calls happens on the
/// loop's thread.
/// </summary>
internal sealed class Lobby : IThreadPoolWorkItem, IAsyncDisposable
{
    /// <summary>How long a connection may take to say what it wants, in milliseconds.</summary>
    public const long Patience = 1000;

    // Beyond this many the server gets the next ones at once.
    private const int Room = 16 * 1024;

    private readonly bool _speaksHttp;
    private readonly ChannelWriter<Socket> _server;
    private readonly Queue<(Newcomer Newcomer, long Due)> _waiting = new();
    private readonly Timer _timer;
    private bool _isClosed;

    /// <param name="loop">Whose connections these are.</param>
    /// <param name="front">Who makes links of them.</param>
    /// <param name="speaksHttp">Whether they begin with an HTTP request.</param>
    /// <param name="server">Where those go that are the HTTP server's.</param>
    public Lobby(SocketLoop loop, ILinkFront front, bool speaksHttp, ChannelWriter<Socket> server)
    {
        Loop = loop;
        Front = front;
        _speaksHttp = speaksHttp;
        _server = server;
        _timer = new Timer(static lobby => ((Lobby)lobby!).Loop.Post((Lobby)lobby), this, Timeout.Infinite, Timeout.Infinite);
    }

    /// <summary>Whose connections these are.</summary>
    public SocketLoop Loop { get; }

    /// <summary>Who makes links of them.</summary>
    public ILinkFront Front { get; }

    /// <summary>How many have not been decided about.</summary>
    public int Count { get; private set; }

    /// <summary>Takes in a connection. From any thread; what goes wrong with it is no business of the caller's.</summary>
    public void Enter(LoopSocket socket, IPAddress? address) => Loop.Post(new Arrival(this, socket, address));

    /// <summary>One has been decided about.</summary>
    public void Left() => Count--;

    /// <summary>Lets the HTTP server have a connection.</summary>
    public void GiveToServer(LoopSocket socket)
    {
        try
        {
            var connection = socket.Release();
            if (!_server.TryWrite(connection))
                connection.Dispose();
        }
        catch (SocketException)
        {
            // Its client has gone meanwhile.
        }
    }

    /// <summary>Closes what is still here, and lets nobody in any more.</summary>
    public async ValueTask DisposeAsync()
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Loop.Post(new Closing(this, done));
        await done.Task.ConfigureAwait(false);
        await _timer.DisposeAsync().ConfigureAwait(false);
    }

    /// <summary>Somebody may have waited for long enough.</summary>
    void IThreadPoolWorkItem.Execute()
    {
        var now = Environment.TickCount64;
        while (_waiting.TryPeek(out var first))
        {
            if (first.Newcomer.IsHere && first.Due > now)
            {
                _timer.Change(first.Due - now, Timeout.Infinite);
                return;
            }

            _waiting.Dequeue();
            // Whoever closes the port looks for it here.
            if (first.Newcomer is { IsHere: true, IsDecidedAbout: true })
                _waiting.Enqueue((first.Newcomer, now + Patience));
            else
                first.Newcomer.GiveToServer();
        }
    }

    private void Admit(LoopSocket socket, IPAddress? address)
    {
        if (_isClosed || !Loop.IsCurrent)
        {
            socket.Close();
            return;
        }

        if (_speaksHttp && Count >= Room)
        {
            GiveToServer(socket);
            return;
        }

        try
        {
            if (_speaksHttp)
                Wait(new Newcomer(this, socket, address));
            else
                Pass(socket);
        }
        catch (IOException)
        {
            // The system has no room for it.
            socket.Close();
        }
    }

    private void Wait(Newcomer newcomer)
    {
        Count++;
        _waiting.Enqueue((newcomer, Environment.TickCount64 + Patience));
        if (_waiting.Count == 1)
            _timer.Change(Patience, Timeout.Infinite);
    }

    private void Pass(LoopSocket socket)
    {
        Loop.Add(socket, Nobody.Instance);
        var isPassed = false;
        try
        {
            Front.BeginPlain(socket);
            isPassed = true;
        }
        finally
        {
            if (!isPassed)
                socket.Abort();
        }
    }

    private void Close()
    {
        _isClosed = true;
        while (_waiting.TryDequeue(out var first))
            first.Newcomer.Close();
    }

    private sealed class Arrival(Lobby lobby, LoopSocket socket, IPAddress? address) : IThreadPoolWorkItem
    {
        public void Execute() => lobby.Admit(socket, address);
    }

    private sealed class Closing(Lobby lobby, TaskCompletionSource done) : IThreadPoolWorkItem
    {
        public void Execute()
        {
            try
            {
                lobby.Close();
            }
            finally
            {
                done.SetResult();
            }
        }
    }

    /// <summary>Owns a socket for the moment that it takes to pass it on.</summary>
    private sealed class Nobody : ISocketEvents
    {
        public static readonly Nobody Instance = new();

        public void Readable() => throw new InvalidOperationException("A connection was not passed on.");

        public void Writable(int sent) => throw new InvalidOperationException("A connection was not passed on.");

        public void Broken()
        {
        }
    }
}
