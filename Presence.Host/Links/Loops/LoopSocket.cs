using System.Net;
using System.Net.Sockets;
using Presence.Host.Links.Admission;

namespace Presence.Host.Links.Loops;

/// <summary>
/// A connected socket of a loop. Small, since there are tens of thousands: buffers are the loop's. Everything but its making happens
/// on the loop's thread, nothing blocks, and nothing but a release throws; what else is asked of a closed socket has no effect.
/// </summary>
/// <param name="loop">Whose socket it is; it is told nothing before <see cref="SocketLoop.Add"/>.</param>
internal abstract class LoopSocket(SocketLoop loop)
{
    /// <summary>There is nothing to take, or no room.</summary>
    public const int WouldBlock = -1;

    /// <summary>The connection is gone.</summary>
    public const int Gone = -2;

    /// <summary>
    /// How much the system keeps of what has been sent and is not on its way yet, in bytes, before it takes no more. By itself it takes
    /// up to 4 MB per connection, and reports room again only when a third of that is free: that costs memory, and says nothing of a
    /// slow client for a minute.
    /// </summary>
    public const int UnsentBytes = 64 * 1024;

    // No place of the loop's table.
    private const int Nowhere = -1;

    private bool _wantsRead = true;

    /// <summary>Whose socket it is.</summary>
    public SocketLoop Loop { get; } = loop;

    /// <summary>Whether it has been neither closed nor taken away.</summary>
    public abstract bool IsOpen { get; }

    /// <summary>Whether <see cref="ISocketEvents.Readable"/> is wanted; it is from the beginning until the end of the stream.</summary>
    public bool WantsRead
    {
        get => _wantsRead;
        set
        {
            if (value == _wantsRead || (value && HasEnded))
                return;
            _wantsRead = value;
            if (value)
                AwaitInput();
        }
    }

    /// <summary>Whether <see cref="ISocketEvents.Writable"/> is awaited.</summary>
    public bool AwaitsRoom { get; protected set; }

    /// <summary>Where the client is; null if it is gone.</summary>
    public abstract IPEndPoint? RemoteEndPoint { get; }

    /// <summary>Where the client has connected to; null if it is gone.</summary>
    public abstract IPEndPoint? LocalEndPoint { get; }

    /// <summary>
    /// Its place in the node's count of sockets, given back when the socket is closed. The place must be taken before the socket is released.
    /// </summary>
    public SocketPlace? Counted { get; set; }

    /// <summary>How far the client has come; null where the system does not tell, or the socket is closed.</summary>
    public abstract PeerProgress? Progress { get; }

    /// <summary>
    /// Whether the client sends nothing more, behind what has come and was not taken; false where the system does not tell.
    /// </summary>
    public virtual bool HasClientEnded => false;

    /// <summary>Its place in the loop's table.</summary>
    internal int Place { get; private set; } = Nowhere;

    /// <summary>Whom to tell.</summary>
    protected ISocketEvents Events { get; private set; } = null!;

    /// <summary>Whether nothing will come any more.</summary>
    protected bool HasEnded { get; private set; }

    /// <summary>Whether only what is new since the last look is told of.</summary>
    protected bool IsLookedAt { get; private set; }

    /// <summary>
    /// Takes what has come. Zero: nothing will come any more, because the client has ended its side or because the connection is
    /// gone, and <see cref="WantsRead"/> is off for good. <see cref="WouldBlock"/>: there is nothing now.
    /// </summary>
    public int Receive(Span<byte> into)
    {
        if (!IsOpen || HasEnded)
            return 0;
        var received = Take(into, peek: false);
        if (received is not (0 or Gone))
            return received;
        HasEnded = true;
        _wantsRead = false;
        EndInput();
        return 0;
    }

    /// <summary>Looks at what has come and leaves it there; answers as <see cref="Receive"/> does, and changes nothing.</summary>
    public int Peek(Span<byte> into)
    {
        if (!IsOpen || HasEnded)
            return 0;
        var seen = Take(into, peek: true);
        return seen == Gone ? 0 : seen;
    }

