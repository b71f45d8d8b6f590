using System.Collections.Immutable;
using Akka.Actor;
using Akka.TestKit;
using Presence.Actors.Connections;
using Presence.Actors.Messages;
using Presence.Actors.Model;
using Presence.Actors.Relays;
using Presence.Actors.Telemetry;
using Presence.Tests.Node;
using Xunit;

namespace Presence.Tests.Relays;

public sealed class RelaySpecs : ActorSpec
{
    private static readonly RelaySettings Quick = RelaySettings.Default with
    {
        RetryAfter = TimeSpan.FromMilliseconds(100),
        RetryAtMost = TimeSpan.FromMilliseconds(200),
        Tick = TimeSpan.FromMilliseconds(20),
    };

    // Every report is a new one: none is a repetition of one whose acceptance was late.
    private static readonly RelaySettings Patient = RelaySettings.Default with { RetryAfter = TimeSpan.FromHours(1), RetryAtMost = TimeSpan.FromHours(1) };

    private static readonly UserId Somebody = new(Guid.NewGuid());

    private static readonly RelaySettings Prompt = Patient with { Tick = Quick.Tick };

    private readonly RelayId _id = NewRelayId();
    private readonly RelayId _elsewhere = NewRelayId();
    private readonly Subject _user = NewUser();
    private readonly TestProbe _homes, _shard, _alice, _bob;
    private readonly Refusals _refusals = new();
    private long _sequence;

    public RelaySpecs()
    {
        _homes = CreateTestProbe();
        _shard = CreateTestProbe();
        _alice = CreateTestProbe();
        _bob = CreateTestProbe();
    }

    [Fact]
    [Trait("Clause", "F2")]
    [Trait("Clause", "K5")]
    public async Task Many_followers_of_a_node_are_one_watcher()
    {
        var relay = Start();
        relay.Tell(new RelayCommand.Follow(Somebody, [_user], 1), _alice);
        relay.Tell(new RelayCommand.Follow(Somebody, [_user], 1), _bob);
        var report = await _homes.ExpectMsgAsync<NodeReport>();
        Assert.True(report.Watching);

        Accept(relay, report, Elsewhere("one"));

        foreach (var follower in new[] { _alice, _bob })
            Assert.Equal("one", Assert.Single(Assert.Single((await follower.ExpectMsgAsync<RelayReply.Followed>()).Snapshots).Sessions).Status);
        await NoReportAsync(relay);

        relay.Tell(new RelayCommand.Unfollow(Somebody, [_user], null), _alice);
        await NoReportAsync(relay);
        relay.Tell(new RelayCommand.Unfollow(Somebody, [_user], null), _bob);
        Assert.False((await _homes.ExpectMsgAsync<NodeReport>()).Watching);
    }

    [Fact]
    [Trait("Clause", "F8")]
    [Trait("Clause", "S5")]
    public async Task The_end_of_a_connection_undoes_all_it_asked_for()
    {
        var relay = Start();
        relay.Tell(new RelayCommand.Follow(Somebody, [_user], 1), _alice);
        relay.Tell(new RelayCommand.Publish(_user, Shows("one"), 2), _alice);
        Assert.True((await _homes.ExpectMsgAsync<NodeReport>()).Watching);
        Assert.Equal("one", Assert.Single((await _homes.ExpectMsgAsync<NodeReport>()).Page.Sessions).Status);

        relay.Tell(RelayCommand.End.Instance, _alice);

        var last = await _homes.FishForMessageAsync(m => m is NodeReport { Watching: false });
        Assert.Empty(((NodeReport)last).Page.Sessions);
    }

    [Fact]
    [Trait("Clause", "F9")]
    [Trait("Clause", "S7")]
    public async Task A_connection_that_enters_is_told_of_itself_alone_and_behind_the_reply()
    {
        var relay = Start();
        relay.Tell(new RelayCommand.Follow(Somebody, [_user], 1), _bob);
        Accept(relay, await _homes.ExpectMsgAsync<NodeReport>());
        await _bob.ExpectMsgAsync<RelayReply.Followed>();
        var own = Shows("");
        relay.Tell(new RelayCommand.Enter(_user, own, 2), _alice);

        // What others show comes with the same answer, and is news to those only who were there before.
        Accept(relay, await _homes.ExpectMsgAsync<NodeReport>(), Elsewhere("other"));

        Assert.Equal(2, (await _alice.ExpectMsgAsync<RelayReply.Done>()).Request);
        Assert.Equal(new StatusChange(null, own), Assert.Single((await _alice.ExpectMsgAsync<ServerMessage.StatusEvent>()).Changes));
        Assert.Equal(2, (await _bob.ExpectMsgAsync<ServerMessage.StatusEvent>()).Changes.Length);

        relay.Tell(new RelayCommand.Publish(_user, own with { Status = "one", Revision = 2 }, 3), _alice);
        Accept(relay, await _homes.ExpectMsgAsync<NodeReport>());
        await _alice.ExpectMsgAsync<RelayReply.Done>();
        Assert.Equal(own, Assert.Single((await _alice.ExpectMsgAsync<ServerMessage.StatusEvent>()).Changes).Old);
    }

