using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;
using Presence.Host.Links.Admission;
using Presence.Host.Links.Loops;

namespace Presence.Host.Links.Listening;

/// <summary>
/// The connections of one port and one loop that are neither a link nor the HTTP server's yet. <see cref="SocketPlaces"/> bounds their
/// number and their time. Everything happens on the loop's thread, if not stated otherwise.
/// </summary>
internal sealed class Lobby : IAsyncDisposable
{
    private readonly ChannelWriter<(Socket Socket, SocketPlace? Place)> _server;
    private readonly HashSet<Newcomer> _waiting = [];
    private bool _isClosed;
    private int _refusing;

    /// <param name="loop">Whose connections these are.</param>
    /// <param name="front">Who makes links of them.</param>
    /// <param name="kind">What they begin with.</param>
    /// <param name="server">Where those go that are the HTTP server's.</param>
    public Lobby(SocketLoop loop, ILinkFront front, PortKind kind, ChannelWriter<(Socket Socket, SocketPlace? Place)> server)
    {
        Loop = loop;
        Front = front;
        Kind = kind;
        _server = server;
    }

    /// <summary>Whose connections these are.</summary>
    public SocketLoop Loop { get; }

    /// <summary>Who makes links of them.</summary>
    public ILinkFront Front { get; }

    /// <summary>What connections begin with.</summary>
    public PortKind Kind { get; }

    /// <summary>Answers and closes those that are refused.</summary>
    public Farewells Farewells { get; } = new();

    /// <summary>Takes in a connection. From any thread; what goes wrong with it is no business of the caller's.</summary>
    public void Enter(LoopSocket socket, IPAddress? address) => Loop.Post(new Arrival(this, socket, address));

    /// <summary>Answers a connection for which there is no place, and closes it. From any thread.</summary>
    public void Refuse(LoopSocket socket)
    {
        // The loop may be behind, and these are not counted: no more than a few are open.
        if (Interlocked.Increment(ref _refusing) > FileLimit.MostRefused)
        {
            Interlocked.Decrement(ref _refusing);
            socket.Close();
        }
        else
        {
            Loop.Post(new Refusal(this, socket));
        }
    }

    /// <summary>A connection is neither a link nor the HTTP server's yet.</summary>
    public void Add(Newcomer newcomer) => _waiting.Add(newcomer);

    /// <summary>It is, or it is closed.</summary>
    public void Remove(Newcomer newcomer) => _waiting.Remove(newcomer);

    /// <summary>Lets the HTTP server have a connection.</summary>
    public void GiveToServer(LoopSocket socket)
    {
        var place = socket.Counted;
        socket.Counted = null;
        try
        {
            var connection = socket.Release();
            if (_server.TryWrite((connection, place)))
                return;
            connection.Dispose();
            place?.Dispose();
        }
        catch (SocketException)
        {
            // Its client has gone meanwhile.
            place?.Dispose();
        }
    }

    /// <summary>Closes what is still here, and lets nobody in any more. From any thread.</summary>
    public async ValueTask DisposeAsync()
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Loop.Post(new Closing(this, done));
        await done.Task.ConfigureAwait(false);
    }

    private void Admit(LoopSocket socket, IPAddress? address)
    {
        if (_isClosed || !Loop.IsCurrent)
        {
            socket.Close();
            return;
        }

        try
        {
            if (Kind == PortKind.Plain)
                Pass(socket);
            else
                _ = new Newcomer(this, socket, address);
        }
        catch (IOException)
        {
            // The system has no room for it.
            socket.Close();
        }
        catch
        {
            socket.Abort();
            throw;
        }
    }

    private void Pass(LoopSocket socket)
    {
        Loop.Add(socket, Nobody.Instance);
        Front.BeginPlain(socket);
    }

    private void Close()
    {
        _isClosed = true;
        foreach (var newcomer in _waiting.ToArray())
            newcomer.Close();
    }

    private sealed class Arrival(Lobby lobby, LoopSocket socket, IPAddress? address) : IThreadPoolWorkItem
    {
        public void Execute() => lobby.Admit(socket, address);
    }

    private sealed class Refusal(Lobby lobby, LoopSocket socket) : IThreadPoolWorkItem
    {
        public void Execute()
        {
            Interlocked.Decrement(ref lobby._refusing);
            if (lobby.Loop.IsCurrent)
                lobby.Farewells.Send(socket, RefusalAnswers.Full(lobby.Kind), isAdded: false);
            else
                socket.Close();
        }
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
