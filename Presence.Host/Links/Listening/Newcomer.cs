using System.Net;
using Presence.Host.Links.Loops;
using Presence.Host.Links.Upgrade;

namespace Presence.Host.Links.Listening;

/// <summary>
/// A connection of which it is not known yet whether it is a link's or the HTTP server's. Its first bytes are looked at and left
/// where they are until that is decided, so that the server can be given all of them.
/// </summary>
internal sealed class Newcomer : ISocketEvents, IThreadPoolWorkItem
{
    // Who needs more looks sends byte by byte, and each look costs as much as all bytes so far.
    private const int MostLooks = 16;

    private readonly Lobby _lobby;
    private readonly IPAddress? _address;
    private int _looks;
    private int _headLength;
    private UpgradeOutcome.Accepted? _decision;

    public Newcomer(Lobby lobby, LoopSocket socket, IPAddress? address)
    {
        _lobby = lobby;
        _address = address;
        Socket = socket;
        // A look takes nothing, so what has been seen must not be reported again and again.
        lobby.Loop.Add(socket, this, once: true);
    }

    /// <summary>The connection, while it is here.</summary>
    public LoopSocket Socket { get; }

    /// <summary>Whether nobody has got it yet.</summary>
    public bool IsHere { get; private set; } = true;

    /// <summary>Whether what it asks for is being decided about.</summary>
    public bool IsDecidedAbout { get; private set; }

    /// <inheritdoc/>
    public void Readable()
    {
        if (IsDecidedAbout)
            return;
        var scratch = Socket.Loop.Scratch;
        var seen = Socket.Peek(scratch);
        if (seen == 0)
        {
            Leave();
            Socket.Close();
        }
        else if (seen > 0)
        {
            Look(scratch.AsSpan(0, seen));
        }
    }

    /// <inheritdoc/>
    public void Writable(int sent)
    {
    }

    /// <inheritdoc/>
    public void Broken()
    {
        Leave();
        Socket.Close();
    }

    /// <summary>Lets the HTTP server have it, unless somebody else has got it or is about to.</summary>
    public void GiveToServer()
    {
        if (!IsHere || IsDecidedAbout)
            return;
        Leave();
        _lobby.GiveToServer(Socket);
    }

    /// <summary>Ends it, if it is still here.</summary>
    public void Close()
    {
        if (!IsHere)
            return;
        Leave();
        Socket.Close();
    }

    /// <summary>The decision has taken its time.</summary>
    void IThreadPoolWorkItem.Execute() => Conclude(_decision);

    private void Look(ReadOnlySpan<byte> bytes)
    {
        switch (RequestHead.TryParse(bytes, _address, out var request, out _headLength))
        {
            case HeadVerdict.Incomplete when ++_looks < MostLooks:
                break;
            case HeadVerdict.Ours:
                IsDecidedAbout = true;
                var decision = _lobby.Front.DecideAsync(request!);
                if (decision.IsCompletedSuccessfully)
                    Conclude(decision.Result);
                else
                    _ = ConcludeLaterAsync(decision);
                break;
            default:
                GiveToServer();
                break;
        }
    }

    private async Task ConcludeLaterAsync(ValueTask<UpgradeOutcome.Accepted?> decision)
    {
        try
        {
            _decision = await decision.ConfigureAwait(false);
        }
        catch (Exception)
        {
            // The server will meet the same, and knows how to tell of it.
        }

        Socket.Loop.Post(this);
    }

    private void Conclude(UpgradeOutcome.Accepted? accepted)
    {
        IsDecidedAbout = false;
        _decision = null;
        if (accepted is null)
        {
            GiveToServer();
            return;
        }

        var isBegun = false;
        try
        {
            if (!IsHere)
                return;
            Leave();
            if (!TryTake(_headLength))
                return;
            _lobby.Front.Begin(Socket, accepted);
            isBegun = true;
        }
        finally
        {
            if (!isBegun)
            {
                Socket.Close();
                accepted.Place.Dispose();
            }
        }
    }

    /// <summary>Takes the request, all of which has been seen.</summary>
    private bool TryTake(int length)
    {
        while (length > 0)
        {
            var taken = Socket.Receive(Socket.Loop.Scratch.AsSpan(0, length));
            if (taken <= 0)
                return false;
            length -= taken;
        }

        return true;
    }

    private void Leave()
    {
        if (!IsHere)
            return;
        IsHere = false;
        _lobby.Left();
    }
}
