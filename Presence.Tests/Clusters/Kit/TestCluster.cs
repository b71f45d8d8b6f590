namespace Presence.Tests.Clusters.Kit;

/// <summary>A cluster of server processes on this machine. All nodes are seeds of all.</summary>
public sealed class TestCluster : IAsyncDisposable
{
    private readonly List<NodeProcess> _nodes = [];
    private readonly string _folder;
    private readonly string[] _settings;

    /// <param name="nodes">How many nodes.</param>
    /// <param name="folder">Where the server is; by default beside these tests.</param>
    /// <param name="settings">What differs from the settings of Development, as on the command line.</param>
    public TestCluster(int nodes, string? folder = null, params IEnumerable<string> settings)
    {
        _folder = folder ?? AppContext.BaseDirectory;
        _settings = ["--Logging:LogLevel:Default=Information", .. settings];
        var addresses = Enumerable.Range(0, nodes).Select(_ => NodeAddress.Take(isProxied: false)).ToArray();
        foreach (var address in addresses)
            _nodes.Add(NodeAt(address, addresses.Select(a => a.Seed), _folder));
    }

    public IReadOnlyList<NodeProcess> Nodes => _nodes;

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
    public async Task<int> AddAsync(string? folder = null)
    {
        var node = NodeAt(NodeAddress.Take(isProxied: false), _nodes.Select(n => n.Address.Seed).ToArray(), folder ?? _folder);
        _nodes.Add(node);
        await node.RestartAsync();
        return _nodes.Count - 1;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var node in _nodes)
            await node.DisposeAsync();
    }

    private NodeProcess NodeAt(NodeAddress address, IEnumerable<string> seeds, string folder) =>
        new($"node{_nodes.Count}", address, seeds, folder, _settings);
}
