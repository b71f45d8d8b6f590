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

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>Measures.</summary>
    /// <param name="cluster">A cluster that nobody else uses.</param>
    /// <param name="followersPerNode">How many followers there are on each node.</param>
    public static async Task<Cost> MeasureAsync(TestCluster cluster, int followersPerNode)
    {
        var user = Peers.NewUser();
        await using var maker = await ConnectAsync(cluster, 0, LinkKind.TcpProtobuf, user);
        await maker.SetAsync("at first");
        var followers = new List<Peer>();
        try
        {
            for (var node = 0; node < cluster.Nodes.Count; node++)
            {
                for (var i = 0; i < followersPerNode; i++)
                {
                    var follower = await ConnectAsync(cluster, node, LinkKind.TcpProtobuf, Peers.NewUser());
                    followers.Add(follower);
                    await follower.FollowAsync(user);
                }
            }

            var heard = Hear(followers);
            await ChangeAsync(maker, heard, "warm", 1);
            var quiet = await CountAsync(cluster, () => Task.Delay(TimeSpan.FromSeconds(1)));
            var busy = await CountAsync(cluster, () => ChangeAsync(maker, heard, "change", Changes));
            return new Cost(followersPerNode, busy.Messages / (double)Changes, busy.Bytes / (double)Changes, quiet.Messages);
        }
        finally
        {
            await Task.WhenAll(followers.Select(f => f.DisposeAsync().AsTask()));
        }
    }

    private static async Task<Traffic> CountAsync(TestCluster cluster, Func<Task> what)
    {
        var before = cluster.Network.Total;
        await what();
        return cluster.Network.Total - before;
    }

    private static async Task ChangeAsync(Peer maker, Func<string, bool> haveAllHeard, string text, int count)
    {
        for (var i = 0; i < count; i++)
        {
            var status = string.Create(CultureInfo.InvariantCulture, $"{text} {i:D4}");
            await maker.SetAsync(status);
            var since = Environment.TickCount64;
            while (!haveAllHeard(status))
            {
                if (Environment.TickCount64 - since > Patience.TotalMilliseconds)
                    throw new TimeoutException($"Not everybody has been told of '{status}' after {Patience.TotalSeconds} s.");
                await Task.Delay(2);
            }
        }
    }

    /// <summary>Whether the last thing that each was told is this status.</summary>
    private static Func<string, bool> Hear(List<Peer> followers)
    {
        var last = new string?[followers.Count];
        for (var i = 0; i < followers.Count; i++)
        {
            var index = i;
            followers[i].Listen(told =>
            {
                if (told is Told.Event { Joins: [var join] })
                    Volatile.Write(ref last[index], join.Status);
            });
        }

        return status => last.All(text => text == status);
    }

    private static Task<Peer> ConnectAsync(TestCluster cluster, int node, LinkKind kind, UserId user) => Peers.ConnectAsync(
        cluster[node].Address.Http, cluster[node].Address.Tcp, kind, Peers.IdentityOf(user, $"{user}"));
}

/// <summary>What one change costs.</summary>
/// <param name="FollowersPerNode">With how many followers on each node.</param>
/// <param name="Messages">Messages of Presence's own between nodes, of all kinds and ways.</param>
/// <param name="Bytes">The bytes of their frames.</param>
/// <param name="Quiet">How many messages there were within a second in which nothing happened.</param>
public sealed record Cost(int FollowersPerNode, double Messages, double Bytes, long Quiet)
{
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture, $"{FollowersPerNode} followers per node: {Messages:F2} messages and {Bytes:F0} bytes per change between nodes; {Quiet} in a quiet second");
}