    [Fact]
    [Trait("Clause", "K5")]
    public async Task What_all_followers_are_told_is_one_object_also_for_a_connection_that_enters()
    {
        var relay = Start();
        relay.Tell(new RelayCommand.Follow(Somebody, [_user], 1), _bob);
        Accept(relay, await _homes.ExpectMsgAsync<NodeReport>());
        await _bob.ExpectMsgAsync<RelayReply.Followed>();
        relay.Tell(new RelayCommand.Enter(_user, Shows(""), 2), _alice);
        Accept(relay, await _homes.ExpectMsgAsync<NodeReport>());

        await _alice.ExpectMsgAsync<RelayReply.Done>();
        Assert.Same(await _bob.ExpectMsgAsync<ServerMessage.StatusEvent>(), await _alice.ExpectMsgAsync<ServerMessage.StatusEvent>());
    }

    [Fact]
    [Trait("Clause", "F8")]
    public async Task A_connection_that_enters_and_shows_nothing_follows_and_its_end_undoes_it()
    {
        var relay = Start();
        relay.Tell(new RelayCommand.Enter(_user, null, 1), _alice);
        var report = await _homes.ExpectMsgAsync<NodeReport>();
        Assert.True(report.Watching);
        Assert.Empty(report.Page.Sessions);
        Accept(relay, report);
        await _alice.ExpectMsgAsync<RelayReply.Done>();

        relay.Tell(RelayCommand.End.Instance, _alice);
        Assert.False((await _homes.ExpectMsgAsync<NodeReport>()).Watching);
    }

    [Fact]
    [Trait("Clause", "F8")]
    public async Task A_connection_that_ends_while_it_enters_leaves_nothing()
    {
        var relay = Start();
        relay.Tell(new RelayCommand.Enter(_user, Shows(""), 1), _alice);
        relay.Tell(RelayCommand.End.Instance, _alice);

        var last = await _homes.FishForMessageAsync(m => m is NodeReport { Watching: false });
        Assert.Empty(((NodeReport)last).Page.Sessions);
        Accept(relay, (NodeReport)last);
        await NoReportAsync(relay);
        Assert.False(_alice.HasMessages);
    }

    [Fact]
    [Trait("Clause", "S7")]
    public async Task A_reply_comes_before_the_event_and_the_event_before_a_new_followers_answer()
    {
        var relay = Start();
        relay.Tell(new RelayCommand.Follow(Somebody, [_user], 1), _alice);
        Accept(relay, await _homes.ExpectMsgAsync<NodeReport>());
        await _alice.ExpectMsgAsync<RelayReply.Followed>();

        relay.Tell(new RelayCommand.Publish(_user, Shows("one"), 2), _alice);
        var report = await _homes.ExpectMsgAsync<NodeReport>();
        relay.Tell(new RelayCommand.Follow(Somebody, [_user], 1), _bob);
        Assert.Empty(Assert.Single((await _bob.ExpectMsgAsync<RelayReply.Followed>()).Snapshots).Sessions);
        Accept(relay, report);

        Assert.Equal(2, (await _alice.ExpectMsgAsync<RelayReply.Done>()).Request);
        Assert.Equal("one", Assert.Single((await _alice.ExpectMsgAsync<ServerMessage.StatusEvent>()).Changes).New!.Status);
        await _bob.ExpectMsgAsync<ServerMessage.StatusEvent>();
    }

    [Fact]
    [Trait("Clause", "K2")]
    public async Task A_report_is_repeated_until_it_is_accepted()
    {
        var relay = Start(Quick);
        relay.Tell(new RelayCommand.Publish(_user, Shows("one"), 1), _alice);
        var first = await _homes.ExpectMsgAsync<NodeReport>();
        var second = await _homes.ExpectMsgAsync<NodeReport>();
        Assert.Equal(first.Page.Version, second.Page.Version);

        Accept(relay, second);

        await _alice.ExpectMsgAsync<RelayReply.Done>();
    }

