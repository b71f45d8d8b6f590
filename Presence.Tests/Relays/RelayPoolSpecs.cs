using Akka.Actor;
using Akka.Cluster;
using Presence.Actors.Connections;
using Presence.Actors.Messages;
using Presence.Actors.Model;
using Presence.Actors.Relays;
using Presence.Actors.Telemetry;
using Presence.Tests.Node;
using Xunit;

namespace Presence.Tests.Relays;

public sealed class RelayPoolSpecs : ActorSpec
{
    private static readonly UserId Somebody = new(Guid.NewGuid());

    // Every report is a new one: none is a repetition of one whose acceptance was late.
    private static readonly RelaySettings Two =
        RelaySettings.Default with { Count = 2, RetryAfter = TimeSpan.FromHours(1), RetryAtMost = TimeSpan.FromHours(1) };

    [Fact]
    [Trait("Clause", "E6")]
    public async Task A_relay_that_fails_is_another_afterwards_and_whoever_asks_for_the_old_one_hears_that_it_is_gone()
    {
        var homes = CreateTestProbe();
        var listener = CreateTestProbe();
        Sys.EventStream.Subscribe(listener, typeof(RelayFailed));
        var table = new RelayTable();
        var pool = Sys.ActorOf(RelayPool.Props(homes, table, Two, new Refusals()), RelayPool.Name);
        await table.Filled;
        var node = Cluster.Get(Sys).SelfUniqueAddress.Uid;
        var user = NewUser();
        var first = table.Current;

        // The two relays were started as numbers 0 and 1.
        pool.Tell(new AskReport(user, new RelayId(node, 1, 1)));
        Assert.Equal(new RelayId(node, 1, 1), (await homes.ExpectMsgAsync<NodeReport>()).Relay);

        first[1].Tell(Kill.Instance);
        await listener.ExpectMsgAsync<RelayFailed>();
        Assert.Same(first[0], table.Current[0]);
        Assert.NotSame(first[1], table.Current[1]);

        pool.Tell(new AskReport(user, new RelayId(node, 1, 1)));
        Assert.Equal(new RelayRetired(user, new RelayId(node, 1, 1)), await homes.ExpectMsgAsync<RelayRetired>());
        pool.Tell(new AskReport(user, new RelayId(node, 1, 2)));
        Assert.Equal(new RelayId(node, 1, 2), (await homes.ExpectMsgAsync<NodeReport>()).Relay);
    }

    [Fact]
    [Trait("Clause", "K5")]
    public async Task What_another_node_has_to_tell_is_told_to_the_relay_of_each_subject_and_answered()
    {
        var (homes, follower, table) = (CreateTestProbe(), CreateTestProbe(), new RelayTable());
        var pool = Sys.ActorOf(RelayPool.Props(homes, table, Two, new Refusals()), RelayPool.Name);
        await table.Filled;
        var (even, odd) = (UserOf(table, 0), UserOf(table, 1));
        foreach (var user in new[] { even, odd })
        {
            table.Current[RelayTable.IndexOf(user, 2)].Tell(new RelayCommand.Follow(Somebody, [user], 1), follower);
            var report = await homes.ExpectMsgAsync<NodeReport>();
            homes.LastSender.Tell(new ReportAccepted(user, report.Page.Version, 1, 0, true, []));
            await follower.ExpectMsgAsync<RelayReply.Followed>();
        }

        pool.Tell(new PeerBatch(7, [Change(even, "even"), Change(odd, "odd")], [odd]), TestActor);

        Assert.Equal(7, (await ExpectMsgAsync<PeerBatchAccepted>()).Number);
        ServerMessage.StatusEvent[] told =
            [await follower.ExpectMsgAsync<ServerMessage.StatusEvent>(), await follower.ExpectMsgAsync<ServerMessage.StatusEvent>()];
        Assert.Equal([(even.User, "even"), (odd.User, "odd")], told.Select(t => (t.User, t.Changes[0].New!.Status)).OrderBy(t => t.Status));
        Assert.Equal(odd, (await homes.ExpectMsgAsync<NodeReport>()).Subject);

        static PresenceChanged Change(Subject user, string status) =>
            new(user, 1, 1, new BookPage(NewRelayId(), new Page(1, [Shows(status)])));
    }

    private static Subject UserOf(RelayTable table, int relay)
    {
        while (true)
        {
            var user = NewUser();
            if (RelayTable.IndexOf(user, table.Current.Length) == relay)
                return user;
        }
    }
}
