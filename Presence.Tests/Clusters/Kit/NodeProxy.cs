using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Presence.Tests.Clusters.Kit;

/// <summary>
/// Stands where the other nodes look for a node, through all lives of its process, and carries their connections to where it
/// really listens.
/// </summary>
internal sealed class NodeProxy : IAsyncDisposable
{
    private readonly Network _network;
    private readonly int _node;
    private readonly int _bindPort;
    private readonly TcpListener _listener;
    private readonly ConcurrentDictionary<ProxiedConnection, bool> _connections = new();
    private readonly Task _accepting;
    private volatile bool _isOver;

    public NodeProxy(Network network, int node, NodeAddress address)
    {
        _network = network;
        _node = node;
        _bindPort = address.BindPort;
        network.Add(node, address.ClusterPort);
        _listener = new TcpListener(IPAddress.Loopback, address.ClusterPort);
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public async ValueTask DisposeAsync()
    {
        _isOver = true;
        _listener.Stop();
        await _accepting;
        foreach (var (connection, _) in _connections)
            connection.Cut();
    }

    private async Task AcceptAsync()
    {
        while (true)
        {
            Socket peer;
            try
            {
                peer = await _listener.AcceptSocketAsync();
            }
            catch (Exception e) when (e is ObjectDisposedException || (_isOver && e is SocketException))
            {
                return;
            }
            catch (SocketException)
            {
                // A caller that has died while it waited; the next one is another.
                continue;
            }

            _ = CarryAsync(peer);
        }
    }

    private async Task CarryAsync(Socket peer)
    {
        var target = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        peer.NoDelay = true;
        try
        {
            await target.ConnectAsync(IPAddress.Loopback, _bindPort);
        }
        catch (SocketException)
        {
            // Nobody is there: so it is for the peer.
            peer.Dispose();
            target.Dispose();
            return;
        }

        var connection = new ProxiedConnection(_network, _node, peer, target);
        _connections.TryAdd(connection, true);
        await connection.RunAsync();
        _connections.TryRemove(connection, out _);
    }
}
