using Presence.Actors.Connections;
using Presence.Tests.Host;
using Presence.Tests.Semantics.Clients;
using Xunit;

namespace Presence.Tests.Semantics;

/// <summary>Much at once, and clients who do not keep up with it (contract L1, L2, protocol difference 0.5).</summary>
public abstract class Bursts(ServerFixture server)
{
    private const int Users = 200;

    // Small enough that what the network keeps for a client that does not read is soon full.
    private const int SmallBuffer = 8 * 1024;

    [Theory]
    [ClassData(typeof(EveryKind))]
    [Trait("Clause", "L1")]
    [Trait("Clause", "0.5")]
    public async Task A_follower_of_200_users_who_all_change_at_once_sees_them_all_and_stays_connected(LinkKind kind)
    {
        await using var bob = await server.ConnectAsync(kind, Peers.NewUser(), "bob");
        var crowd = await CrowdAsync();
        await bob.FollowAsync(crowd.Select(p => p.User), []);
        await Task.WhenAll(crowd.Select(async p =>
        {
            await p.SetAsync("one");
            await p.SetAsync("two");
        }));
        var view = new View(bob);
        var events = 0;
        while (crowd.Any(p => view.Of(p.User).SingleOrDefault()?.Status != "two"))
        {
            view.Apply(await bob.NextAsync<Told.Event>());
            events++;
        }

        Assert.Empty(view.Faults);
        // Each change on its own, but for those that were made while it was behind.
        Assert.InRange(events, Users, 2 * Users);
        Assert.Empty(await bob.UntilPongAsync());
        await EndAsync(crowd);
    }

    [Theory]
    [ClassData(typeof(EveryKind))]
    [Trait("Clause", "L1")]
    [Trait("Clause", "L2")]
    [Trait("Clause", "E2")]
    [Trait("Clause", "E3")]
    public async Task A_follower_who_stops_reading_is_late_and_not_wrong_and_delays_nobody(LinkKind kind)
    {
        const int changes = 30;
        // Many bytes for each change, so that it does not take many to fill what lies between.
        var padding = new string('\u0001', 2000);
        await using var slow = await server.ConnectAsync(kind, Peers.NewUser(), "slow", receiveBuffer: SmallBuffer);
        await using var quick = await server.ConnectAsync(kind, Peers.NewUser(), "quick");
        var crowd = await CrowdAsync();
        await slow.FollowAsync(crowd.Select(p => p.User), []);
        await quick.FollowAsync(crowd.Select(p => p.User), []);

        slow.StopReading();
        await Task.WhenAll(crowd.Select(async (p, i) =>
        {
            for (var change = 1; change <= changes; change++)
            {
                if ((change + i) % 10 == 0)
                    await p.EraseAsync();
                else
                    await p.SetAsync($"{change}{padding}");
            }

            await p.SetAsync("last");
        }));
        await ArriveAsync(quick, crowd);

        // What it missed is told as it reads on: merged, and with the chain whole.
        slow.ReadOn();
        var events = await ArriveAsync(slow, crowd);
        Assert.True(events < Users * changes, $"{events} events were kept for a client that did not read");
        Assert.Empty(await slow.UntilPongAsync());
        await EndAsync(crowd);
    }

    [Theory]
    [ClassData(typeof(EveryKind))]
    [Trait("Clause", "S5")]
    [Trait("Clause", "C2")]
    public async Task A_client_who_dies_while_it_is_behind_is_noticed_like_any_other(LinkKind kind)
    {
        // 16 MB in the leanest format: several times as much as a system keeps for a client that does not read. The library takes all there is,
        // and its application is behind after a few dozen.
        var changes = LinkKinds.Raw.Contains(kind) ? 4000 : 600;
        var padding = new string('\u0001', 2000);
        await using var bob = await server.ConnectAsync(kind, Peers.NewUser(), "bob");
        await using var noisy = await server.ConnectAsync(LinkKind.Memory, Peers.NewUser(), "noisy");
        await using var witness = await server.ConnectAsync(kind, Peers.NewUser(), "witness", receiveBuffer: SmallBuffer);
        var slow = await server.ConnectAsync(kind, Peers.NewUser(), "slow", receiveBuffer: SmallBuffer);
        var shown = await slow.ShowAsync("here");
        await slow.FollowAsync(noisy.User);
        await witness.FollowAsync(noisy.User);
        Assert.Equal(shown, Assert.Single(await bob.FollowAsync(slow.User)));
        slow.StopReading();
        witness.StopReading();
        for (var i = 1; i < changes; i++)
            await noisy.SetAsync($"{i}{padding}");
        await noisy.SetAsync("last");
        await slow.AbortAsync();
        Assert.Equal(Told.Event.Leave(shown), await bob.NextAsync());

        // Whoever was in the same place and lives is told less than there was, which nobody is who is not behind.
        witness.ReadOn();
        var events = 1;
        while ((await witness.NextAsync<Told.Event>()).Joins is not [{ Status: "last" }])
            events++;
        Assert.True(events < changes, "what was sent did not suffice for anybody to be behind");
    }

    [Theory]
    [ClassData(typeof(EveryRawKind))]
    [Trait("Clause", "0.5")]
    public async Task A_client_who_pipelines_2000_pings_without_reading_gets_every_answer_in_order(LinkKind kind)
    {
        const int pings = 2000;
        await using var alice = await server.ConnectAsync(kind, Peers.NewUser(), "alice", receiveBuffer: SmallBuffer);
        alice.StopReading();
        // Long enough names that neither requests nor replies fit into what lies between: the client is not read any
        // further until it reads, and so must not wait for its own sending.
        var sending = Task.Run(async () =>
        {
            for (var i = 0; i < pings; i++)
                await alice.SendAsync(new ClientRequest.Ping(CidOf(i)));
        });
        await using var bob = await server.ConnectAsync(kind, Peers.NewUser(), "bob");
        for (var i = 0; i < 100; i++)
            await bob.PingAsync();
        alice.ReadOn();
        for (var i = 0; i < pings; i++)
            Assert.Equal(CidOf(i), (await alice.NextAsync<Told.Pong>()).Cid);
        await sending;
        await alice.PingAsync();

        static string CidOf(int i) => $"{i}{new string('.', 4000)}";
    }

    private Task<Peer[]> CrowdAsync() =>
        Task.WhenAll(Enumerable.Range(0, Users).Select(i => server.ConnectAsync(LinkKind.Memory, Peers.NewUser(), $"user {i}")));

    /// <summary>Takes what a follower of the crowd is told until it sees everybody's last status; says how much that was.</summary>
    private static async Task<int> ArriveAsync(Peer follower, Peer[] crowd)
    {
        var view = new View(follower);
        var waitingFor = crowd.Select(p => p.User).ToHashSet();
        var events = 0;
        while (waitingFor.Count > 0)
        {
            var told = await follower.NextAsync<Told.Event>();
            view.Apply(told);
            foreach (var join in told.Joins)
            {
                if (join.Status == "last")
                    waitingFor.Remove(join.User);
            }

            events++;
        }

        Assert.Empty(view.Faults);
        Assert.All(crowd, p => Assert.Equal("last", Assert.Single(view.Of(p.User)).Status));
        return events;
    }

    private static Task EndAsync(Peer[] crowd) => Task.WhenAll(crowd.Select(p => p.DisposeAsync().AsTask()));
}
