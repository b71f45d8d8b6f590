using Microsoft.Extensions.Time.Testing;
using Presence.Actors.Connections;
using Presence.Actors.Limits;
using Presence.Tests.Semantics.Clients;
using Xunit;

namespace Presence.Tests.Limits;

[Trait("Clause", "C3")]
[Trait("Clause", "L4")]
public sealed class ReplacedLoginsTests
{
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(15);

    private readonly FakeTimeProvider _clock = new();
    private readonly Identity _alice = Peers.IdentityOf(Peers.NewUser(), "alice");

    [Fact]
    public void A_login_may_come_back_at_once_and_then_after_waits_that_double()
    {
        var logins = New();
        var waits = new List<double>();
        for (var i = 0; i < 7; i++)
        {
            logins.Note(_alice);
            waits.Add(logins.WaitOf(_alice).TotalSeconds);
        }

        Assert.Equal([0, 1, 2, 4, 8, 15, 15], waits);
    }

    [Fact]
    public void A_wait_runs_from_the_replacement_and_ends()
    {
        var logins = New();
        Replace(logins, _alice, times: 4);
        _clock.Advance(TimeSpan.FromSeconds(3));
        Assert.Equal(TimeSpan.FromSeconds(1), logins.WaitOf(_alice));
        _clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(TimeSpan.Zero, logins.WaitOf(_alice));
    }

    [Fact]
    public void A_count_starts_anew_a_minute_after_the_last_replacement_and_not_before()
    {
        var logins = New();
        Replace(logins, _alice, times: 3);
        _clock.Advance(TimeSpan.FromSeconds(59.9));
        logins.Note(_alice);
        Assert.Equal(TimeSpan.FromSeconds(4), logins.WaitOf(_alice));
        _clock.Advance(TimeSpan.FromSeconds(60));
        logins.Note(_alice);
        Assert.Equal(TimeSpan.Zero, logins.WaitOf(_alice));
        Assert.Equal(2, logins.Count);
    }

    /// <summary>Two logins in turn are each replaced every two waits.</summary>
    [Fact]
    public void A_long_wait_takes_longer_to_be_forgotten()
    {
        var logins = New(longestWait: TimeSpan.FromMinutes(5));
        Assert.Equal(TimeSpan.FromMinutes(20), logins.ResetAfter);
        Replace(logins, _alice, times: 20);
        _clock.Advance(TimeSpan.FromMinutes(10));
        logins.Note(_alice);
        Assert.Equal(TimeSpan.FromMinutes(5), logins.WaitOf(_alice));
    }

    [Fact]
    public void Another_login_of_the_user_and_other_users_do_not_wait()
    {
        var logins = New();
        Replace(logins, _alice, times: 8);
        Assert.Equal(TimeSpan.Zero, logins.WaitOf(Peers.IdentityOf(_alice.User, "alice")));
        Assert.Equal(TimeSpan.Zero, logins.WaitOf(_alice with { User = Peers.NewUser() }));
    }

    [Fact]
    public void A_user_who_gets_a_new_login_for_each_connection_waits_after_the_eighth_replacement()
    {
        var logins = New();
        var waits = new List<double>();
        for (var i = 0; i < 14; i++)
        {
            logins.Note(Peers.IdentityOf(_alice.User, "alice"));
            waits.Add(logins.WaitOf(Peers.IdentityOf(_alice.User, "alice")).TotalSeconds);
        }

        Assert.Equal([0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 4, 8, 15, 15], waits);
        Assert.Equal(TimeSpan.Zero, logins.WaitOf(Peers.IdentityOf(Peers.NewUser(), "bob")));
    }

    [Fact]
    public void Tokens_without_an_id_are_told_by_their_times()
    {
        var logins = New();
        var first = _alice with { TokenId = null };
        Replace(logins, first, times: 2);
        Assert.Equal(TimeSpan.FromSeconds(1), logins.WaitOf(first with { Username = "another name" }));
        Assert.Equal(TimeSpan.Zero, logins.WaitOf(first with { IssuedAt = first.IssuedAt.AddSeconds(1) }));
        Assert.Equal(TimeSpan.Zero, logins.WaitOf(first with { ExpiresAt = first.ExpiresAt.AddSeconds(1) }));
        Assert.Equal(TimeSpan.Zero, logins.WaitOf(_alice));
    }

    [Fact]
    public void Without_a_longest_wait_nothing_is_kept()
    {
        var logins = New(longestWait: TimeSpan.Zero);
        Replace(logins, _alice, times: 20);
        Assert.Equal(TimeSpan.Zero, logins.WaitOf(_alice));
        Assert.Equal(0, logins.Count);
    }

