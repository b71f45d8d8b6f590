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

/// <summary>Questions about many users at once, to the entities of one node and, where that cannot answer, to each entity.</summary>
[Trait("Clause", "K1")]
public sealed class PresenceLookupTests : IAsyncLifetime
{
    private readonly InMemoryNode _node = new(new PresenceNode());

    public Task InitializeAsync() => _node.StartAsync();

    public async Task DisposeAsync() => await _node.DisposeAsync();

    [Fact]
    public async Task Users_are_found_on_whatever_node_they_are_and_those_who_show_nothing_are_not()
    {
        var (shown, hidden) = (new List<TestClient>(), new List<TestClient>());
        for (var i = 0; i < 60; i++)
        {
            (i % 3 == 0 ? hidden : shown).Add(_node.Connect(NewUser(), NewName(), appearsOnline: i % 3 != 0));
        }

        foreach (var client in shown.Concat(hidden))
            await client.StartedAsync();
        UserId[] unknown = [.. Enumerable.Range(0, 300).Select(_ => NewUser())];
        ImmutableArray<UserId> all = [.. shown.Select(c => c.User), .. hidden.Select(c => c.User), .. unknown, shown[0].User];

        var found = await Lookup.ShownAsync(all, CancellationToken.None);
        Assert.Equal(
            shown.Select(c => (c.User, c.Username)).OrderBy(each => each.Username, StringComparer.Ordinal),
            found.Select(each => (each.Key, each.Value)).OrderBy(each => each.Value, StringComparer.Ordinal));

        string[] names = [.. hidden.Select(c => c.Username), NewName(), NewName()];
        var holders = await Lookup.UsersOfNamesAsync([.. names], CancellationToken.None);
        Assert.Equal(hidden.Count, holders.Count);
        Assert.All(hidden, client => Assert.Equal<UserId>([client.User], holders[client.Username]));
    }

    [Fact]
    public async Task Asking_about_users_whom_nobody_knows_creates_nothing()
    {
        // One user of each shard: where a shard is not there yet, a question goes to its entity, and creates both.
        ImmutableArray<UserId> unknown =
            [.. Enumerable.Range(0, 20_000).Select(_ => NewUser()).DistinctBy(user => HomeSharding.ShardOf(Subject.OfUser(user)))];
        Assert.Equal(HomeSharding.Shards, unknown.Length);
        Assert.Empty(await Lookup.ShownAsync(unknown, CancellationToken.None));
        await Lookup.ShownAsync(unknown, CancellationToken.None);
        var before = Entities();

        Assert.Empty(await Lookup.ShownAsync([.. Enumerable.Range(0, 1000).Select(_ => NewUser())], CancellationToken.None));

        Assert.Empty(Entities().Except(before));
    }

    [Fact]
    public async Task A_node_that_does_not_know_the_query_is_asked_by_entity()
    {
        var client = _node.Connect(NewUser(), NewName(), appearsOnline: true);
        await client.StartedAsync();
        await (await _node.System.ActorSelection($"/user/{PresenceQueries.Name}").ResolveOne(TimeSpan.FromSeconds(10))).GracefulStop(TimeSpan.FromSeconds(10));

        var found = await Lookup.ShownAsync([client.User, NewUser()], CancellationToken.None);

        Assert.Equal(client.Username, Assert.Single(found).Value);
    }

    [Fact]
    public async Task Queries_that_come_together_are_all_answered()
    {
        var client = _node.Connect(NewUser(), NewName(), appearsOnline: true);
        await client.StartedAsync();
        var lookup = Lookup;
        var answers = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ =>
            lookup.ShownAsync([client.User, .. Enumerable.Range(0, 400).Select(_ => NewUser())], CancellationToken.None)));

        Assert.All(answers, found => Assert.Equal(client.User, Assert.Single(found).Key));
    }

    private static UserId NewUser() => new(Guid.NewGuid());

    private static string NewName() => Guid.NewGuid().ToString("N");

    private PresenceLookup Lookup => new(_node.System, new Region(_node.Homes));

    private HashSet<string> Entities() => [.. HomeSharding.HomesOf(_node.Homes).Select(home => home.Path.Name)];

    private sealed class Region(IActorRef actor) : IRequiredActor<UserPresence>
    {
        public IActorRef ActorRef => actor;

        public Task<IActorRef> GetAsync(CancellationToken cancellationToken = default) => Task.FromResult(actor);
    }
}
