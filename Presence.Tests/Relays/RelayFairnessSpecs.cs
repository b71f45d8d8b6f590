using System.Diagnostics.Metrics;
using Akka.Actor;
using Akka.TestKit;
using Presence.Actors.Limits;
using Presence.Actors.Messages;
using Presence.Actors.Model;
using Presence.Actors.Relays;
using Presence.Actors.Telemetry;
using Presence.Actors.Users;
using Presence.Tests.Node;
using Presence.Tests.Telemetry;
using Xunit;

namespace Presence.Tests.Relays;

/// <summary>What one client asks of a relay costs itself, and others only a bounded time.</summary>
[Trait("Clause", "L2")]
public sealed class RelayFairnessSpecs : ActorSpec
{
    // No report is repeated, no rate is used up, and no entity is taken for slow.
    private static readonly RelaySettings Calm = RelaySettings.Default with
    {
        Count = 1,
        RetryAfter = TimeSpan.FromHours(1),
        RetryAtMost = TimeSpan.FromHours(1),
        Tick = TimeSpan.FromMilliseconds(20),
        FollowsInFlight = 4,
        FollowPatience = TimeSpan.FromHours(1),
        FollowRate = default,
        NewEntityRate = default,
        UpdateRate = default,
    };

    private readonly RelayId _id = NewRelayId();
    private readonly UserId _userOfAlice = new(Guid.NewGuid()), _userOfBob = new(Guid.NewGuid());
    private readonly TestProbe _entities, _shard, _alice, _bob;
    private readonly Meter _meter = new(Refusals.MeterName);
    private readonly RefusalCounts _refused;
    private long _sequence;

    public RelayFairnessSpecs()
    {
        _entities = CreateTestProbe();
        _shard = CreateTestProbe();
        _alice = CreateTestProbe();
        _bob = CreateTestProbe();
        _refused = RefusalCounts.Of(_meter);
    }

    [Fact]
    public async Task A_follow_of_many_has_few_entities_under_way_at_one_time()
    {
        var relay = Start(Calm);
        var subjects = Subjects(40);
        relay.Tell(new RelayCommand.Follow(_userOfAlice, [.. subjects], 1), _alice);

        var asked = new List<Subject>();
        for (var answered = 0; answered < subjects.Length; answered++)
        {
            while (asked.Count < Math.Min(subjects.Length, answered + Calm.FollowsInFlight))
                asked.Add((await _entities.ExpectMsgAsync<NodeReport>()).Subject);
            await NoReportAsync(relay);
            Accept(relay, asked[answered]);
            Assert.Equal(asked[answered], Assert.Single((await _alice.ExpectMsgAsync<RelayReply.Followed>()).Snapshots).Subject);
        }

        Assert.Equal(subjects, asked);
        Assert.Equal(1, _refused["follows_in_flight"]);
    }

    [Fact]
    public async Task A_follow_of_what_the_node_knows_does_not_wait_for_those_that_create_entities()
    {
        var relay = Start(Calm);
        var known = NewUser();
        relay.Tell(new RelayCommand.Follow(_userOfBob, [known], 1), _bob);
        Accept(relay, (await _entities.ExpectMsgAsync<NodeReport>()).Subject);
        await _bob.ExpectMsgAsync<RelayReply.Followed>();
        relay.Tell(new RelayCommand.Follow(_userOfAlice, [.. Subjects(40)], 1), _alice);

        // The second connection of the same user waits for the first one's follow; the other user does not.
        var second = CreateTestProbe();
        relay.Tell(new RelayCommand.Follow(_userOfAlice, [known], 1), second);
        relay.Tell(new RelayCommand.Follow(_userOfBob, [known], 2), _bob);

        Assert.Equal(2, (await _bob.ExpectMsgAsync<RelayReply.Followed>()).Request);
        Assert.False(second.HasMessages);
    }

    [Fact]
    public async Task Users_who_create_entities_take_turns()
    {
        var relay = Start(Calm with { FollowsInFlight = 1 });
        var (ofAlice, ofBob) = (Subjects(10), Subjects(2));
        relay.Tell(new RelayCommand.Follow(_userOfAlice, [.. ofAlice], 1), _alice);
        relay.Tell(new RelayCommand.Follow(_userOfBob, [.. ofBob], 1), _bob);

        var order = new List<Subject>();
        for (var i = 0; i < 6; i++)
        {
            order.Add((await _entities.ExpectMsgAsync<NodeReport>()).Subject);
            Accept(relay, order[^1]);
        }

        Assert.Equal(2, order.Count(ofBob.Contains));
    }

