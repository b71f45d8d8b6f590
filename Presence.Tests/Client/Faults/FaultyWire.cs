using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Presence.Tests.Client.Faults;

/// <summary>
/// Stands between clients and a server and carries their bytes, which it does not understand: cut off at any of them, in any
/// pieces, as late as it is told.
/// </summary>
internal sealed class FaultyWire : IAsyncDisposable
{
    private readonly IPEndPoint _server;
    private readonly Func<int, Fault> _faults;
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly ConcurrentDictionary<FaultyConnection, Task> _connections = new();
    private readonly Task _accepting;
    private volatile TaskCompletionSource? _held;
    private volatile bool _isOver;
    private int _accepted;
    private int _cut;

    /// <param name="server">Where the bytes go.</param>
    /// <param name="faults">What befalls each connection, in the order in which they come, from 0.</param>
    public FaultyWire(IPEndPoint server, Func<int, Fault> faults)
    {
        _server = server;
        _faults = faults;
        _listener.Start();
        Address = (IPEndPoint)_listener.LocalEndpoint;
        _accepting = AcceptAsync();
    }

    /// <summary>Where clients find it.</summary>
    public IPEndPoint Address { get; }

    /// <summary>How many connections have come.</summary>
    public int Accepted => Volatile.Read(ref _accepted);

    /// <summary>How many have ended as their fault says.</summary>
    public int Cut => Volatile.Read(ref _cut);

    /// <summary>How many are carried.</summary>
    public int Open => _connections.Count;

    /// <summary>How many bytes have passed of the clients and of the server, on all connections that are carried.</summary>
    public (long Up, long Down) Passed =>
        _connections.Keys.Aggregate((0L, 0L), (sum, connection) => (sum.Item1 + connection.Passed.Up, sum.Item2 + connection.Passed.Down));

    /// <summary>How many bytes have come that will never pass, on all connections that are carried.</summary>
    public long Swallowed => _connections.Keys.Sum(connection => connection.Swallowed);

    /// <summary>Who comes from now on waits until <see cref="LetNew"/>.</summary>
    public void HoldNew() => _held = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Nobody waits any longer.</summary>
    public void LetNew()
    {
        _held?.SetResult();
        _held = null;
    }

    /// <summary>Ends every connection that is carried.</summary>
    public void CutAll(Ending ending = Ending.Reset)
    {
        foreach (var (connection, _) in _connections)
            connection.End(ending);
    }

    public async ValueTask DisposeAsync()
    {
        _isOver = true;
        _listener.Stop();
        LetNew();
        await _accepting;
        CutAll();
        await Task.WhenAll(_connections.Values);
    }

    private async Task AcceptAsync()
    {
        while (true)
        {
            Socket client;
            try
            {
                client = await _listener.AcceptSocketAsync();
            }
            catch (Exception e) when (_isOver && e is (InvalidOperationException or SocketException))
            {
                return;
            }
            catch (SocketException)
            {
                // A client that has gone while it waited; the next one is another.
                continue;
            }

            if (_held is { } held)
                await held.Task;
            var connection = new FaultyConnection(client, _faults(Interlocked.Increment(ref _accepted) - 1));
            var isKnown = new TaskCompletionSource();
            _connections[connection] = CarryAsync(connection, isKnown.Task);
            isKnown.SetResult();
        }
    }

    // No byte passes of a connection that could not be cut.
    private async Task CarryAsync(FaultyConnection connection, Task isKnown)
    {
        await isKnown;
        if (await connection.CarryAsync(_server))
            Interlocked.Increment(ref _cut);
        _connections.TryRemove(connection, out _);
    }
}
