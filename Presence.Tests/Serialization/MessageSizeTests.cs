using System.Collections.Immutable;
using Akka.Actor;
using Akka.TestKit.Xunit2;
using Presence.Actors.Announcements;
using Presence.Actors.Delivery;
using Presence.Actors.Hosting;
using Presence.Actors.Messages;
using Presence.Actors.Model;
using Presence.Actors.Serialization;
using Presence.Host.Node;
using Xunit;

namespace Presence.Tests.Serialization;

/// <summary>
/// No message between nodes reaches the frame limit of the transport, at the highest values of the settings and on twenty nodes: the
/// transport would drop it each time it is sent.
/// </summary>
[Trait("Clause", "L2")]
public sealed class MessageSizeTests() : TestKit("akka.actor.provider = local")
{
    private const int Nodes = 20;

    // The highest values of Presence:Limits:ConnectionsPerUser and UsersPerName.
    private const int ConnectionsPerUser = 1000;
    private const int UsersPerName = 10_000;

    private static readonly Subject User = Subject.OfUser(new UserId(Guid.NewGuid()));
    private static readonly Subject Name = Subject.OfName(new string('n', Username.MaxBytes));

    [Fact]
    public void A_report_of_all_connections_of_a_user()
    {
        var sizes = Enumerable.Range(0, Nodes).Select(node => SizeOf(Report(node))).ToList();
        AssertFits(sizes.Max());
        AssertFits(SizeOf(new NodeReport(Name, Relay(0), Holders(0), Watching: true, Digest)));
    }

    [Fact]
    public void The_answer_with_the_pages_of_all_nodes()
    {
        var home = Enumerable.Range(1, Nodes - 1).Aggregate(new Home(User, 1), (home, node) => home.Report(Report(node)).Next);
        var step = home.Report(Report(0) with { Watching = true, Digest = [] });
        Assert.NotEmpty(step.Parts);
        AssertFits(step.Parts.Append(step.Accepted!).Max(SizeOf));
    }

    [Fact]
    public void Changes_of_a_user_on_all_nodes_that_wait_for_a_slow_node()
    {
        var backlog = new Backlog();
        foreach (var (node, number) in Enumerable.Range(0, Nodes).Select(node => (node, (long)node + 1)))
            backlog.Add(Backlog.Item.Changed(new PresenceChanged(User, 1, number, new BookPage(Relay(node), Page(node)))));
        AssertFitsWithoutLoss(backlog);
    }

    [Fact]
    public void Changes_of_sessions_that_come_and_go_and_wait_for_a_slow_node()
    {
        var backlog = new Backlog();
        // In each change a quarter of a large page goes, and as much comes.
        var page = new Page(1, Sessions(1000));
        for (var number = 1L; number <= 600; number++)
        {
            var next = new Page(page.Version + 1, [.. page.Sessions[250..], .. Sessions(250)]);
            backlog.Add(Backlog.Item.Changed(new PresenceChanged(User, 1, number, new BookUpdate(Relay(0), Actors.Model.Page.Update(page, next)))));
            page = next;
        }

        AssertFitsWithoutLoss(backlog);
    }

    [Fact]
    public void The_answer_to_a_query_of_an_entity_with_the_connections_of_all_nodes()
    {
        var users = Enumerable.Range(0, Nodes).Aggregate(new Home(User, 1), (home, node) => home.Report(Report(node)).Next);
        AssertFits(SizeOf(users.Answer()));
        var names = Enumerable.Range(0, Nodes).Aggregate(
            new Home(Name, 1), (home, node) => home.Report(new NodeReport(Name, Relay(node), Holders(node), Watching: false, [])).Next);
        AssertFits(SizeOf(names.Answer()));
        Assert.Equal(PresenceFound.MaxUsers, PresenceFound.Of(0, names.Answer())!.Users.Length);
    }

    [Fact]
    public void A_query_to_a_node_and_its_answer()
    {
        string Text(int i) => new string('n', Username.MaxBytes - 4) + i.ToString("d4");
        ImmutableArray<UserId> users = [.. Enumerable.Range(0, PresenceFound.MaxUsers).Select(_ => new UserId(Guid.NewGuid()))];
        ImmutableArray<int> shards = [.. Enumerable.Range(0, 256)];
        AssertFits(SizeOf(new PresenceQuery(1, [.. Enumerable.Range(0, PresenceLookup.UsersPerMessage).Select(i => Subject.OfName(Text(i)))])));
        AssertFits(SizeOf(new PresenceQueryAnswer(
            1, shards, [.. Enumerable.Range(0, PresenceLookup.UsersPerMessage).Select(i => new PresenceFound(i, Text(i), []))])));
        AssertFits(SizeOf(new PresenceQueryAnswer(
            1, shards, [.. Enumerable.Range(0, PresenceLookup.NamesPerMessage).Select(i => new PresenceFound(i, "", users))])));
    }

    [Fact]
    public void An_announcement_of_very_many_revocations()
    {
        var kept = Enumerable.Range(0, 10_000)
            .Select(i => new TokensRevoked(new UserId(Guid.NewGuid()), new string('t', 12_000), default, DateTimeOffset.MaxValue))
            .ToImmutableDictionary(TokenSet.Of);
        AssertFits(SizeOf(new Debt(kept).Send(1, 1, default, AnnouncementSettings.Default).UnderWay!));
    }

    private static ImmutableArray<Known> Digest => [.. Enumerable.Range(0, Nodes).Select(node => new Known(Relay(node), 1))];

    private static NodeReport Report(int node) => new(User, Relay(node), Page(node), Watching: false, Digest);

    private static RelayId Relay(int node) => new(int.MinValue + node, 0, 0);

    private static ImmutableArray<SessionStatus> Sessions(int count) =>
        [.. Enumerable.Range(0, count).Select(_ => new SessionStatus(SessionId.New(), "", "", 1))];

    private static Page Page(int node) => new(
        node + 1,
        [.. Enumerable.Range(0, ConnectionsPerUser).Select(i => new SessionStatus(
            SessionId.New(), new string('n', Username.MaxBytes), new string('s', SessionStatus.MaxBytes), long.MaxValue))]);

    private static Page Holders(int node) => new(
        node + 1, [.. Enumerable.Range(0, UsersPerName + 1).Select(i => SessionStatus.OfHolder(new UserId(Guid.NewGuid()), long.MaxValue))]);

    private void AssertFitsWithoutLoss(Backlog backlog)
    {
        var batches = backlog.Cut(PeerSettings.Default.BatchBytes).ToList();
        AssertFits(batches.Max(SizeOf));
        // What is not told is asked for.
        Assert.True(batches.Any(batch => batch.Unsure.Contains(User)) || batches.Sum(batch => batch.Changes.Length) == 1);
    }

    private int SizeOf(IClusterMessage message) => new PresenceSerializer((ExtendedActorSystem)Sys).ToBinary(message).Length;

    /// <summary>Room is left for what Akka adds, and for sessions that have just ended and are still on a page.</summary>
    private static void AssertFits(int bytes)
    {
        var limit = HoconFiles.Load(Path.Combine(AppContext.BaseDirectory, "hocon", "presence.hocon")).GetByteSize("akka.remote.dot-netty.tcp.maximum-frame-size");
        Assert.InRange(bytes, 1, limit!.Value * 5 / 8);
    }
}
