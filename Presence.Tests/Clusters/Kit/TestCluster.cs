namespace Presence.Tests.Clusters.Kit;

/// <summary>
/// A cluster of server processes on this machine. All nodes are seeds of all, and all that they say to each other goes through
/// proxies. What the nodes write is kept if one of them has failed.
/// </summary>
public sealed class TestCluster : IAsyncDisposable
{
    private readonly List<NodeProcess> _nodes = [];
    private readonly List<NodeProxy> _proxies = [];
    private readonly DirectoryInfo _logs = Directory.CreateTempSubdirectory("presence-cluster-");
    private readonly string _folder;
    private readonly string[] _settings;

    /// <param name="nodes">How many nodes.</param>
    /// <param name="folder">Where the server is; by default beside these tests.</param>
    /// <param name="settings">What differs from the settings of Development, as on the command line.</param>
    /// <param name="seed">Of what the network loses, when it is told to lose something.</param>
    public TestCluster(int nodes, string? folder = null, int seed = 1, params IEnumerable<string> settings)
    {
        Network = new Network(seed);
        _folder = folder ?? AppContext.BaseDirectory;
        // A node that is started during a partition gives up and is started anew, which is to be seen within a test.
        _settings = ["--Logging:LogLevel:Default=Information", "--Presence:Cluster:JoinTimeout=00:00:15", .. settings];
        var addresses = Enumerable.Range(0, nodes).Select(_ => NodeAddress.Take(isProxied: true)).ToArray();
        foreach (var address in addresses)
            Add(address, addresses.Select(a => a.Seed), _folder);
    }

    public IReadOnlyList<NodeProcess> Nodes => _nodes;

    public Network Network { get; }

    public NodeProcess this[int node] => _nodes[node];

    /// <summary>Starts all nodes at once and waits until each serves.</summary>
    public async Task StartAsync()
    {
        foreach (var node in _nodes)
            node.Start();
        await Task.WhenAll(_nodes.Select(n => n.ServingAsync()));
    }

    /// <summary>Brings a cluster in whatever state back to one in which every node serves.</summary>
    public async Task RecoverAsync()
    {
        foreach (var node in _nodes.Where(n => !n.IsRunning))
            node.Start();
        await Task.WhenAll(_nodes.Select(n => n.ServingAsync()));
    }

    /// <summary>Adds a node, which joins and serves when this is done; returns its index.</summary>
    /// <param name="folder">Where its build is, if it is another.</param>
    /// <param name="rehearses">Whether it tries itself out before it serves.</param>
    public async Task<int> AddAsync(string? folder = null, bool rehearses = false)
    {
        var node = Add(NodeAddress.Take(isProxied: true), _nodes.Select(n => n.Address.Seed).ToArray(), folder ?? _folder, rehearses);
        await node.RestartAsync();
        return _nodes.Count - 1;
    }

    /// <summary>Takes the last node away, which asks the others to go on without it.</summary>
    public async Task<NodeExit> RemoveLastAsync()
    {
        var node = _nodes[^1];
        var exit = await node.TerminateAsync();
        await _proxies[^1].DisposeAsync();
        _nodes.Remove(node);
        _proxies.RemoveAt(_proxies.Count - 1);
        await node.DisposeAsync();
        return exit;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var node in _nodes)
            await node.DisposeAsync();
        foreach (var proxy in _proxies)
            await proxy.DisposeAsync();
        if (!_nodes.Exists(node => node.HasFailed))
            _logs.Delete(recursive: true);
    }

    private NodeProcess Add(NodeAddress address, IEnumerable<string> seeds, string folder, bool rehearses = false)
    {
        _proxies.Add(new NodeProxy(Network, _nodes.Count, address));
        var node = new NodeProcess($"node{_nodes.Count}", address, seeds, folder, _logs.FullName, _settings, rehearses);
        _nodes.Add(node);
        return node;
    }
}