    [Fact]
    public void No_wait_is_longer_than_the_longest()
    {
        var logins = New(longestWait: TimeSpan.FromSeconds(0.5));
        Replace(logins, _alice, times: 2);
        Assert.Equal(TimeSpan.FromSeconds(0.5), logins.WaitOf(_alice));
        Replace(logins, _alice, times: 1000);
        Assert.Equal(TimeSpan.FromSeconds(0.5), logins.WaitOf(_alice));
    }

    [Fact]
    public void Beyond_the_capacity_the_login_whose_last_replacement_is_the_oldest_is_forgotten()
    {
        var logins = New(capacity: 4);
        var (bob, carol) = (Peers.IdentityOf(Peers.NewUser(), "bob"), Peers.IdentityOf(Peers.NewUser(), "carol"));
        Replace(logins, _alice, times: 2);
        Replace(logins, bob, times: 2);
        logins.Note(_alice);
        Replace(logins, carol, times: 2);
        Assert.Equal(4, logins.Count);
        Assert.Equal(TimeSpan.Zero, logins.WaitOf(bob));
        Assert.Equal(TimeSpan.FromSeconds(2), logins.WaitOf(_alice));
        Assert.Equal(TimeSpan.FromSeconds(1), logins.WaitOf(carol));
    }

    [Fact]
    public void What_has_been_forgotten_takes_no_memory_after_the_next_replacement()
    {
        var logins = New();
        for (var i = 0; i < 100; i++)
            logins.Note(Peers.IdentityOf(Peers.NewUser(), "user"));
        Assert.Equal(200, logins.Count);
        _clock.Advance(logins.ResetAfter);
        logins.Note(_alice);
        Assert.Equal(2, logins.Count);
    }

    /// <summary>
    /// Clients of one user that try to connect every 10 ms while they are not connected, whatever they are told: how many connections they
    /// make in the first minute and in each of the next nine. Without waits it would be 6000.
    /// </summary>
    /// <param name="clients">How many clients there are.</param>
    /// <param name="tokens">Whether each has a token, they share one, or each connection has a new one.</param>
    /// <param name="nodes">
    /// How many nodes there are; each attempt reaches any of them. A replacement is noted on the node of the replaced connection.
    /// </param>
    /// <param name="first">The most connections in the first minute.</param>
    /// <param name="later">The most connections in a later minute.</param>
    [Theory]
    [InlineData(2, TokenUse.OfTheirOwn, 1, 13, 4)]
    [InlineData(2, TokenUse.Shared, 1, 10, 5)]
    [InlineData(2, TokenUse.NewEachTime, 1, 17, 5)]
    [InlineData(5, TokenUse.OfTheirOwn, 1, 20, 5)]
    [InlineData(2, TokenUse.OfTheirOwn, 3, 54, 18)]
    [InlineData(2, TokenUse.Shared, 3, 54, 18)]
    [InlineData(2, TokenUse.NewEachTime, 3, 54, 18)]
    public void Clients_that_replace_each_other_connect_a_few_times_a_minute(int clients, TokenUse tokens, int nodes, int first, int later)
    {
        var random = new Random(4711);
        var logins = Enumerable.Range(0, nodes).Select(_ => New()).ToArray();
        var identities = Enumerable.Range(0, clients).Select(_ => tokens == TokenUse.Shared ? _alice : NewLogin()).ToArray();
        (int Client, int Node)? connected = null;
        for (var minute = 0; minute < 10; minute++)
        {
            var connects = 0;
            for (var tick = 0; tick < 6000; tick++)
            {
                for (var client = 0; client < clients; client++)
                {
                    var node = random.Next(nodes);
                    if (connected?.Client == client || logins[node].WaitOf(identities[client]) > TimeSpan.Zero)
                        continue;
                    if (connected is { } replaced)
                        logins[replaced.Node].Note(identities[replaced.Client]);
                    if (tokens == TokenUse.NewEachTime)
                        identities[client] = NewLogin();
                    connected = (client, node);
                    connects++;
                }

                _clock.Advance(TimeSpan.FromMilliseconds(10));
            }

            Assert.InRange(connects, 1, minute == 0 ? first : later);
        }

        Identity NewLogin() => Peers.IdentityOf(_alice.User, "alice");
    }

    public enum TokenUse
    {
        OfTheirOwn,
        Shared,
        NewEachTime,
    }

    private ReplacedLogins New(TimeSpan? longestWait = null, int capacity = 1000) => new(longestWait ?? LongestWait, capacity, _clock);

    private static void Replace(ReplacedLogins logins, Identity identity, int times)
    {
        for (var i = 0; i < times; i++)
            logins.Note(identity);
    }
}
