using System.Collections.Immutable;
using Akka.Actor;
using Akka.Cluster.Sharding;
using Akka.TestKit;
using Presence.Actors.Delivery;
using Presence.Actors.Messages;
using Presence.Actors.Model;
using Presence.Actors.Users;
using Presence.Tests.Node;
using Xunit;

namespace Presence.Tests.Users;

public sealed class UserPresenceSpecs : ActorSpec
{
    private static readonly HomeSettings Settings =
        new(AskEvery: TimeSpan.FromMilliseconds(100), SilenceAfter: TimeSpan.FromMinutes(10), StayEmpty: TimeSpan.FromMilliseconds(200));

    private readonly Subject _user = NewUser();
    private readonly RelayId _east = NewRelayId(), _west = NewRelayId();
    private readonly TestProbe _shard, _eastRelay, _westRelay;
    private readonly TestActorRef<Shard> _parent;
    private readonly ObservedRelays _observed = new();
    private readonly IActorRef _observer;

    public UserPresenceSpecs()
    {
        _shard = CreateTestProbe();
        _eastRelay = CreateTestProbe();
        _westRelay = CreateTestProbe();
        _parent = ActorOfAsTestActorRef<Shard>(Props.Create(() => new Shard(_shard.Ref, UserPresence.Props(Settings, new PeerTable(), _observed))));
        _observer = Sys.ActorOf(RelayObserver.Props(_observed, () => [Home]));
    }

    private IActorRef Home => _parent.UnderlyingActor.Child;

    [Fact]
    [Trait("Clause", "F1")]
    public async Task A_report_is_answered_in_the_name_of_the_shard_with_what_the_reporter_lacks()
    {
        var status = Shows("one");
        Home.Tell(Report(_east, 1, [status], watching: false), _eastRelay);
        var first = await _eastRelay.ExpectMsgAsync<ReportAccepted>();
        Assert.Equal((IActorRef)_parent, _eastRelay.LastSender);
        Assert.True(first.Holds);
        Assert.Empty(first.Newer);

        Home.Tell(Report(_west, 7, [], watching: true), _westRelay);
        var second = await _westRelay.ExpectMsgAsync<ReportAccepted>();
        Assert.Equal(7, second.Version);
        Assert.Equal(first.Incarnation, second.Incarnation);
        Assert.Equal(status, Assert.Single(Assert.Single(second.Newer).Page.Sessions));
    }

    [Fact]
    [Trait("Clause", "K5")]
    public async Task A_change_goes_once_to_every_other_watching_relay()
    {
        await WatchAsync(_east, _eastRelay);
        await WatchAsync(_west, _westRelay);

        Home.Tell(Report(_east, 2, [Shows("one")], watching: true), _eastRelay);
        await _eastRelay.ExpectMsgAsync<ReportAccepted>();
        var change = await _westRelay.ExpectMsgAsync<PresenceChanged>();
        Assert.Equal(_east, Assert.Single(change.Pages).Relay);
        Assert.Equal(1, change.Sequence);

        Home.Tell(Report(_east, 3, [Shows("two")], watching: true), _eastRelay);
        Assert.Equal(2, (await _eastRelay.ExpectMsgAsync<ReportAccepted>()).Sequence);
        Assert.Equal(2, (await _westRelay.ExpectMsgAsync<PresenceChanged>()).Sequence);
    }

    [Fact]
    [Trait("Clause", "E3")]
    public async Task A_report_that_comes_twice_is_answered_twice_and_told_once()
    {
        await WatchAsync(_west, _westRelay);
        var report = Report(_east, 2, [Shows("one")], watching: false);
        Home.Tell(report, _eastRelay);
        Home.Tell(report, _eastRelay);
        await _eastRelay.ExpectMsgAsync<ReportAccepted>();
        await _eastRelay.ExpectMsgAsync<ReportAccepted>();
        await _westRelay.ExpectMsgAsync<PresenceChanged>();

        await NothingMoreAsync(_west, _westRelay);
    }

    [Fact]
    [Trait("Clause", "K3")]
    [Trait("Clause", "E6")]
    public async Task A_relay_that_dies_takes_its_sessions_along()
    {
        await WatchAsync(_west, _westRelay);
        Home.Tell(Report(_east, 2, [Shows("one")], watching: true), _eastRelay);
        await _westRelay.ExpectMsgAsync<PresenceChanged>();

        Sys.Stop(_eastRelay);

        var change = await _westRelay.ExpectMsgAsync<PresenceChanged>();
        Assert.Equal(_east, Assert.Single(change.Pages).Relay);
        Assert.True(Assert.Single(change.Pages).Page.IsRetired);
    }

