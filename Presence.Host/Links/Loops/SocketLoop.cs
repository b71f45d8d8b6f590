using System.Net.Sockets;

namespace Presence.Host.Links.Loops;

/// <summary>A loop with sockets: tells their owners what happens to them, and ends with them.</summary>
/// <param name="number">Tells the loops of a process apart.</param>
/// <param name="log">Where faults of the work go.</param>
internal abstract class SocketLoop(int number, ILogger<WorkLoop> log) : WorkLoop(number, log)
{
    /// <summary>How large the shared buffers are, in bytes.</summary>
    public const int ScratchSize = 64 * 1024;

    private readonly Stack<int> _free = new();
    private LoopSocket?[] _sockets = new LoopSocket?[64];
    private int _used;
    private uint _registrations;

    /// <summary>A buffer to receive into, shared by all sockets of the loop: what is in it counts until the next receive.</summary>
    public byte[] Scratch { get; } = GC.AllocateUninitializedArray<byte>(ScratchSize, pinned: true);

    /// <summary>A buffer to put together in what is to be sent, shared likewise.</summary>
    public byte[] SendScratch { get; } = GC.AllocateUninitializedArray<byte>(ScratchSize, pinned: true);

    /// <summary>How many sockets there are. On the loop's thread.</summary>
    public int SocketCount => _used - _free.Count;

    /// <summary>Reports of a socket of this loop when there is something to receive. On the loop's thread.</summary>
    /// <param name="socket">The socket.</param>
    /// <param name="events">Whom to tell.</param>
    /// <param name="once">
    /// Whether to tell only of what is new since it was last told, for those who look without taking; until
    /// <see cref="LoopSocket.PassTo"/>.
    /// </param>
    /// <exception cref="IOException">The system has no room for it; it is to be closed.</exception>
    public void Add(LoopSocket socket, ISocketEvents events, bool once = false)
    {
        if (!IsCurrent)
            throw new InvalidOperationException("Only the thread of the loop may add sockets to it.");
        if (!_free.TryPop(out var place))
        {
            place = _used++;
            if (place == _sockets.Length)
                Array.Resize(ref _sockets, place * 2);
        }

        try
        {
            socket.Enter(place, ++_registrations, events, once);
        }
        catch
        {
            _free.Push(place);
            throw;
        }

        _sockets[place] = socket;
    }

    /// <summary>Accepts the connections of a port, for all loops of its kind.</summary>
    /// <param name="listening">A listening socket; it is closed when the accepting has ended.</param>
    /// <param name="arrivals">Who takes the connections.</param>
    /// <returns>What ends the accepting.</returns>
    public abstract Task<IAsyncDisposable> AcceptAsync(Socket listening, IArrivals arrivals);

    /// <summary>Forgets a socket: what has been reported of it already is not told any more.</summary>
    internal void Remove(int place)
    {
        _sockets[place] = null;
        _free.Push(place);
    }

    /// <summary>An owner that fails loses its socket, since nobody knows what state it is in.</summary>
    internal void GiveUp(LoopSocket socket, Exception fault)
    {
        Failed(fault);
        GiveUp(socket);
    }

    /// <summary>The socket at a place, if there is one.</summary>
    protected LoopSocket? At(int place) => _sockets[place];

    /// <inheritdoc/>
    protected override void End()
    {
        for (var place = 0; place < _used; place++)
        {
            if (_sockets[place] is { } socket)
                GiveUp(socket);
        }
    }

    private void GiveUp(LoopSocket socket)
    {
        try
        {
            socket.TellBroken();
        }
        catch (Exception fault)
        {
            Failed(fault);
        }
        finally
        {
            socket.Abort();
        }
    }
}
