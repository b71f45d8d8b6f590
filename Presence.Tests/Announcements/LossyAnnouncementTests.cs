using System.Collections.Concurrent;
using Akka.Actor;
using Presence.Actors.Announcements;
using Presence.Actors.Connections;
using Presence.Actors.Messages;
using Presence.Actors.Model;
using Presence.Tests.Node;
using Xunit;

namespace Presence.Tests.Announcements;

/// <summary>Nodes that lose one in five of the messages between them, and yet know the same soon.</summary>
[Trait("Clause", "K1")]
[Trait("Clause", "K2")]
public sealed class LossyAnnouncementTests(LossyAnnouncementTests.Nodes nodes) : IClassFixture<LossyAnnouncementTests.Nodes>
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    [Trait("Clause", "C3")]
    public async Task Of_connections_that_a_user_opens_everywhere_at_once_the_newest_stays_and_no_other()
    {
        const int users = 40;
        var before = LossyMailbox.Lost;
        var newest = await Task.WhenAll(Enumerable.Range(0, users).Select(async _ =>
        {
            var user = new UserId(Guid.NewGuid());
            // Not in the order of their names, as when clocks differ.
            var sessions = Enumerable.Range(0, 6).Select(_ => SessionId.New()).ToArray();
            var (newest, late) = (sessions[^1], sessions[..2]);
            var early = sessions[2..];
            Random.Shared.Shuffle(early);
            var clients = early.Select(session => nodes.Any().Connect(user, "alice", session)).ToList();
            await OlderEndAsync(clients, newest);
            // By now the newest is known everywhere, and these are older and come later.
            await OlderEndAsync([.. late.Select(session => nodes.Any().Connect(user, "alice", session))], newest);
            return clients.Single(c => c.Session == newest);
        }));

        Assert.True(LossyMailbox.Lost > before, "Nothing was lost, so nothing was tested.");
        foreach (var client in newest)
        {
            await client.NothingMoreAsync();
            Assert.False(client.Link.Closed.IsCompleted, "C3: the newest connection was ended too.");
        }
    }

    private static async Task OlderEndAsync(List<TestClient> clients, SessionId newest)
    {
        foreach (var older in clients.Where(c => c.Session != newest))
            Assert.Equal(CloseReason.Replaced, await older.Link.Closed.WaitAsync(Patience));
    }

    [Fact]
    [Trait("Clause", "A1")]
    public async Task What_is_revoked_on_any_node_is_soon_revoked_on_all_and_on_one_that_joins_before_it_serves()
    {
        var revoked = Enumerable.Range(0, 300).Select(i => new TokensRevoked(
            new UserId(Guid.NewGuid()), i % 2 == 0 ? $"login {i}" : null, i % 2 == 0 ? default : DateTimeOffset.UnixEpoch, DateTimeOffset.MaxValue)).ToList();
        foreach (var one in revoked)
            nodes.Any().Announcer.Tell(new Announcer.Revoke(one));

        // What a node has revoked itself it is not told; so all have heard of it when all others have.
        using (var patience = new CancellationTokenSource(Patience))
        {
            while (!revoked.All(one => nodes.Told.Count(told => told.ContainsKey(one)) == nodes.Told.Count - 1))
            {
                Assert.False(patience.IsCancellationRequested, "A1: not every node has been told of every revocation.");
                await Task.Delay(20);
            }
        }

        var (joiner, told) = Nodes.New();
        await using (joiner)
        {
            await joiner.StartAsync(nodes.Any().Address);
            Assert.Superset(revoked.ToHashSet(), told.Keys.ToHashSet());
        }
    }

    public sealed class Nodes : IAsyncLifetime
    {
        private const string Losses = $$"""
            {{LossyClusterFixture.Losses}}
            akka.actor.default-mailbox.loss = 0.2
            """;

        private readonly List<InMemoryNode> _nodes = [];

        /// <summary>What each node has been told by others.</summary>
        public List<ConcurrentDictionary<TokensRevoked, bool>> Told { get; } = [];

        public InMemoryNode Any() => _nodes[Random.Shared.Next(_nodes.Count)];

        public static (InMemoryNode Node, ConcurrentDictionary<TokensRevoked, bool> Told) New()
        {
            var told = new ConcurrentDictionary<TokensRevoked, bool>();
            return (
                new InMemoryNode(
                    LossyClusterFixture.NewNode(SessionPolicy.Default with { SingleConnection = true }, revoked => told[revoked] = true), Losses),
                told);
        }

        public async Task InitializeAsync()
        {
            for (var i = 0; i < 3; i++)
            {
                var (node, told) = New();
                _nodes.Add(node);
                Told.Add(told);
                await node.StartAsync(i == 0 ? null : _nodes[0].Address);
            }
        }

        public async Task DisposeAsync()
        {
            foreach (var node in _nodes.AsEnumerable().Reverse())
                await node.DisposeAsync();
        }
    }
}