    [Fact]
    [Trait("Clause", "F7")]
    public async Task An_unfollow_is_answered_when_it_is_carried_out_and_ends_entities_a_few_at_a_time()
    {
        var relay = Start(Calm);
        var subjects = await FollowAsync(relay, 10);

        relay.Tell(new RelayCommand.Unfollow(_userOfAlice, [.. subjects], 7), _alice);

        for (var ended = 0; ended < subjects.Length; ended++)
        {
            // The window holds four: so many are asked for before the first is answered.
            var report = await _entities.ExpectMsgAsync<NodeReport>();
            Assert.False(report.Watching);
            if (ended < subjects.Length - Calm.FollowsInFlight)
                Assert.False(_alice.HasMessages);
            if (ended >= Calm.FollowsInFlight - 1)
                Accept(relay, report.Subject);
            else
                Later(relay, report.Subject);
            if (ended == Calm.FollowsInFlight - 1)
                AcceptLater();
        }

        Assert.Equal(7, (await _alice.ExpectMsgAsync<RelayReply.Done>()).Request);
    }

    [Fact]
    [Trait("Clause", "F8")]
    public async Task The_end_of_a_connection_ends_its_entities_a_few_at_a_time_before_its_user_gets_another()
    {
        var relay = Start(Calm);
        var subjects = await FollowAsync(relay, 10);

        relay.Tell(RelayCommand.End.Instance, _alice);
        var next = NewUser();
        var another = CreateTestProbe();
        relay.Tell(new RelayCommand.Follow(_userOfAlice, [next], 1), another);

        var reports = new List<NodeReport>();
        while (reports.Count < subjects.Length + 1)
        {
            reports.Add(await _entities.ExpectMsgAsync<NodeReport>());
            Accept(relay, reports[^1].Subject);
        }

        Assert.All(reports[..^1], report => Assert.False(report.Watching));
        Assert.Equal(subjects.ToHashSet(), reports[..^1].Select(report => report.Subject).ToHashSet());
        Assert.Equal(next, reports[^1].Subject);
        await another.ExpectMsgAsync<RelayReply.Followed>();
    }

    [Fact]
    [Trait("Clause", "S5")]
    public async Task The_status_of_a_connection_that_ends_leaves_at_once_however_much_it_follows()
    {
        var relay = Start(Calm);
        var own = Subject.OfUser(_userOfAlice);
        relay.Tell(new RelayCommand.Publish(own, Shows("one"), 1), _alice);
        Accept(relay, (await _entities.ExpectMsgAsync<NodeReport>()).Subject);
        await _alice.ExpectMsgAsync<RelayReply.Done>();
        await FollowAsync(relay, 10);

        relay.Tell(RelayCommand.End.Instance, _alice);

        var first = await _entities.ExpectMsgAsync<NodeReport>();
        Assert.Equal(own, first.Subject);
        Assert.Empty(first.Page.Sessions);
    }

    [Fact]
    [Trait("Clause", "K2")]
    public async Task Entities_that_do_not_answer_do_not_hold_up_the_others()
    {
        var relay = Start(Calm with { FollowPatience = TimeSpan.FromMilliseconds(50) });
        var dead = SubjectsOfShard(3, 20);
        relay.Tell(new RelayCommand.Follow(_userOfAlice, [.. dead], 1), _alice);
        for (var i = 0; i < Calm.FollowsInFlight; i++)
            Assert.Contains((await _entities.ExpectMsgAsync<NodeReport>()).Subject, dead);

        var alive = SubjectsOfShard(4, 1)[0];
        relay.Tell(new RelayCommand.Follow(_userOfBob, [alive], 1), _bob);

        var report = (NodeReport)await _entities.FishForMessageAsync(m => m is NodeReport report && report.Subject == alive);
        Accept(relay, report.Subject);
        await _bob.ExpectMsgAsync<RelayReply.Followed>();
    }

    [Fact]
    [Trait("Clause", "L4")]
    public async Task Above_the_rate_of_new_entities_a_follow_waits_and_one_of_entities_that_are_there_does_not()
    {
        // It is refilled after hours.
        var relay = Start(Calm with { NewEntityRate = new RateLimit(0.0001, TimeSpan.FromSeconds(20_000)) });
        var subjects = Subjects(3);
        relay.Tell(new RelayCommand.Follow(_userOfAlice, [.. subjects], 1), _alice);
        for (var i = 0; i < 3; i++)
        {
            var report = await _entities.ExpectMsgAsync<NodeReport>();
            relay.Tell(new ReportAccepted(report.Subject, report.Page.Version, 1, ++_sequence, true, [], IsNewEntity: true), _shard);
            await _alice.ExpectMsgAsync<RelayReply.Followed>();
        }

        var held = NewUser();
        relay.Tell(new RelayCommand.Follow(_userOfAlice, [held], 2), _alice);
        await NoReportAsync(relay);
        Assert.Equal(1, _refused["new_entities"]);

        relay.Tell(new RelayCommand.Follow(_userOfBob, [subjects[0]], 1), _bob);
        await _bob.ExpectMsgAsync<RelayReply.Followed>();
        relay.Tell(new RelayCommand.Unfollow(_userOfBob, [subjects[0]], 2), _bob);
        await _bob.ExpectMsgAsync<RelayReply.Done>();
    }

