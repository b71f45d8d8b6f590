using System.Globalization;
using Presence.Actors.Model;
using Presence.Tests.Clusters.Kit;
using Presence.Tests.Semantics.Clients;

namespace Presence.Tests.Clusters.Scenarios;

/// <summary>
/// What a change costs between nodes, by the number of followers on each (contract K5): messages and bytes of Presence's own per
/// change, counted by the proxies while one user changes and nothing else happens.
/// </summary>
public static class Flat
{
    private const int Changes = 40;
    private const int Windows = 3;

    // A change, and a batch of them.
    private static readonly string[] CarryChanges = ["PC", "PB"];

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>Measures, with more and more followers of the same user, whose home stays where it is.</summary>
    /// <param name="cluster">A cluster that nobody else uses.</param>
    /// <param name="followersPerNode">How many followers there are on each node, growing.</param>
    public static async Task<IReadOnlyList<Cost>> MeasureAsync(TestCluster cluster, params int[] followersPerNode)
    {
        var user = Peers.NewUser();
        await using var maker = await ConnectAsync(cluster, 0, user);
        await maker.SetAsync("at first");
        var followers = new List<Follower>();
        var costs = new List<Cost>();
        try
        {
            foreach (var count in followersPerNode)
            {
                for (var i = followers.Count; i < count * cluster.Nodes.Count; i++)
                {
                    var follower = new Follower(await ConnectAsync(cluster, i % cluster.Nodes.Count, Peers.NewUser()));
                    followers.Add(follower);
                    await follower.FollowAsync(user);
                }

                await ChangeAsync(maker, followers, $"{count} follow", 1);
                // What else there is comes on top: shards that move, in one window or another.
                var windows = new List<Cost>();
                while (windows.Count < Windows)
                {
                    var (all, carrying) = (cluster.Network.Total, cluster.Network.OfKinds(CarryChanges));
                    await ChangeAsync(maker, followers, $"{count} are told, window {windows.Count},", Changes);
                    (all, carrying) = (cluster.Network.Total - all, cluster.Network.OfKinds(CarryChanges) - carrying);
                    windows.Add(new Cost(count, carrying.Messages / (double)Changes, all.Messages / (double)Changes, all.Bytes / (double)Changes));
                }

                costs.Add(windows.MinBy(window => window.Messages)!);
            }

            return costs;
        }
        finally
        {
            await Task.WhenAll(followers.Select(f => f.Peer.DisposeAsync().AsTask()));
        }
    }

    private static async Task ChangeAsync(Peer maker, List<Follower> followers, string text, int count)
    {
        for (var i = 0; i < count; i++)
        {
            var status = string.Create(CultureInfo.InvariantCulture, $"{text} {i:D4}");
            await maker.SetAsync(status);
            var since = Environment.TickCount64;
            while (followers.Any(f => f.Last != status))
            {
                if (Environment.TickCount64 - since > Patience.TotalMilliseconds)
                    throw new TimeoutException($"Not everybody has been told of '{status}' after {Patience.TotalSeconds} s.");
                await Task.Delay(2);
            }
        }
    }

    private static Task<Peer> ConnectAsync(TestCluster cluster, int node, UserId user) => Peers.ConnectAsync(
        cluster[node].Address.Http, cluster[node].Address.Tcp, LinkKind.TcpProtobuf, Peers.IdentityOf(user, $"{user}"));

    private sealed class Follower(Peer peer)
    {
        private volatile string? _last;

        public Peer Peer => peer;

        /// <summary>The last status that it was told.</summary>
        public string? Last => _last;

        public async Task FollowAsync(UserId user)
        {
            await peer.FollowAsync(user);
            peer.Listen(told =>
            {
                if (told is Told.Event { Joins: [var join] })
                    _last = join.Status;
            });
        }
    }
}

/// <summary>What one change costs between nodes.</summary>
/// <param name="FollowersPerNode">With how many followers on each node.</param>
/// <param name="Carrying">Messages that carry a change from a home to a node.</param>
/// <param name="Messages">All messages of Presence's own, reports and acknowledgements included.</param>
/// <param name="Bytes">The bytes of their frames.</param>
public sealed record Cost(int FollowersPerNode, double Carrying, double Messages, double Bytes)
{
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture, $"{FollowersPerNode} followers per node: a change is carried {Carrying:F2} times; {Messages:F2} messages and {Bytes:F0} bytes in all");
}