    [Fact]
    [Trait("Clause", "K3")]
    [Trait("Clause", "E6")]
    public async Task A_report_that_outlives_its_relay_leaves_nothing()
    {
        await WatchAsync(_west, _westRelay);
        // Another home has met the relay, and it has ended since.
        Assert.True(_observed.TryObserve(_east, _eastRelay));
        Sys.Stop(_eastRelay);
        await AwaitConditionAsync(() => Task.FromResult(!_observed.TryObserve(_east, _eastRelay)), TimeSpan.FromSeconds(10));

        Home.Tell(Report(_east, 2, [Shows("one")], watching: true), _eastRelay);

        await _westRelay.FishForMessageAsync(m => m is PresenceChanged { Pages: [{ Page.IsRetired: true }] });
    }

    [Fact]
    [Trait("Clause", "K3")]
    [Trait("Clause", "E6")]
    public async Task A_relay_that_was_met_before_there_was_an_observer_takes_its_sessions_along()
    {
        var observed = new ObservedRelays();
        var parent = ActorOfAsTestActorRef<Shard>(Props.Create(() => new Shard(_shard.Ref, UserPresence.Props(Settings, new PeerTable(), observed))));
        var home = parent.UnderlyingActor.Child;
        home.Tell(Report(_west, 1, [], watching: true), _westRelay);
        await _westRelay.ExpectMsgAsync<ReportAccepted>();
        home.Tell(Report(_east, 2, [Shows("one")], watching: true), _eastRelay);
        await _westRelay.ExpectMsgAsync<PresenceChanged>();

        Sys.ActorOf(RelayObserver.Props(observed, () => [home]));
        Sys.Stop(_eastRelay);

        Assert.True(Assert.Single((await _westRelay.ExpectMsgAsync<PresenceChanged>()).Pages).Page.IsRetired);
    }

    [Fact]
    [Trait("Clause", "K3")]
    [Trait("Clause", "E6")]
    public async Task A_relay_that_dies_while_the_observer_is_started_again_takes_its_sessions_along()
    {
        await WatchAsync(_west, _westRelay);
        Home.Tell(Report(_east, 2, [Shows("one")], watching: true), _eastRelay);
        await _westRelay.ExpectMsgAsync<PresenceChanged>();

        _observer.Tell(new RelayObserver.Observe(null!));
        Sys.Stop(_eastRelay);

        Assert.True(Assert.Single((await _westRelay.ExpectMsgAsync<PresenceChanged>()).Pages).Page.IsRetired);
    }

    [Fact]
    [Trait("Clause", "F8")]
    public async Task A_home_without_business_leaves_through_its_shard()
    {
        await WatchAsync(_west, _westRelay);
        Home.Tell(Report(_west, 9, [], watching: false), _westRelay);
        Assert.False((await _westRelay.ExpectMsgAsync<ReportAccepted>()).Holds);

        await _shard.ExpectMsgAsync<Passivate>();
    }

    [Fact]
    [Trait("Clause", "L2")]
    public async Task An_entity_in_which_nobody_has_shown_anything_ends_as_soon_as_nobody_watches()
    {
        var entity = await StartPatientAsync();
        entity.Tell(Report(_west, 8, [], watching: true), _westRelay);
        Assert.True((await _westRelay.ExpectMsgAsync<ReportAccepted>()).IsNewEntity);

        entity.Tell(Report(_west, 9, [], watching: false), _westRelay);

        Assert.False((await _westRelay.ExpectMsgAsync<ReportAccepted>()).IsNewEntity);
        await _shard.ExpectMsgAsync<Passivate>();
        Assert.Equal(entity, _shard.LastSender);
    }

    [Fact]
    [Trait("Clause", "L2")]
    public async Task An_entity_in_which_somebody_has_shown_something_stays_for_a_while()
    {
        // Of an hour and of nothing: what the second one says comes after what the first one would say.
        var patient = await StartPatientAsync();
        foreach (var entity in new[] { patient, Home })
        {
            entity.Tell(Report(_west, 8, [Shows("one")], watching: true), _westRelay);
            entity.Tell(Report(_west, 9, [], watching: false), _westRelay);
        }

        await _shard.ExpectMsgAsync<Passivate>();
        Assert.Equal(Home, _shard.LastSender);
    }

