using System.Threading.Channels;
using Presence.Host.Links.Loops;
using Presence.Tests.Semantics.Clients;

namespace Presence.Tests.Host.Links.Loops;

/// <summary>The owner of a socket, who does what the test says and writes down what it is told.</summary>
internal sealed class Owner : ISocketEvents
{
    private readonly Channel<string> _told = Channel.CreateUnbounded<string>();

    public LoopSocket Socket { get; set; } = null!;

    public Action<Owner> OnReadable { get; set; } = owner => owner.Take();

    public Action<Owner, int> OnWritable { get; set; } = (_, _) => { };

    public Action<Owner> OnBroken { get; set; } = owner => owner.Socket.Close();

    public List<byte> Received { get; } = [];

    /// <summary>Adds a socket to its loop.</summary>
    public static async Task<Owner> AddAsync(LoopSocket socket, Action<Owner>? setUp = null)
    {
        var owner = new Owner { Socket = socket };
        setUp?.Invoke(owner);
        await socket.Loop.OnLoopAsync(() => socket.Loop.Add(socket, owner));
        return owner;
    }

    public void Readable()
    {
        _told.Writer.TryWrite("readable");
        OnReadable(this);
    }

    public void Writable(int sent)
    {
        _told.Writer.TryWrite("writable");
        OnWritable(this, sent);
    }

    public void Broken()
    {
        _told.Writer.TryWrite("broken");
        OnBroken(this);
    }

    /// <summary>Writes something down for the test.</summary>
    public void Say(string what) => _told.Writer.TryWrite(what);

    /// <summary>Receives once, and closes at the end.</summary>
    public int Take()
    {
        var scratch = Socket.Loop.Scratch;
        var n = Socket.Receive(scratch);
        if (n > 0)
            Received.AddRange(scratch.AsSpan(0, n));
        else if (n == 0)
        {
            Socket.Close();
            Say("end");
        }

        return n;
    }

    /// <summary>Waits until it has been told this.</summary>
    public async Task<List<string>> AwaitAsync(string what)
    {
        using var patience = new CancellationTokenSource(Peer.Patience);
        var told = new List<string>();
        while (told.LastOrDefault() != what)
            told.Add(await _told.Reader.ReadAsync(patience.Token));
        return told;
    }

    /// <summary>What it has been told and nobody has awaited.</summary>
    public List<string> Rest()
    {
        var rest = new List<string>();
        while (_told.Reader.TryRead(out var what))
            rest.Add(what);
        return rest;
    }
}