    /// <summary>
    /// Sends as much as there is room for. The number of bytes taken, <see cref="WouldBlock"/> if there is no room, or
    /// <see cref="Gone"/>. Nothing may be sent while <see cref="AwaitsRoom"/>.
    /// </summary>
    public abstract int Send(ReadOnlySpan<byte> bytes);

    /// <summary>
    /// Has <see cref="ISocketEvents.Writable"/> told once, when there is room again; to be called where a send did not take
    /// everything.
    /// </summary>
    /// <param name="next">What is to be sent next; some of it may have been sent by then.</param>
    public abstract void AwaitRoom(ReadOnlySpan<byte> next);

    /// <summary>Tells the client that nothing more will come, after what has been sent. It may still send.</summary>
    public abstract void ShutdownSend();

    /// <summary>Has the network find out whether a silent client is still there.</summary>
    /// <param name="idle">The silence before the first probe, in seconds.</param>
    /// <param name="interval">The time between probes, in seconds.</param>
    /// <param name="probes">How many go unanswered before the connection is gone.</param>
    public abstract void SetKeepAlive(int idle, int interval, int probes);

    /// <summary>Lets somebody else have the events, from now on and every one as long as it lasts.</summary>
    public void PassTo(ISocketEvents events)
    {
        Events = events;
        if (!IsLookedAt)
            return;
        IsLookedAt = false;
        // What was looked at is told again.
        if (_wantsRead)
            AwaitInput();
    }

    /// <summary>Closes it; what has been sent still goes out. From any thread, if it is of no loop yet.</summary>
    public void Close()
    {
        if (IsOpen)
            End(isAbrupt: false);
    }

    /// <summary>Closes it and has the client's side fail: what has been sent and is not on its way yet is dropped.</summary>
    public void Abort()
    {
        if (IsOpen)
            End(isAbrupt: true);
    }

    /// <summary>Takes the connection away from the loop without closing it.</summary>
    /// <exception cref="InvalidOperationException">It has been closed or taken away before.</exception>
    /// <exception cref="SocketException">It is gone, and has been closed.</exception>
    public Socket Release() => IsOpen ? Detach() : throw new InvalidOperationException("The socket has been closed or taken away.");

    /// <summary>Begins the reports.</summary>
    /// <param name="place">Its place in the loop's table.</param>
    /// <param name="registration">Tells it from those that had that place before.</param>
    /// <param name="events">Whom to tell.</param>
    /// <param name="once">Whether to tell only of what is new since the last look.</param>
    /// <exception cref="IOException">The system has no room for it.</exception>
    internal void Enter(int place, uint registration, ISocketEvents events, bool once)
    {
        Events = events;
        IsLookedAt = once;
        Register(place, registration);
        Place = place;
    }

    /// <summary>Tells the owner that it is over, and ends the reports: of this one the system would go on for ever.</summary>
    internal void TellBroken()
    {
        if (!IsOpen)
            return;
        HasEnded = true;
        _wantsRead = AwaitsRoom = false;
        EndReports();
        Events.Broken();
    }

    /// <summary>Begins the reports.</summary>
    protected abstract void Register(int place, uint registration);

    /// <summary>Ends the reports.</summary>
    protected abstract void EndReports();

    /// <summary>Has what is there, or comes, reported.</summary>
    protected abstract void AwaitInput();

    /// <summary>Nothing will come any more.</summary>
    protected virtual void EndInput()
    {
    }

    /// <summary>Receives, or looks: the number of bytes, zero at the end, <see cref="WouldBlock"/> or <see cref="Gone"/>.</summary>
    protected abstract int Take(Span<byte> into, bool peek);

    /// <summary>Gives away what is open, without closing it.</summary>
    protected abstract Socket Detach();

    /// <summary>Closes what is open.</summary>
    protected abstract void End(bool isAbrupt);

    /// <summary>Gives its place in the loop back.</summary>
    protected void Leave()
    {
        AwaitsRoom = false;
        Counted?.Dispose();
        if (Place == Nowhere)
            return;
        Loop.Remove(Place);
        Place = Nowhere;
    }
}