    [Fact]
    [Trait("Clause", "K2")]
    public async Task What_is_reported_to_a_home_that_is_leaving_is_asked_for_again()
    {
        await WatchAsync(_west, _westRelay);
        Home.Tell(Report(_west, 9, [], watching: false), _westRelay);
        await _westRelay.ExpectMsgAsync<ReportAccepted>();
        var leave = await _shard.ExpectMsgAsync<Passivate>();
        Home.Tell(Report(_west, 10, [Shows("one")], watching: true), _westRelay);
        await _westRelay.ExpectMsgAsync<ReportAccepted>();

        Home.Tell(leave.StopMessage, _parent);

        Assert.Equal(new AskReport(_user, _west), await _westRelay.ExpectMsgAsync<AskReport>());
    }

    [Fact]
    [Trait("Clause", "K2")]
    public async Task A_relay_that_only_others_know_of_is_asked_until_it_is_gone()
    {
        // No such node is in the cluster, so nobody can be asked yet; the home stays, although nothing else is known.
        var named = NewRelayId();
        Home.Tell(Report(_west, 1, [], watching: false, new Known(named, 5)), _westRelay);
        await _westRelay.ExpectMsgAsync<ReportAccepted>();

        Home.Tell(new RelayRetired(_user, named), ActorRefs.NoSender);

        await _shard.ExpectMsgAsync<Passivate>();
    }

    [Fact]
    [Trait("Clause", "E6")]
    public async Task A_relay_on_a_node_that_is_none_of_the_cluster_is_given_up_and_whoever_named_it_is_told()
    {
        var named = NewRelayId();
        Home.Tell(Report(_west, 1, [], watching: true, new Known(named, 5)), _westRelay);
        await _westRelay.ExpectMsgAsync<ReportAccepted>();

        var change = await _westRelay.ExpectMsgAsync<PresenceChanged>();
        Assert.Equal(named, Assert.Single(change.Pages).Relay);
        Assert.True(Assert.Single(change.Pages).Page.IsRetired);
    }

    [Fact]
    [Trait("Clause", "S7")]
    public async Task A_query_is_answered_and_leaves_no_trace()
    {
        Home.Tell(Report(_east, 1, [Shows("one")], watching: false), _eastRelay);
        await _eastRelay.ExpectMsgAsync<ReportAccepted>();

        var answer = await Home.Ask<BookAnswer>(new BookQuery(_user), TimeSpan.FromSeconds(10));

        Assert.Equal("one", Assert.Single(answer.Sessions).Status);
    }

    private async Task WatchAsync(RelayId id, TestProbe relay)
    {
        Home.Tell(Report(id, 1, [], watching: true), relay);
        await relay.ExpectMsgAsync<ReportAccepted>();
    }

    /// <summary>What was on its way to a watcher has come before the answer to its next report.</summary>
    private async Task NothingMoreAsync(RelayId id, TestProbe relay)
    {
        Home.Tell(Report(id, 8, [], watching: true), relay);
        await relay.ExpectMsgAsync<ReportAccepted>();
    }

    private NodeReport Report(RelayId relay, long version, ImmutableArray<SessionStatus> sessions, bool watching, params Known[] digest) =>
        new(_user, relay, new Page(version, sessions), watching, [.. digest]);

    /// <summary>Stands for the shard: the home's parent, which it asks to be stopped.</summary>
    /// <summary>An entity that waits for an hour before it ends, if it waits at all.</summary>
    private Task<IActorRef> StartPatientAsync() => _parent.Ask<IActorRef>(
        new StartAnother(UserPresence.Props(Settings with { StayEmpty = TimeSpan.FromHours(1) }, new PeerTable(), _observed)), TimeSpan.FromSeconds(10));

    private sealed record StartAnother(Props Props) : INoSerializationVerificationNeeded;

    private sealed class Shard : UntypedActor
    {
        private readonly IActorRef _told;

        public Shard(IActorRef told, Props home)
        {
            _told = told;
            Child = Context.ActorOf(home, "home");
        }

        public IActorRef Child { get; }

        protected override void OnReceive(object message)
        {
            if (message is StartAnother another)
                Sender.Tell(Context.ActorOf(another.Props));
            else
                _told.Forward(message);
        }
    }
}
