using System.Diagnostics;
using Presence.Actors.Model;
using Presence.Tests.Clusters.Kit;
using Presence.Tests.Clusters.Oracle;
using Presence.Tests.Semantics.Clients;

namespace Presence.Tests.Clusters.Load;

/// <summary>
/// Clients that keep a cluster busy, what was done to the cluster meanwhile, and all that both led to, on one clock.
/// </summary>
public sealed class Crowd : IAsyncDisposable
{
    /// <summary>How long a crowd may take to have a link for each client.</summary>
    private static readonly TimeSpan ConnectPatience = TimeSpan.FromSeconds(60);

    private readonly long _start = Stopwatch.GetTimestamp();
    private readonly Lock _gate = new();
    private readonly List<Recording> _recordings = [];
    private readonly List<Disturbance> _disturbances = [];
    private readonly Dictionary<UserId, string> _names;
    private readonly CrowdClient[] _clients;
    private readonly CancellationTokenSource _stop = new();
    private Task[] _lives = [];

    public Crowd(TestCluster cluster, Habits habits)
    {
        Cluster = cluster;
        var tag = Guid.NewGuid().ToString()[..6];
        // Of five clients, one is a second device of another's user.
        var users = habits.Clients - (habits.Clients / 5);
        Accounts = [.. Enumerable.Range(0, users).Select(i => new Account(Peers.NewUser(), $"u{i}-{tag}"))];
        _names = Accounts.ToDictionary(a => a.User, a => a.Username);
        _clients = [.. Enumerable.Range(0, habits.Clients).Select(i => new CrowdClient(this, i, Accounts[i % users], habits))];
    }

    public TestCluster Cluster { get; }

    public IReadOnlyList<Account> Accounts { get; }

    public TimeSpan Now => Stopwatch.GetElapsedTime(_start);

    /// <summary>Everything so far.</summary>
    public Chronicle Chronicle
    {
        get
        {
            lock (_gate)
                return new Chronicle([.. _recordings.Select(r => r.ToLife())], [.. _disturbances], Now);
        }
    }

    /// <summary>Begins, and waits until every client has a link.</summary>
    public async Task StartAsync()
    {
        _lives = [.. _clients.Select(c => Task.Run(() => c.RunAsync(_stop.Token)))];
        var since = Now;
        while (_clients.Any(c => !c.IsConnected))
        {
            if (Now - since > ConnectPatience)
                throw new TimeoutException($"{_clients.Count(c => !c.IsConnected)} of {_clients.Length} clients have no link after {ConnectPatience.TotalSeconds} s.");
            await Task.WhenAny([Task.Delay(50), .. _lives.Where(l => l.IsFaulted)]);
            foreach (var failed in _lives.Where(l => l.IsFaulted))
                await failed;
        }
    }

    /// <summary>No client does anything any more; the links stay open.</summary>
    public async Task StopAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_lives);
    }

    /// <summary>Writes down that something is about to be done to the cluster.</summary>
    /// <returns>To be called when the cluster is whole again.</returns>
    public Action Disturb(DisturbanceKind kind, int node)
    {
        lock (_gate)
        {
            var index = _disturbances.Count;
            _disturbances.Add(new Disturbance(kind, node, Now, null));
            return () =>
            {
                lock (_gate)
                    _disturbances[index] = _disturbances[index] with { To = Now };
            };
        }
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        await Task.WhenAll(_clients.Select(c => c.LeaveAsync()));
        _stop.Dispose();
    }

    internal string NameOf(UserId user) => _names[user];

    internal Recording Record(string name, Account account, int node)
    {
        var recording = new Recording(name, account, node, () => Now);
        lock (_gate)
            _recordings.Add(recording);
        return recording;
    }

    /// <summary>The nodes to which a load balancer would send a client.</summary>
    internal IReadOnlyList<int> NodesThatServe(IReadOnlyList<int>? among) =>
        [.. (among ?? [.. Enumerable.Range(0, Cluster.Nodes.Count)]).Where(n => Cluster[n].IsUp)];
}