    [Fact]
    [Trait("Clause", "K2")]
    public async Task The_end_of_a_shard_makes_the_relay_report_to_the_next_home()
    {
        var relay = Start(Prompt);
        relay.Tell(new RelayCommand.Publish(_user, Shows("one"), 1), _alice);
        Accept(relay, await _homes.ExpectMsgAsync<NodeReport>());
        await _alice.ExpectMsgAsync<RelayReply.Done>();

        Sys.Stop(_shard);

        Assert.Equal("one", Assert.Single((await _homes.ExpectMsgAsync<NodeReport>()).Page.Sessions).Status);
    }

    [Fact]
    [Trait("Clause", "K2")]
    public async Task A_node_that_can_be_reached_again_is_told_all_that_concerns_its_homes()
    {
        var relay = Start(Prompt);
        relay.Tell(new RelayCommand.Publish(_user, Shows("one"), 1), _alice);
        Accept(relay, await _homes.ExpectMsgAsync<NodeReport>());
        await _alice.ExpectMsgAsync<RelayReply.Done>();

        relay.Tell(new Relay.PeerIsBack(new Address("akka.tcp", "presence", "elsewhere", 1)));
        await NoReportAsync(relay);

        relay.Tell(new Relay.PeerIsBack(_shard.Ref.Path.Address));
        Assert.Equal("one", Assert.Single((await _homes.ExpectMsgAsync<NodeReport>()).Page.Sessions).Status);
    }

    [Fact]
    [Trait("Clause", "K2")]
    [Trait("Clause", "E2")]
    public async Task A_gap_in_the_changes_makes_the_relay_report_again_and_the_answer_brings_what_it_lacks()
    {
        var relay = Start();
        relay.Tell(new RelayCommand.Follow(Somebody, [_user], 1), _alice);
        Accept(relay, await _homes.ExpectMsgAsync<NodeReport>(), Elsewhere("one", 1));
        await _alice.ExpectMsgAsync<RelayReply.Followed>();

        var other = NewRelayId();
        relay.Tell(new PresenceChanged(_user, 1, _sequence + 2, new BookPage(other, new Page(1, [Shows("late")]))), _shard);

        Assert.Null(Assert.Single((await _alice.ExpectMsgAsync<ServerMessage.StatusEvent>()).Changes).Old);
        var report = await _homes.ExpectMsgAsync<NodeReport>();
        Accept(relay, report, Elsewhere("two", 2));
        var change = Assert.Single((await _alice.ExpectMsgAsync<ServerMessage.StatusEvent>()).Changes);
        Assert.Equal("one", change.Old!.Status);
        Assert.Equal("two", change.New!.Status);
    }

    [Fact]
    [Trait("Clause", "E2")]
    [Trait("Clause", "S7")]
    public async Task Without_any_home_requests_are_answered_with_what_the_node_knows_and_the_rest_follows()
    {
        var relay = Start(Quick with { Patience = TimeSpan.FromMilliseconds(300) });
        relay.Tell(new RelayCommand.Publish(_user, Shows("here"), 1), _alice);
        relay.Tell(new RelayCommand.Follow(Somebody, [_user], 1), _bob);

        await _alice.ExpectMsgAsync<RelayReply.Done>();
        Assert.Equal("here", Assert.Single(Assert.Single((await _bob.ExpectMsgAsync<RelayReply.Followed>()).Snapshots).Sessions).Status);

        Accept(relay, (NodeReport)await _homes.FishForMessageAsync(m => m is NodeReport { Watching: true }), Elsewhere("there"));
        Assert.Equal("there", Assert.Single((await _bob.ExpectMsgAsync<ServerMessage.StatusEvent>()).Changes).New!.Status);
    }

    [Fact]
    [Trait("Clause", "S7")]
    [Trait("Clause", "F9")]
    public async Task Without_any_home_a_connection_enters_and_is_told_of_itself()
    {
        var relay = Start(Quick with { Patience = TimeSpan.FromMilliseconds(300) });
        var own = Shows("");
        relay.Tell(new RelayCommand.Enter(_user, own, 1), _alice);

        await _alice.ExpectMsgAsync<RelayReply.Done>();
        Assert.Equal(new StatusChange(null, own), Assert.Single((await _alice.ExpectMsgAsync<ServerMessage.StatusEvent>()).Changes));

        Accept(relay, (NodeReport)await _homes.FishForMessageAsync(m => m is NodeReport { Watching: true }), Elsewhere("there"));
        Assert.Equal("there", Assert.Single((await _alice.ExpectMsgAsync<ServerMessage.StatusEvent>()).Changes).New!.Status);
    }

