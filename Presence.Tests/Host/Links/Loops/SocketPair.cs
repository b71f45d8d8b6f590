using System.Net;
using System.Net.Sockets;
using Presence.Tests.Semantics.Clients;

namespace Presence.Tests.Host.Links.Loops;

/// <summary>A client's socket, and the server's of the same connection.</summary>
internal sealed class SocketPair : IDisposable
{
    private SocketPair(Socket client, Socket server)
    {
        Client = client;
        Server = server;
    }

    public Socket Client { get; }

    /// <summary>Nobody's until a loop takes it over.</summary>
    public Socket Server { get; }

    public static async Task<SocketPair> ConnectAsync(int? sendBuffer = null)
    {
        using var listener = new Socket(SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        var client = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        if (sendBuffer is { } small)
            client.ReceiveBufferSize = small;
        using var patience = new CancellationTokenSource(Peer.Patience);
        await client.ConnectAsync(listener.LocalEndPoint!, patience.Token);
        var server = await listener.AcceptAsync(patience.Token);
        if (sendBuffer is { } size)
            server.SendBufferSize = size;
        server.Blocking = false;
        return new(client, server);
    }

    /// <summary>The server's side by its descriptor alone.</summary>
    public int TakeDescriptor()
    {
        // What the framework closes is its own descriptor of the connection.
        var descriptor = Libc.Duplicate((int)Server.Handle);
        Server.Dispose();
        return descriptor;
    }

    public async Task<byte[]> ReadAsync(int count)
    {
        var bytes = new byte[count];
        using var patience = new CancellationTokenSource(Peer.Patience);
        for (var read = 0; read < count;)
        {
            var n = await Client.ReceiveAsync(bytes.AsMemory(read), patience.Token);
            if (n == 0)
                throw new InvalidOperationException($"The server ended after {read} of {count} bytes.");
            read += n;
        }

        return bytes;
    }

    /// <summary>How the server's side ended: "end", "reset", or what came instead.</summary>
    public async Task<string> ReadEndAsync()
    {
        using var patience = new CancellationTokenSource(Peer.Patience);
        try
        {
            return await Client.ReceiveAsync(new byte[1], patience.Token) == 0 ? "end" : "a byte";
        }
        catch (SocketException fault) when (fault.SocketErrorCode == SocketError.ConnectionReset)
        {
            return "reset";
        }
    }

    public void Reset()
    {
        Client.LingerState = new LingerOption(true, 0);
        Client.Dispose();
    }

    public void Dispose() => Client.Dispose();
}