    [Fact]
    [Trait("Clause", "L4")]
    public async Task Above_its_rate_of_follows_a_user_waits_and_no_other_does()
    {
        var relay = Start(Calm with { FollowRate = new RateLimit(0.0001, TimeSpan.FromSeconds(30_000)) });
        var known = await FollowAsync(relay, 3);
        relay.Tell(new RelayCommand.Follow(_userOfAlice, [NewUser()], 2), _alice);
        await NoReportAsync(relay);
        Assert.Equal(1, _refused["follows_per_second"]);

        relay.Tell(new RelayCommand.Follow(_userOfBob, [known[0]], 1), _bob);
        await _bob.ExpectMsgAsync<RelayReply.Followed>();
        Assert.False(_alice.HasMessages);
    }

    [Fact]
    [Trait("Clause", "L4")]
    [Trait("Clause", "E2")]
    public async Task Above_the_rate_of_updates_changes_are_merged_and_all_are_answered()
    {
        var relay = Start(Calm with { UpdateRate = new RateLimit(5, TimeSpan.Zero) });
        var own = Subject.OfUser(_userOfAlice);
        var status = Shows("0");
        for (var i = 0; i < 10; i++)
            relay.Tell(new RelayCommand.Publish(own, status with { Status = $"{i}", Revision = i + 1 }, i), _alice);

        var texts = new List<string>();
        while (texts is not [.., "9"])
        {
            var report = await _entities.ExpectMsgAsync<NodeReport>();
            texts.Add(Assert.Single(report.Page.Sessions).Status);
            Accept(relay, report);
        }

        Assert.Equal("0", texts[0]);
        Assert.InRange(texts.Count, 2, 4);
        for (var i = 0; i < 10; i++)
            Assert.Equal(i, (await _alice.ExpectMsgAsync<RelayReply.Done>()).Request);
        Assert.InRange(_refused["updates_per_second"], 1, 9);
    }

    protected override void AfterAll()
    {
        _refused.Dispose();
        _meter.Dispose();
        base.AfterAll();
    }

    private static Subject[] Subjects(int count) => [.. Enumerable.Range(0, count).Select(_ => NewUser())];

    private static Subject[] SubjectsOfShard(int shard, int count)
    {
        var subjects = new List<Subject>();
        while (subjects.Count < count)
        {
            var subject = NewUser();
            if (HomeSharding.ShardOf(subject) == shard)
                subjects.Add(subject);
        }

        return [.. subjects];
    }

    private IActorRef Start(RelaySettings settings) => Sys.ActorOf(Relay.Props(_id, _entities, settings, new Refusals(_meter)));

    /// <summary>Alice follows users that nobody has asked for.</summary>
    private async Task<Subject[]> FollowAsync(IActorRef relay, int count)
    {
        var subjects = Subjects(count);
        relay.Tell(new RelayCommand.Follow(_userOfAlice, [.. subjects], 1), _alice);
        for (var i = 0; i < count; i++)
        {
            Accept(relay, (await _entities.ExpectMsgAsync<NodeReport>()).Subject);
            await _alice.ExpectMsgAsync<RelayReply.Followed>();
        }

        return subjects;
    }

    private readonly List<(IActorRef Relay, Subject Subject)> _later = [];

    private void Later(IActorRef relay, Subject subject) => _later.Add((relay, subject));

    private void AcceptLater()
    {
        foreach (var (relay, subject) in _later)
            Accept(relay, subject);
        _later.Clear();
    }

    private void Accept(IActorRef relay, NodeReport report) =>
        relay.Tell(new ReportAccepted(report.Subject, report.Page.Version, 1, ++_sequence, true, []), _shard);

    // Of a version above all that the relay has sent.
    private void Accept(IActorRef relay, Subject subject) =>
        relay.Tell(new ReportAccepted(subject, long.MaxValue / 2, 1, ++_sequence, true, []), _shard);

    /// <summary>The relay has sent nothing before the report that it is asked for now.</summary>
    private async Task NoReportAsync(IActorRef relay)
    {
        var other = NewUser();
        relay.Tell(new AskReport(other, _id), _shard);
        Assert.Equal(other, (await _entities.ExpectMsgAsync<NodeReport>()).Subject);
    }
}
