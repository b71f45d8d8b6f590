using System.Collections.Concurrent;
using Presence.Client;
using Presence.Client.Connections;
using Presence.Tests.Host;
using Presence.Tests.Semantics.Clients;
using Xunit;

namespace Presence.Tests.Client;

/// <summary>A client whose tokens live shorter than its connection (contract C4).</summary>
[Trait("Clause", "C4")]
public sealed class TokenRenewalTests(TokenRenewalTests.Server server) : IClassFixture<TokenRenewalTests.Server>
{
    private static readonly TimeSpan Life = TimeSpan.FromSeconds(5);

    [Theory]
    [ClassData(typeof(EveryClientKind))]
    public async Task A_client_stays_online_over_three_expiries_and_its_followers_hear_nothing(ClientKind kind)
    {
        var user = Peers.NewUser();
        var issued = new ConcurrentQueue<DateTimeOffset>();
        var mustBeNew = new ConcurrentQueue<bool>();
        await using var bob = await server.ConnectAsync(LinkKind.Memory, Peers.NewUser(), "bob");
        var usual = Clients.OptionsOf(server, kind, user, "alice");
        var options = new PresenceClientOptions(usual.Server, (context, _) =>
        {
            var identity = Peers.IdentityOf(user, "alice", Life);
            issued.Enqueue(identity.ExpiresAt);
            mustBeNew.Enqueue(context.MustBeNew);
            return new(Tokens.Sign(identity));
        })
        {
            Format = usual.Format,
            AppearOnline = true,
        };
        await using var alice = await PresenceClient.ConnectAsync(options).WaitAsync(Clients.Patience);
        Assert.Single(await bob.FollowAsync(user));

        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        while (issued.Count(expiry => expiry < DateTimeOffset.UtcNow) < 3)
        {
            Assert.True(alice.State.IsConnected, $"{alice.State}");
            await Task.Delay(TimeSpan.FromMilliseconds(100), patience.Token);
        }

        await alice.SetStatusAsync("still here");
        var update = await bob.NextAsync<Told.Event>();
        Assert.Equal(("", "still here"), (update.Leaves.Single().Status, update.Joins.Single().Status));
        Assert.Equal(update.Leaves.Single().Session, update.Joins.Single().Session);
        Assert.False(mustBeNew.First());
        Assert.All(mustBeNew.Skip(1), Assert.True);
    }

    [Theory]
    [InlineData(3600, 3570)]
    [InlineData(60, 30)]
    [InlineData(59, 29.5)]
    [InlineData(10, 5)]
    [InlineData(1, 1.5)]
    [InlineData(-100, 1.5)]
    [InlineData(1e9, 20 * 86400)]
    public void A_token_is_replaced_half_a_minute_before_it_expires_or_at_half_of_its_life(double left, double wait) =>
        Assert.Equal(
            TimeSpan.FromSeconds(wait), TokenTimes.WaitOf(DateTimeOffset.UnixEpoch + TimeSpan.FromSeconds(left), DateTimeOffset.UnixEpoch));

    [Theory]
    [InlineData("""{"exp":1795577262}""", 1795577262)]
    [InlineData("""{"exp":1.7955772629e9}""", 1795577262)]
    [InlineData("""{"exp":"1795577262"}""", null)]
    [InlineData("""{"exp":1e300}""", null)]
    [InlineData("{}", null)]
    [InlineData("[]", null)]
    [InlineData("nonsense", null)]
    public void The_expiry_of_a_token_is_read(string payload, int? expiry)
    {
        Assert.Equal(
            expiry is { } seconds ? DateTimeOffset.FromUnixTimeSeconds(seconds) : null, TokenTimes.ExpiryOf(Tokens.Sign("{}", payload, "key")));
        Assert.Null(TokenTimes.ExpiryOf("a"));
        Assert.Null(TokenTimes.ExpiryOf("a.!.c"));
    }

    /// <summary>A server that tells of an expiry two seconds before it.</summary>
    public sealed class Server : ServerFixture
    {
        protected override IEnumerable<string> Settings => ["--Presence:Session:ExpiryNotice=00:00:02"];
    }
}
