using Presence.Tests.Host;
using Xunit;

namespace Presence.Tests.Sdk;

/// <summary>The .NET SDK where many things happen at once.</summary>
[Collection(AloneCollection.Name)]
public sealed class DotnetCrowdTests(PatientServer server) : IClassFixture<PatientServer>
{
    private const int Crowd = 200;

    // Server and clients share this process and its threads.
    private const int AtOnce = 4;

    /// <summary>The SDK's own adapter throws away what comes with the bytes that accept the connection.</summary>
    [Fact]
    [Trait("Clause", "S1")]
    public async Task All_of_200_connections_are_told_that_they_are_online()
    {
        var players = await ConnectAsync(appearOnline: true);
        try
        {
            var told = await Task.WhenAll(players.Select(player => player.NextAsync()));
            Assert.Equal(players.Select(player => player.UserId), told.Select(change => change.UserId));
            Assert.All(told, change => Assert.Equal((null, ""), (change.Before, change.Now)));
        }
        finally
        {
            await DisconnectAsync(players);
        }
    }

    [Fact]
    [Trait("Clause", "L1")]
    [Trait("Clause", "E2")]
    [Trait("Clause", "E3")]
    public async Task A_follower_of_200_users_who_all_change_at_once_misses_nothing()
    {
        await using var follower = await Player.ConnectAsync(server.Http);
        var players = await ConnectAsync(appearOnline: false);
        try
        {
            var view = new FollowerView(await follower.FollowAsync([.. players.Select(player => player.UserId)]));

            await Task.WhenAll(players.Select(player => player.UpdateAsync("here")));
            await view.ApplyUntilAsync(follower, statuses => statuses.Count(status => status == "here") == Crowd);

            // Several rounds without waiting for one another: they may be merged, but the chain holds and the last one comes.
            await Task.WhenAll(players.SelectMany(player => Enumerable.Range(0, 5).Select(i => player.UpdateAsync($"{i}"))));
            await view.ApplyUntilAsync(follower, statuses => statuses.Count(status => status == "4") == Crowd);
        }
        finally
        {
            await DisconnectAsync(players);
        }
    }

    [Fact]
    [Trait("Clause", "E6")]
    [Trait("Clause", "S5")]
    public async Task A_follower_of_200_users_who_all_leave_at_once_sees_each_leave_once()
    {
        await using var follower = await Player.ConnectAsync(server.Http);
        var players = await ConnectAsync(appearOnline: true);
        var view = new FollowerView(await follower.FollowAsync([.. players.Select(player => player.UserId)]));
        // Who was not there yet for the answer comes behind it.
        await view.ApplyUntilAsync(follower, statuses => statuses.Count == Crowd);

        await DisconnectAsync(players);

        await view.ApplyUntilAsync(follower, statuses => statuses.Count == 0);
        await follower.UpdateAsync("nothing else came");
        Assert.Equal("nothing else came", (await follower.NextAsync()).Now);
    }

    [Fact]
    [Trait("Clause", "F10")]
    public async Task One_request_may_follow_more_users_than_fit_into_4_KiB()
    {
        await using var alice = await Player.ConnectAsync(server.Http);
        await using var bob = await Player.ConnectAsync(server.Http);
        await alice.UpdateAsync("here");
        var answer = await bob.FollowAsync([.. Enumerable.Range(0, 1000).Select(_ => $"{Guid.NewGuid()}"), alice.UserId]);
        Assert.Equal(alice.UserId, Assert.Single(answer).UserId);
    }

    private async Task<Player[]> ConnectAsync(bool appearOnline)
    {
        var players = new Player[Crowd];
        await Parallel.ForAsync(0, Crowd, new ParallelOptions { MaxDegreeOfParallelism = AtOnce }, async (i, _) =>
            players[i] = await Player.ConnectAsync(server.Http, appearOnline));
        return players;
    }

    private static Task DisconnectAsync(IEnumerable<Player> players) =>
        Task.WhenAll(players.Select(player => player.DisposeAsync().AsTask()));
}
