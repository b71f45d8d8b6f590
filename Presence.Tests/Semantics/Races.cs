using System.Collections.Concurrent;
using System.Globalization;
using Presence.Actors.Connections;
using Presence.Actors.Model;
using Presence.Tests.Host;
using Presence.Tests.Semantics.Clients;
using Xunit;
using Xunit.Abstractions;

namespace Presence.Tests.Semantics;

/// <summary>
/// Follows that meet the followed user in the middle of connecting, changing and leaving (contract F2, protocol difference 0.4),
/// over real sockets of every kind at once. <c>PRESENCE_RACES</c> says how many follows; 800 by default, a hundred for each kind.
/// </summary>
public sealed class Races(ServerFixture server, ITestOutputHelper output) : IClassFixture<ServerFixture>
{
    private static readonly LinkKind[] Kinds =
    [
        LinkKind.WebSocketJson, LinkKind.LibraryTcpProtobuf, LinkKind.TcpProtobuf, LinkKind.LibraryWebSocketJson,
        LinkKind.WebSocketProtobuf, LinkKind.LibraryTcpJson, LinkKind.TcpJson, LinkKind.LibraryWebSocketProtobuf,
    ];

    private static readonly int Follows =
        int.TryParse(Environment.GetEnvironmentVariable("PRESENCE_RACES"), CultureInfo.InvariantCulture, out var count) ? count : 800;

    [Fact]
    [Trait("Clause", "F2")]
    [Trait("Clause", "E2")]
    [Trait("Clause", "E3")]
    [Trait("Clause", "E6")]
    public async Task Follows_that_race_with_the_followed_users_life_are_exact()
    {
        const int followersOfOne = 8;
        var faults = new ConcurrentQueue<string>();
        var rounds = Math.Max(1, Follows / followersOfOne);
        var seen = new int[3];
        for (var round = 0; round < rounds; round++)
        {
            var user = Peers.NewUser();
            var followers = await Task.WhenAll(Enumerable.Range(0, followersOfOne)
                .Select(i => server.ConnectAsync(Kinds[(round + i) % Kinds.Length], Peers.NewUser(), $"follower {round}.{i}")));
            var life = LiveAsync(Kinds[round % Kinds.Length], user, round);
            var follows = followers.Select((f, i) => FollowAtSomePointAsync(f, user, delay: (round + i * 5) % 16));
            await Task.WhenAll([life, .. follows]);

            // All are told of what comes now, whatever they were told before; behind it nothing of the past can come.
            await using var last = await server.ConnectAsync(LinkKind.Memory, user, "last");
            await last.ShowAsync("the end");
            foreach (var follower in followers)
                await CheckAsync(follower, user, faults, seen);
        }

        output.WriteLine($"{rounds * followersOfOne} follows: {seen[0]} answered with nobody, {seen[1]} with somebody; {seen[2]} events");
        Assert.Empty(faults);
        Assert.True(seen.All(n => n > 0), "the follows never met the user's life");
    }

    /// <summary>Connects, changes and leaves, all as fast as it goes.</summary>
    private async Task LiveAsync(LinkKind kind, UserId user, int round)
    {
        for (var life = 0; life < 2; life++)
        {
            var peer = await server.ConnectAsync(kind, user, "followed", appearsOnline: (round + life) % 2 == 0);
            for (var i = 0; i < 5; i++)
                await peer.SendAsync(new ClientRequest.UpdateStatus(peer.NewCid(), i == 3 ? null : $"{life}.{i}"));
            if (round % 3 != 0)
                await peer.PingAsync();
            await (round % 2 == 0 ? peer.AbortAsync() : peer.CloseAsync());
        }
    }

    private static async Task FollowAtSomePointAsync(Peer follower, UserId user, int delay)
    {
        // Some round trips of its own put the follow somewhere into the other's life.
        for (var i = 0; i < delay; i++)
            await follower.PingAsync();
        await follower.FollowAsync(user);
    }

    private static async Task CheckAsync(Peer follower, UserId user, ConcurrentQueue<string> faults, int[] seen)
    {
        var view = new View(follower) { ExpectsAnswers = true };
        var position = 0;
        try
        {
            // Who was cut off may be noticed after the last one has come. Whatever else stays to be seen is a ghost.
            while (view.Of(user).Select(s => s.Status).ToArray() is not ["the end"])
            {
                await follower.NextAsync();
                var transcript = follower.Transcript;
                for (; position < transcript.Count; position++)
                    Apply(transcript[position], view, user, seen);
            }
        }
        catch (TimeoutException)
        {
            faults.Enqueue($"{follower.Username} still sees [{string.Join(", ", view.Of(user))}]");
        }

        foreach (var fault in view.Faults)
            faults.Enqueue($"{fault}: {string.Join(" | ", follower.Transcript.Where(t => t is not Told.Pong))}");
        await follower.DisposeAsync();
    }

    private static void Apply(Told told, View view, UserId user, int[] seen)
    {
        switch (told)
        {
            case Told.Snapshot snapshot:
                seen[snapshot.Presences.Count > 0 ? 1 : 0]++;
                view.Apply(snapshot, [user]);
                break;
            case Told.Event change:
                seen[2]++;
                view.Apply(change);
                break;
        }
    }
}
