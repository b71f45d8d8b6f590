using Presence.Actors.Announcements;
using Presence.Actors.Connections;
using Presence.Actors.Delivery;
using Presence.Actors.Hosting;
using Presence.Actors.Messages;
using Presence.Actors.Model;
using Presence.Actors.Relays;
using Presence.Actors.Users;
using Xunit;

namespace Presence.Tests.Node;

/// <summary>
/// Three nodes in which one in twenty of the messages between connections' relays, shards, homes and nodes is lost; clients
/// come to them in turn. Their actors run on loops as those of a server do, and their times are short, so that what is lost is
/// soon repaired.
/// </summary>
public sealed class LossyClusterFixture : INodes, IAsyncLifetime
{
    // What crosses between nodes is serialized in any case. What Akka's cluster tells itself must not be: a member that has been
    // through the serializer for everything forgets its age, and the youngest node is taken for the oldest.
    internal const string Losses = """
        akka.actor.serialize-messages = off
        akka.actor.default-mailbox {
          mailbox-type = "Presence.Tests.Node.LossyMailbox, Presence.Tests"
          loss = 0.05
        }
        """;

    private readonly InMemoryNode[] _nodes = [.. Enumerable.Range(0, 3).Select(_ => new InMemoryNode(NewNode(), Losses))];
    private int _next;

    /// <summary>A report that was lost is repeated with what has come since.</summary>
    public bool MayMerge => true;

    public async Task InitializeAsync()
    {
        await _nodes[0].StartAsync();
        foreach (var node in _nodes[1..])
            await node.StartAsync(_nodes[0].Address);
    }

    public async Task DisposeAsync()
    {
        foreach (var node in _nodes.Reverse())
            await node.DisposeAsync();
    }

    public TestClient Connect(UserId user, string username, bool appearsOnline = false) =>
        _nodes[(int)((uint)Interlocked.Increment(ref _next) % _nodes.Length)].Connect(user, username, appearsOnline);

    /// <summary>A node of short times.</summary>
    /// <param name="sessions">Which of its connections may not go on.</param>
    /// <param name="revoke">Takes the revocations of other nodes.</param>
    internal static PresenceNode NewNode(SessionPolicy? sessions = null, Action<TokensRevoked>? revoke = null) => new()
    {
        Sessions = sessions ?? SessionPolicy.Default,
        Revoke = revoke ?? (_ => { }),
        Loops = SpecLoops.All,
        Announcements = AnnouncementSettings.Default with
        {
            RetryAfter = TimeSpan.FromMilliseconds(50),
            RetryAtMost = TimeSpan.FromMilliseconds(200),
            Patience = TimeSpan.FromMinutes(1),
        },
        Relays = RelaySettings.Default with
        {
            Count = 4,
            RetryAfter = TimeSpan.FromMilliseconds(50),
            RetryAtMost = TimeSpan.FromMilliseconds(200),
            Lease = TimeSpan.FromSeconds(1),
            Tick = TimeSpan.FromMilliseconds(20),
        },
        Homes = new HomeSettings(
            AskEvery: TimeSpan.FromMilliseconds(100), SilenceAfter: TimeSpan.FromSeconds(3), StayEmpty: TimeSpan.FromSeconds(1)),
        Peers = PeerSettings.Default with
        {
            AnswerWithin = TimeSpan.FromMilliseconds(250),
            RetryAfter = TimeSpan.FromMilliseconds(20),
        },
    };
}
