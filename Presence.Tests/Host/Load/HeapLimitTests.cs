using System.Text.Json;
using Presence.Actors.Model;
using Presence.Tests.Host.Links;
using Presence.Tests.Host.Node;
using Presence.Tests.Semantics.Clients;
using Xunit;

namespace Presence.Tests.Host.Load;

/// <summary>A server of 256 MB, and clients that want more.</summary>
public sealed class HeapLimitTests
{
    private const int IdsPerRequest = 500;
    private const int RequestsPerConnection = 20;
    private const int MostConnections = 100;

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    [SkippableFact]
    [Trait("Clause", "L5")]
    public async Task A_server_under_a_hard_limit_refuses_before_its_memory_is_used_up_and_recovers()
    {
        await using var server = NodeProcess.Start([("DOTNET_GCHeapHardLimit", "0x10000000")], "Links:Rehearsal=0", "Stop:DrainTime=0", "Limits:NewEntitiesPerSecond=0", "Limits:FollowsPerSecond=0");
        var http = await server.Http;
        using var client = new HttpClient { BaseAddress = http };
        using var patience = new CancellationTokenSource(Patience);
        var (alice, bob) = (Peers.NewUser(), Peers.NewUser());
        await using var publisher = await RawClient.UpgradeAsync(http, Peers.IdentityOf(alice, "alice"));
        await using var follower = await RawClient.UpgradeAsync(http, Peers.IdentityOf(bob, "bob"));
        Assert.True(await IsAcceptedAsync(follower, Follow(alice)));

        var greedy = new List<RawClient>();
        var isRefused = false;
        while (!isRefused && greedy.Count < MostConnections && !patience.IsCancellationRequested)
        {
            var (one, status) = await ConnectAsync(http);
            greedy.Add(one);
            // Overloaded in between: the connection itself may be refused.
            isRefused = status == 503;
            for (var i = 0; !isRefused && i < RequestsPerConnection; i++)
                isRefused = !await IsAcceptedAsync(one, Follow([.. Enumerable.Range(0, IdsPerRequest).Select(_ => Peers.NewUser())]));
        }

        Assert.True(isRefused, $"{greedy.Count} connections were never refused");

        // The pair goes on.
        for (var i = 0; i < 5; i++)
        {
            await publisher.SendTextAsync($$$"""{"cid":"s","status_update":{"status":"still-{{{i}}}"}}""");
            Assert.Contains($"still-{i}", (await follower.ReadFrameBesidePingsAsync())!.Text, StringComparison.Ordinal);
        }

        foreach (var one in greedy)
            await one.DisposeAsync();
        while ((await client.GetStringAsync(new Uri("/health/ready", UriKind.Relative), patience.Token)).Contains("overloaded", StringComparison.Ordinal))
            await Task.Delay(200, patience.Token);

        var (late, accepted) = await ConnectAsync(http);
        await using (late)
        {
            Assert.Equal(101, accepted);
            Assert.True(await IsAcceptedAsync(late, Follow(alice)));
        }
    }

    private static async Task<(RawClient Client, int Status)> ConnectAsync(Uri http)
    {
        var client = await RawClient.ConnectAsync(http);
        await client.SendAsync(RawClient.UpgradeRequest($"/ws?token={Tokens.Sign(Peers.IdentityOf(Peers.NewUser(), "greedy"))}"));
        return (client, (await client.ReadHeadAsync()).Status);
    }

    private static string Follow(params UserId[] users) =>
        $$$"""{"cid":"f","status_follow":{"user_ids":[{{{string.Join(',', users.Select(user => $"\"{user}\""))}}}]}}""";

    /// <summary>Whether a request is answered and not refused for the load.</summary>
    private static async Task<bool> IsAcceptedAsync(RawClient client, string request)
    {
        await client.SendTextAsync(request);
        var answer = JsonDocument.Parse((await client.ReadFrameBesidePingsAsync())!.Text).RootElement;
        if (!answer.TryGetProperty("error", out var error))
            return true;
        Assert.Equal("The server is overloaded; try again later.", error.GetProperty("message").GetString());
        Assert.Equal("f", answer.GetProperty("cid").GetString());
        return false;
    }
}
