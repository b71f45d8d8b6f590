using System.Collections.Concurrent;

namespace Presence.Tests.Clusters.Kit;

/// <summary>All that lies between the nodes of a cluster.</summary>
/// <param name="seed">Of what it loses.</param>
public sealed class Network(int seed)
{
    private readonly ConcurrentDictionary<(int, int), Wire> _wires = new();
    private readonly ConcurrentDictionary<(int From, int To, string Manifest), Traffic> _traffic = new();
    private readonly ConcurrentDictionary<int, int> _nodes = new();

    /// <summary>What has gone between all nodes.</summary>
    public Traffic Total => Sum((_, _, _) => true);

    public Wire Between(int a, int b) => _wires.GetOrAdd((Math.Min(a, b), Math.Max(a, b)), pair => new Wire(SeedOf(pair)));

    /// <summary>What has gone from one node to another.</summary>
    public Traffic From(int a, int b) => Sum((from, to, _) => from == a && to == b);

    /// <summary>What has gone between all nodes of some kinds of messages.</summary>
    /// <param name="manifests">What the serializer calls them.</param>
    public Traffic OfKinds(params string[] manifests) => Sum((_, _, manifest) => manifests.Contains(manifest));

    /// <summary>Nothing passes between these nodes and the others.</summary>
    public void Partition(params int[] side)
    {
        foreach (var (a, b) in Pairs.Where(p => side.Contains(p.A) != side.Contains(p.B)))
            Between(a, b).Interrupt();
    }

    /// <summary>Everything passes again.</summary>
    public void Heal()
    {
        foreach (var (a, b) in Pairs)
            Between(a, b).Heal();
    }

    /// <summary>Loses one in so many of Presence's own messages, between all nodes; 0 for none.</summary>
    public void Lose(int oneIn)
    {
        foreach (var (a, b) in Pairs)
            Between(a, b).Loss = oneIn;
    }

    internal void Add(int node, int port) => _nodes[port] = node;

    /// <summary>The node that others know under this port; null for a stranger.</summary>
    internal int? NodeAt(int port) => _nodes.TryGetValue(port, out var node) ? node : null;

    internal void Count(int from, int to, string manifest, int bytes, bool isLost)
    {
        var one = new Traffic(1, bytes, isLost ? 1 : 0);
        _traffic.AddOrUpdate((from, to, manifest), one, (_, t) => t + one);
    }

    // Not HashCode, which is another in every process.
    private int SeedOf((int A, int B) pair) => (((seed * 397) ^ pair.A) * 397) ^ pair.B;

    private Traffic Sum(Func<int, int, string, bool> which) =>
        _traffic.Where(t => which(t.Key.From, t.Key.To, t.Key.Manifest)).Aggregate(default(Traffic), (sum, t) => sum + t.Value);

    private IEnumerable<(int A, int B)> Pairs
    {
        get
        {
            var nodes = _nodes.Values.Order().ToArray();
            return nodes.SelectMany(a => nodes.Where(b => a < b).Select(b => (a, b)));
        }
    }
}
