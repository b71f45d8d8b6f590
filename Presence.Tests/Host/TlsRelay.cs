using System.Collections.Concurrent;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;

namespace Presence.Tests.Host;

/// <summary>
/// Passes what comes to a port on to another over TLS, and back. An end of one side becomes an end on the other, and a reset a
/// reset.
/// </summary>
internal sealed class TlsRelay : IAsyncDisposable
{
    private const int PieceSize = 4 * 1024;

    // Small, so that who does not read is noticed, but no smaller than the loopback's segments: with a smaller window either side waits
    // for timers, some 30 ms for every message.
    private const int BufferSize = 64 * 1024;

    private readonly Socket _listening = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly IPEndPoint _server;
    private readonly SslClientAuthenticationOptions _trust;
    private readonly CancellationTokenSource _end = new();
    private readonly ConcurrentDictionary<Task, bool> _serving = new();
    private readonly Task _accepting;

    /// <param name="server">Where to.</param>
    /// <param name="certificate">Who must be there.</param>
    public TlsRelay(IPEndPoint server, X509Certificate2 certificate)
    {
        _server = server;
        _trust = new SslClientAuthenticationOptions
        {
            TargetHost = "localhost",
            RemoteCertificateValidationCallback = (_, shown, _, _) => certificate.Equals(shown),
        };
        _listening.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _listening.Listen();
        EndPoint = (IPEndPoint)_listening.LocalEndPoint!;
        _accepting = AcceptAsync();
    }

    /// <summary>Where it waits for clients.</summary>
    public IPEndPoint EndPoint { get; }

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        _listening.Dispose();
        await _accepting;
        await Task.WhenAll(_serving.Keys);
        _end.Dispose();
    }

    private static async Task CopyAsync(Stream from, Stream to, Func<Task> end, CancellationToken cancel)
    {
        var piece = new byte[PieceSize];
        for (int read; (read = await from.ReadAsync(piece, cancel)) > 0;)
            await to.WriteAsync(piece.AsMemory(0, read), cancel);
        await end();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                Socket client;
                try
                {
                    client = await _listening.AcceptAsync(_end.Token);
                }
                catch (SocketException) when (!_end.IsCancellationRequested)
                {
                    // A client that has gone while it waited; the next one is another.
                    continue;
                }

                var serving = ServeAsync(client);
                _serving[serving] = true;
                _ = serving.ContinueWith(over => _serving.TryRemove(over, out var _), TaskScheduler.Default);
            }
        }
        catch (Exception fault) when (fault is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // The end.
        }
    }

    private async Task ServeAsync(Socket client)
    {
        using var server = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        using var _ = client;
        client.NoDelay = true;
        client.ReceiveBufferSize = client.SendBufferSize = server.ReceiveBufferSize = server.SendBufferSize = BufferSize;
        using var end = CancellationTokenSource.CreateLinkedTokenSource(_end.Token);
        try
        {
            await server.ConnectAsync(_server, end.Token);
            await using var plain = new NetworkStream(client);
            await using var secret = new SslStream(new NetworkStream(server));
            await secret.AuthenticateAsClientAsync(_trust, end.Token);
            Task[] ways =
            [
                CopyAsync(plain, secret, EndOfClientAsync, end.Token),
                CopyAsync(secret, plain, EndOfServerAsync, end.Token),
            ];
            // One that fails fails both.
            await await Task.WhenAny(ways);
            await Task.WhenAll(ways);

            async Task EndOfClientAsync()
            {
                await secret.ShutdownAsync();
                server.Shutdown(SocketShutdown.Send);
            }

            Task EndOfServerAsync()
            {
                client.Shutdown(SocketShutdown.Send);
                return Task.CompletedTask;
            }
        }
        catch (Exception fault) when (fault is IOException or SocketException or OperationCanceledException or ObjectDisposedException)
        {
            client.LingerState = server.LingerState = new LingerOption(true, 0);
        }
        finally
        {
            await end.CancelAsync();
        }
    }
}
