using System.Collections.Immutable;
using Akka.Actor;
using Akka.Hosting;
using Presence.Actors.Hosting;
using Presence.Actors.Model;
using Presence.Actors.Users;
using Presence.Host.Node;
using Presence.Tests.Node;
using Xunit;

namespace Presence.Tests.Host.Node;

/// <summary>Questions about many users at once, in a cluster.</summary>
[Trait("Clause", "K1")]
public sealed class PresenceLookupTests : IAsyncLifetime
{
    private const int Shards = 8;

    private readonly InMemoryNode _first = new(new PresenceNode()), _second = new(new PresenceNode());

    public async Task InitializeAsync()
    {
        await _first.StartAsync();
        await _second.StartAsync(_first.Address);
        foreach (var node in (InMemoryNode[])[_first, _second])
            await AnswersAsync(node);
    }

    public async Task DisposeAsync()
    {
        await _second.DisposeAsync();
        await _first.DisposeAsync();
    }

    [Fact]
    public async Task Users_are_found_on_whatever_node_they_are_and_those_who_show_nothing_are_not()
    {
        var (shown, hidden) = (new List<TestClient>(), new List<TestClient>());
        for (var i = 0; i < 60; i++)
        {
            var node = i % 2 == 0 ? _first : _second;
            (i % 3 == 0 ? hidden : shown).Add(node.Connect(NewUser(), NewName(), appearsOnline: i % 3 != 0));
        }

        foreach (var client in shown.Concat(hidden))
            await client.StartedAsync();
        UserId[] unknown = [.. Enumerable.Range(0, 300).Select(_ => NewUser())];
        ImmutableArray<UserId> all = [.. shown.Select(c => c.User), .. hidden.Select(c => c.User), .. unknown, shown[0].User];

        foreach (var node in (InMemoryNode[])[_first, _second])
        {
            var found = await LookupOf(node).ShownAsync(all, CancellationToken.None);
            Assert.Equal(
                shown.Select(c => (c.User, c.Username)).OrderBy(each => each.Username, StringComparer.Ordinal),
                found.Select(each => (each.Key, each.Value)).OrderBy(each => each.Value, StringComparer.Ordinal));

            string[] names = [.. hidden.Select(c => c.Username), NewName(), NewName()];
            var bearers = await LookupOf(node).BearersAsync([.. names], CancellationToken.None);
            Assert.Equal(hidden.Count, bearers.Count);
            Assert.All(hidden, client => Assert.Equal([client.User], bearers[client.Username]));
        }
    }

    [Fact]
    public async Task Asking_about_users_whom_nobody_knows_creates_nothing()
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        int created;
        do
        {
            var before = Entities();
            ImmutableArray<UserId> unknown = [.. Enumerable.Range(0, 1000).Select(_ => NewUser())];
            foreach (var node in (InMemoryNode[])[_first, _second])
                Assert.Empty(await LookupOf(node).ShownAsync(unknown, patience.Token));
            created = Entities().Except(before).Count();
        }
        // The entities of a shard that moves are asked one by one, and shards move after a node has joined.
        while (created > 0 && !patience.IsCancellationRequested);

        Assert.Equal(0, created);
    }

    [Fact]
    public async Task A_node_that_does_not_know_the_query_is_asked_by_entity()
    {
        var client = _second.Connect(NewUser(), NewName(), appearsOnline: true);
        await client.StartedAsync();
        foreach (var node in (InMemoryNode[])[_first, _second])
            await (await node.System.ActorSelection($"/user/{PresenceQueries.Name}").ResolveOne(TimeSpan.FromSeconds(10))).GracefulStop(TimeSpan.FromSeconds(10));

        var found = await LookupOf(_first).ShownAsync([client.User, NewUser()], CancellationToken.None);

        Assert.Equal(client.Username, Assert.Single(found).Value);
    }

    [Fact]
    public async Task Queries_that_come_together_are_all_answered()
    {
        var client = _first.Connect(NewUser(), NewName(), appearsOnline: true);
        await client.StartedAsync();
        var lookup = LookupOf(_second);
        var answers = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ =>
            lookup.ShownAsync([client.User, .. Enumerable.Range(0, 400).Select(_ => NewUser())], CancellationToken.None)));

        Assert.All(answers, found => Assert.Equal(client.User, Assert.Single(found).Key));
    }

    /// <summary>Waits until a node can ask about every shard. A cluster that has just begun has to allocate them.</summary>
    private static async Task AnswersAsync(InMemoryNode node)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        while (true)
        {
            try
            {
                await LookupOf(node).ShownAsync([.. Enumerable.Range(0, 200).Select(_ => NewUser())], patience.Token);
                return;
            }
            catch (TimeoutException) when (!patience.IsCancellationRequested)
            {
                // Next time more of them are there.
            }
        }
    }

    // All of a few shards: each of them has to be allocated, which takes a while on a slow machine.
    private static UserId NewUser()
    {
        while (true)
        {
            var user = new UserId(Guid.NewGuid());
            if (HomeSharding.ShardOf(Subject.OfUser(user)) < Shards)
                return user;
        }
    }

    private static string NewName()
    {
        while (true)
        {
            var name = Guid.NewGuid().ToString("N");
            if (HomeSharding.ShardOf(Subject.OfName(name)) < Shards)
                return name;
        }
    }

    private static PresenceLookup LookupOf(InMemoryNode node) => new(node.System, new Region(node.Homes));

    private HashSet<string> Entities() => [.. HomeSharding.HomesOf(_first.Homes).Concat(HomeSharding.HomesOf(_second.Homes)).Select(home => home.Path.Name)];

    private sealed class Region(IActorRef actor) : IRequiredActor<UserPresence>
    {
        public IActorRef ActorRef => actor;

        public Task<IActorRef> GetAsync(CancellationToken cancellationToken = default) => Task.FromResult(actor);
    }
}