    [Fact]
    [Trait("Clause", "E6")]
    public async Task A_home_that_believes_in_something_that_is_gone_is_told_so()
    {
        var relay = Start();
        relay.Tell(new ReportAccepted(_user, 1, 1, 0, Holds: true, []), _shard);
        var report = await _homes.ExpectMsgAsync<NodeReport>();
        Assert.Empty(report.Page.Sessions);
        Assert.False(report.Watching);

        relay.Tell(new PresenceChanged(_user, 1, 1, new BookPage(_elsewhere, new Page(1, []))), _shard);
        Assert.True((await _homes.ExpectMsgAsync<NodeReport>()).Page.Version > report.Page.Version);

        relay.Tell(new AskReport(_user, _id), _shard);
        await _homes.ExpectMsgAsync<NodeReport>();
    }

    [Fact]
    [Trait("Clause", "F11")]
    [Trait("Clause", "L2")]
    public async Task Of_the_users_with_one_name_no_more_are_reported_than_show_that_it_is_ambiguous()
    {
        var relay = Start(Patient with { UsersPerName = 2 });
        var name = Subject.OfName("guest");
        NodeReport? report = null;
        for (var i = 1; i <= 3; i++)
        {
            relay.Tell(new RelayCommand.HoldName(name, new UserId(Guid.NewGuid()), i), CreateTestProbe());
            report = await _homes.ExpectMsgAsync<NodeReport>();
            Assert.Equal(i, report.Page.Sessions.Length);
            Accept(relay, report);
        }

        // The fourth costs no report, and is answered.
        relay.Tell(new RelayCommand.HoldName(name, Somebody, 7), _alice);
        Assert.Equal(7, (await _alice.ExpectMsgAsync<RelayReply.Done>()).Request);
        await NoReportAsync(relay);

        // Each time that a reported user leaves, the report names another, if there is one.
        relay.Tell(RelayCommand.End.Instance, _alice);
        await NoReportAsync(relay);
    }

    [Fact]
    [Trait("Clause", "F11")]
    public async Task A_reported_user_who_leaves_is_replaced_in_one_report()
    {
        var relay = Start(Patient with { UsersPerName = 1 });
        var name = Subject.OfName("guest");
        UserId[] users = [.. Enumerable.Range(0, 3).Select(_ => new UserId(Guid.NewGuid()))];
        TestProbe[] connections = [.. users.Select(_ => CreateTestProbe())];
        for (var i = 0; i < users.Length; i++)
            relay.Tell(new RelayCommand.HoldName(name, users[i], 1), connections[i]);
        NodeReport report;
        do
        {
            report = await _homes.ExpectMsgAsync<NodeReport>();
        }
        while (report.Page.Sessions.Length < 2);
        Accept(relay, report);

        relay.Tell(RelayCommand.End.Instance, connections[0]);
        Assert.Equal([users[2], users[1]], (await _homes.ExpectMsgAsync<NodeReport>()).Page.Sessions.Select(s => s.Holder).OrderBy(u => u != users[2]));
        await NoReportAsync(relay);
    }

    private IActorRef Start(RelaySettings? settings = null) => Sys.ActorOf(Relay.Props(_id, _homes, settings ?? Patient, _refusals));

    private void Accept(IActorRef relay, NodeReport report, params BookPage[] newer) => relay.Tell(
        new ReportAccepted(report.Subject, report.Page.Version, 1, ++_sequence, true, [.. newer]), _shard);

    private BookPage Elsewhere(string status, long version = 1) =>
        new(_elsewhere, new Page(version, ImmutableArray.Create(Shows(status, version, _session))));

    private readonly SessionId _session = SessionId.New();

    /// <summary>The relay has sent nothing before the report that it is asked for now.</summary>
    private async Task NoReportAsync(IActorRef relay)
    {
        var other = NewUser();
        relay.Tell(new AskReport(other, _id), _shard);
        Assert.Equal(other, (await _homes.ExpectMsgAsync<NodeReport>()).Subject);
    }
}
