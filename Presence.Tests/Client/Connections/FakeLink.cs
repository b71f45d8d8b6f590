using System.Text;
using System.Text.Json;
using System.Threading.Channels;
using Presence.Client.Links;

namespace Presence.Tests.Client.Connections;

/// <summary>A link to a server that acknowledges everything, unless it is told to be silent.</summary>
internal sealed class FakeLink : Link
{
    private readonly Channel<byte[]> _incoming = Channel.CreateUnbounded<byte[]>();

    private long _received;
    private int _asked;
    private int _said;

    public bool IsSilent { get; set; }

    public bool IsDisposed { get; private set; }

    public bool SaidGoodbye { get; private set; }

    public List<string> Sent { get; } = [];

    /// <summary>Whether the client has taken all that the server has said, and asks for more.</summary>
    public bool IsHeard => Volatile.Read(ref _asked) > Volatile.Read(ref _said);

    public override bool EndsAtError => false;

    public override long BytesReceived => Volatile.Read(ref _received);

    public override Task SendAsync(ReadOnlyMemory<byte> message, CancellationToken cancel)
    {
        if (End != LinkEnd.Plain)
            throw new IOException("The link is closed.");
        using var json = JsonDocument.Parse(message);
        // A pong has none.
        var cid = json.RootElement.TryGetProperty("cid", out var name) ? name.GetString() : null;
        // Both at once: who sees that it was sent can wait for the answer to be heard.
        lock (Sent)
        {
            Sent.Add(json.RootElement.EnumerateObject().Last().Name);
            if (!IsSilent && cid is not null)
                Say($$"""{"cid":"{{cid}}"}""");
        }

        return Task.CompletedTask;
    }

    public override async ValueTask<ReadOnlyMemory<byte>?> ReceiveAsync(CancellationToken cancel)
    {
        Interlocked.Increment(ref _asked);
        try
        {
            return await _incoming.Reader.ReadAsync(cancel);
        }
        catch (ChannelClosedException)
        {
            return null;
        }
    }

    public override Task SayGoodbyeAsync(CancellationToken cancel)
    {
        SaidGoodbye = true;
        _incoming.Writer.TryComplete();
        return Task.CompletedTask;
    }

    public override ValueTask DisposeAsync()
    {
        IsDisposed = true;
        _incoming.Writer.TryComplete();
        return default;
    }

    /// <summary>The server sends a part of a message.</summary>
    public void Dribble() => Interlocked.Increment(ref _received);

    public void Say(string json)
    {
        Interlocked.Increment(ref _said);
        _incoming.Writer.TryWrite(Encoding.UTF8.GetBytes(json));
    }

    /// <summary>The server closes the link.</summary>
    public void Close(int? code, string? text = null)
    {
        End = new LinkEnd(code, text);
        _incoming.Writer.TryComplete();
    }

    /// <summary>The server says why it closes the link, and does not hang up.</summary>
    public void SayWhy(int code, string text) => End = new LinkEnd(code, text);

    public bool HasSent(string request)
    {
        lock (Sent)
            return Sent.Contains(request);
    }
}
