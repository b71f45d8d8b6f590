using System.Threading.Channels;
using Akka.Actor;
using Akka.Cluster;
using Presence.Actors.Announcements;
using Presence.Actors.Connections;
using Presence.Actors.Messages;
using Presence.Actors.Model;
using Presence.Tests.Node;
using Xunit;

namespace Presence.Tests.Announcements;

/// <summary>
/// The announcer of a node; the other node of its cluster is played by the test. Members must not go through the serializer for
/// everything, which forgets when they came.
/// </summary>
[Trait("Clause", "K1")]
public sealed class AnnouncerSpecs() : ActorSpec("akka.actor.serialize-messages = off")
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static readonly TokensRevoked Login = new(new UserId(Guid.NewGuid()), "t1", default, DateTimeOffset.MaxValue);

    private readonly Channel<TokensRevoked> _applied = Channel.CreateUnbounded<TokensRevoked>();
    private readonly TaskCompletionSource _toldAll = new(TaskCreationOptions.RunContinuationsAsynchronously);

    [Fact]
    public async Task Who_is_no_member_is_neither_heard_nor_answered()
    {
        var announcer = NewAnnouncer();
        announcer.Tell(new Announcement(7, 1, [Login], [], true), TestActor);
        announcer.Tell(new Identify(1), TestActor);
        await ExpectMsgAsync<ActorIdentity>();
        Assert.False(_applied.Reader.TryRead(out _));
    }

    [Fact]
    public async Task A_node_that_is_alone_has_nothing_to_wait_for()
    {
        NewAnnouncer();
        var cluster = Cluster.Get(Sys);
        cluster.Join(cluster.SelfAddress);
        await _toldAll.Task.WaitAsync(Patience);
    }

    [Fact]
    [Trait("Clause", "A1")]
    public async Task A_node_that_joins_waits_until_the_others_have_told_it_everything_and_tells_them_what_it_learns_itself()
    {
        await using var elder = new Elder(Sys.Name);
        var opened = CreateTestProbe();
        Sys.EventStream.Subscribe(opened, typeof(SessionRegistry.OpenedElsewhere));
        elder.Cluster.Join(elder.Cluster.SelfAddress);
        await UpAsync(elder.Cluster);
        var announcer = NewAnnouncer();
        Cluster.Get(Sys).Join(elder.Cluster.SelfAddress);
        await UpAsync(Cluster.Get(Sys));

        // It says that it knows nothing, until that is accepted.
        var (greeting, from) = await elder.NextAsync();
        Assert.True(greeting is { IsAll: true, Revoked: [], Opened: [] });
        Assert.Equal(greeting.Number, (await elder.NextAsync()).Announcement.Number);
        elder.Say(from, new AnnouncementAccepted(elder.Uid, greeting.Number));

        var session = new SessionOpened(Login.User, SessionId.New());
        elder.Say(from, new Announcement(elder.Uid, 1, [Login], [session], false));
        Assert.Equal(Login, await _applied.Reader.ReadAsync().AsTask().WaitAsync(Patience));
        Assert.Equal(new SessionRegistry.OpenedElsewhere(elder.Uid, session), await opened.ExpectMsgAsync<SessionRegistry.OpenedElsewhere>());
        Assert.Equal(1, (await elder.AcceptedAsync()).Number);
        Assert.False(_toldAll.Task.IsCompleted, "A1: it serves although it may not know all revocations.");

        // Again, and the rest. What is not new is accepted and not applied.
        elder.Say(from, new Announcement(elder.Uid, 2, [Login], [], true));
        Assert.Equal(2, (await elder.AcceptedAsync()).Number);
        await _toldAll.Task.WaitAsync(Patience);
        Assert.False(_applied.Reader.TryRead(out _));

        // It passes on what it is told by its own node, and not what it has been told by the elder.
        announcer.Tell(new Announcer.Revoke(Login));
        var own = Login with { TokenId = "t2" };
        announcer.Tell(new Announcer.Revoke(own));
        while (true)
        {
            var (announcement, _) = await elder.NextAsync();
            if (announcement.Number == greeting.Number)
                continue;
            Assert.Equal(own, Assert.Single(announcement.Revoked));
            break;
        }
    }

    private IActorRef NewAnnouncer() => Sys.ActorOf(
        Announcer.Props(
            revoked => _applied.Writer.TryWrite(revoked),
            () => _toldAll.TrySetResult(),
            AnnouncementSettings.Default with { RetryAfter = TimeSpan.FromMilliseconds(50), Patience = TimeSpan.FromHours(1) }),
        Announcer.Name);

    private static Task UpAsync(Cluster cluster)
    {
        var up = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        cluster.RegisterOnMemberUp(() => up.TrySetResult());
        return up.Task.WaitAsync(Patience);
    }

    /// <summary>The other node: it hears, and says what the test says.</summary>
    private sealed class Elder : IAsyncDisposable
    {
        private readonly ActorSystem _system;
        private readonly IActorRef _announcer;
        private readonly Channel<(Announcement, IActorRef)> _heard = Channel.CreateUnbounded<(Announcement, IActorRef)>();
        private readonly Channel<AnnouncementAccepted> _accepted = Channel.CreateUnbounded<AnnouncementAccepted>();

        public Elder(string name)
        {
            _system = ActorSystem.Create(name, NodeSettings("akka.actor.serialize-messages = off"));
            _announcer = _system.ActorOf(Props.Create(() => new Ear(_heard.Writer, _accepted.Writer)), Announcer.Name);
        }

        public Cluster Cluster => Cluster.Get(_system);

        public int Uid => Cluster.SelfUniqueAddress.Uid;

        public Task<(Announcement Announcement, IActorRef From)> NextAsync() => _heard.Reader.ReadAsync().AsTask().WaitAsync(Patience);

        public Task<AnnouncementAccepted> AcceptedAsync() => _accepted.Reader.ReadAsync().AsTask().WaitAsync(Patience);

        public void Say(IActorRef to, object message) => to.Tell(message, _announcer);

        public async ValueTask DisposeAsync() => await _system.Terminate();
    }

    private sealed class Ear(ChannelWriter<(Announcement, IActorRef)> heard, ChannelWriter<AnnouncementAccepted> accepted) : UntypedActor
    {
        protected override void OnReceive(object message)
        {
            if (message is Announcement announcement)
                heard.TryWrite((announcement, Sender));
            else if (message is AnnouncementAccepted answer)
                accepted.TryWrite(answer);
        }
    }
}
