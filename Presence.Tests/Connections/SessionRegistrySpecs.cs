using System.Collections.Concurrent;
using Akka.Actor;
using Akka.TestKit;
using Presence.Actors.Announcements;
using Presence.Actors.Connections;
using Presence.Actors.Model;
using Presence.Actors.Relays;
using Presence.Tests.Node;
using Xunit;

namespace Presence.Tests.Connections;

public sealed class SessionRegistrySpecs : ActorSpec
{
    private readonly UserId _alice = new(Guid.NewGuid());

    [Fact]
    [Trait("Clause", "C4")]
    public async Task A_connection_ends_when_its_token_expires_and_not_before()
    {
        var registry = Sys.ActorOf(SessionRegistry.Props(SessionPolicy.Default, ActorRefs.Nobody));
        var (late, soon) = (CreateTestProbe(), CreateTestProbe());
        Register(registry, late, expiresIn: TimeSpan.FromDays(365));
        Register(registry, soon, expiresIn: TimeSpan.FromMilliseconds(200));
        Assert.Equal(CloseReason.Expired, (await soon.ExpectMsgAsync<Connection.Kick>()).Reason);

        // What would have been told to the other had been told before this.
        registry.Tell(new SessionRegistry.Revoke(_alice, null, DateTimeOffset.MaxValue), TestActor);
        Assert.Equal(CloseReason.Revoked, (await late.ExpectMsgAsync<Connection.Kick>()).Reason);
    }

    [Fact]
    [Trait("Clause", "C4")]
    public async Task A_connection_is_told_once_before_its_token_expires()
    {
        var notice = TimeSpan.FromSeconds(3);
        var registry = Sys.ActorOf(SessionRegistry.Props(SessionPolicy.Default with { ExpiryNotice = notice }, ActorRefs.Nobody));
        var connection = CreateTestProbe();
        var expiry = DateTimeOffset.UtcNow + TimeSpan.FromSeconds(5);
        Register(registry, connection, expiresIn: expiry - DateTimeOffset.UtcNow);

        var told = await connection.ExpectMsgAsync<ServerMessage.Notice>();
        Assert.Equal(("session_expiring", -4001), (told.Subject, told.Code));
        Assert.InRange(DateTimeOffset.UtcNow, expiry - notice - TimeSpan.FromMilliseconds(50), DateTimeOffset.MaxValue);
        Assert.Equal(CloseReason.Expired, (await connection.ExpectMsgAsync<Connection.Kick>()).Reason);
        Assert.InRange(DateTimeOffset.UtcNow, expiry - TimeSpan.FromMilliseconds(50), DateTimeOffset.MaxValue);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(30)]
    [Trait("Clause", "C4")]
    public async Task Without_a_notice_or_with_a_token_that_expires_sooner_it_is_told_nothing(int notice)
    {
        var registry = Sys.ActorOf(SessionRegistry.Props(SessionPolicy.Default with { ExpiryNotice = TimeSpan.FromSeconds(notice) }, ActorRefs.Nobody));
        var connection = CreateTestProbe();
        Register(registry, connection, expiresIn: TimeSpan.FromMilliseconds(200));
        // The first thing that comes.
        await connection.ExpectMsgAsync<Connection.Kick>();
    }

    [Fact]
    [Trait("Clause", "C4")]
    public async Task A_renewal_by_which_the_registry_fails_is_answered_and_so_is_one_that_comes_behind_it()
    {
        var registry = Sys.ActorOf(SessionRegistry.Props(SessionPolicy.Default, ActorRefs.Nobody));
        var connection = CreateTestProbe();
        Register(registry, connection, expiresIn: TimeSpan.FromDays(1));
        registry.Tell(new SessionRegistry.Renew(null!), connection);
        registry.Tell(new SessionRegistry.Renew(null!), connection);
        await connection.ExpectMsgAsync<SessionRegistry.NotRenewed>();
        await connection.ExpectMsgAsync<SessionRegistry.NotRenewed>();
    }

    [Fact]
    [Trait("Clause", "C4")]
    public async Task A_connection_that_goes_on_by_a_newer_token_ends_when_that_expires()
    {
        var registry = Sys.ActorOf(SessionRegistry.Props(SessionPolicy.Default with { ExpiryNotice = TimeSpan.Zero }, ActorRefs.Nobody));
        var (renewed, other) = (CreateTestProbe(), CreateTestProbe());
        Register(registry, renewed, expiresIn: TimeSpan.FromSeconds(2));
        var expiry = DateTimeOffset.UtcNow + TimeSpan.FromSeconds(4);
        Register(registry, other, expiresIn: TimeSpan.FromSeconds(2));
        Renew(registry, renewed, expiry);
        Assert.Equal(expiry, (await renewed.ExpectMsgAsync<SessionRegistry.Renewed>()).Identity.ExpiresAt);

        Assert.Equal(CloseReason.Expired, (await other.ExpectMsgAsync<Connection.Kick>()).Reason);
        Assert.False(renewed.HasMessages);
        Assert.Equal(CloseReason.Expired, (await renewed.ExpectMsgAsync<Connection.Kick>(TimeSpan.FromSeconds(10))).Reason);
        Assert.InRange(DateTimeOffset.UtcNow, expiry - TimeSpan.FromMilliseconds(50), DateTimeOffset.MaxValue);
    }

    [Fact]
    [Trait("Clause", "C4")]
    public async Task A_connection_that_goes_on_is_told_of_the_newer_expiry_as_well()
    {
        var notice = TimeSpan.FromSeconds(2);
        var registry = Sys.ActorOf(SessionRegistry.Props(SessionPolicy.Default with { ExpiryNotice = notice }, ActorRefs.Nobody));
        var connection = CreateTestProbe();
        Register(registry, connection, expiresIn: TimeSpan.FromSeconds(3));
        await connection.ExpectMsgAsync<ServerMessage.Notice>();
        var expiry = DateTimeOffset.UtcNow + TimeSpan.FromSeconds(3);
        Renew(registry, connection, expiry);
        await connection.ExpectMsgAsync<SessionRegistry.Renewed>();
        await connection.ExpectMsgAsync<ServerMessage.Notice>();
        Assert.InRange(DateTimeOffset.UtcNow, expiry - notice - TimeSpan.FromMilliseconds(50), DateTimeOffset.MaxValue);
        Assert.Equal(CloseReason.Expired, (await connection.ExpectMsgAsync<Connection.Kick>()).Reason);
    }

    [Fact]
    [Trait("Clause", "C4")]
    public async Task Only_the_revocation_of_the_newer_token_counts()
    {
        var registry = Sys.ActorOf(SessionRegistry.Props(SessionPolicy.Default, ActorRefs.Nobody));
        var connection = CreateTestProbe();
        Register(registry, connection, tokenId: "old");
        Renew(registry, connection, DateTimeOffset.UtcNow + TimeSpan.FromDays(1), tokenId: "new");
        await connection.ExpectMsgAsync<SessionRegistry.Renewed>();
        registry.Tell(new SessionRegistry.Revoke(_alice, "old", default), TestActor);
        registry.Tell(new SessionRegistry.Revoke(_alice, "new", default), TestActor);
        registry.Tell(RelayFailed.Instance, TestActor);
        Assert.Equal(CloseReason.Revoked, (await connection.ExpectMsgAsync<Connection.Kick>()).Reason);
        Assert.Equal(CloseReason.Failure, (await connection.ExpectMsgAsync<Connection.Kick>()).Reason);
    }

    [Fact]
    [Trait("Clause", "C4")]
    public async Task A_connection_that_has_been_told_to_end_does_not_go_on()
    {
        var registry = Sys.ActorOf(SessionRegistry.Props(SessionPolicy.Default, ActorRefs.Nobody));
        var (connection, other) = (CreateTestProbe(), CreateTestProbe());
        Register(registry, connection, tokenId: "old");
        Register(registry, other, tokenId: "other");
        registry.Tell(new SessionRegistry.Revoke(_alice, "old", default), TestActor);
        Renew(registry, connection, DateTimeOffset.UtcNow + TimeSpan.FromDays(1), tokenId: "new");
        registry.Tell(RelayFailed.Instance, TestActor);
        Assert.Equal(CloseReason.Revoked, (await connection.ExpectMsgAsync<Connection.Kick>()).Reason);
        Assert.Equal(CloseReason.Failure, (await connection.ExpectMsgAsync<Connection.Kick>()).Reason);
    }

    [Fact]
    [Trait("Clause", "C4")]
    public async Task Only_what_is_revoked_ends()
    {
        var registry = Sys.ActorOf(SessionRegistry.Props(SessionPolicy.Default, ActorRefs.Nobody));
        var (one, two) = (CreateTestProbe(), CreateTestProbe());
        Register(registry, one, tokenId: "one");
        Register(registry, two, tokenId: "two");

        registry.Tell(new SessionRegistry.Revoke(_alice, "one", default), TestActor);
        registry.Tell(new SessionRegistry.Revoke(new UserId(Guid.NewGuid()), "two", default), TestActor);
        registry.Tell(new SessionRegistry.Revoke(_alice, null, DateTimeOffset.UnixEpoch), TestActor);
        await one.ExpectMsgAsync<Connection.Kick>();

        registry.Tell(RelayFailed.Instance, TestActor);
        Assert.Equal(CloseReason.Failure, (await two.ExpectMsgAsync<Connection.Kick>()).Reason);
    }

    [Fact]
    [Trait("Clause", "C3")]
    public async Task A_newer_connection_replaces_the_older_ones_where_that_is_configured()
    {
        var registry = Sys.ActorOf(SessionRegistry.Props(SessionPolicy.Default with { SingleConnection = true }, ActorRefs.Nobody));
        var (older, newer) = (CreateTestProbe(), CreateTestProbe());
        Register(registry, older);
        Register(registry, newer);

        var kick = await older.ExpectMsgAsync<Connection.Kick>();
        Assert.Equal(CloseReason.Replaced, kick.Reason);
        Assert.Equal("single_socket", kick.Notice!.Subject);

        Sys.EventStream.Publish(RelayFailed.Instance);
        Assert.Equal(CloseReason.Failure, (await newer.ExpectMsgAsync<Connection.Kick>()).Reason);
    }

    [Fact]
    [Trait("Clause", "C3")]
    public async Task Of_two_connections_the_older_gives_way_whichever_is_heard_of_first()
    {
        var (registry, announcer) = await NewSingleAsync();
        var (older, newer) = (CreateTestProbe(), CreateTestProbe());
        var (first, second) = (SessionId.New(), SessionId.New());
        Register(registry, newer, session: second);
        Assert.Equal(new Announcer.Opened(new(_alice, second)), await announcer.ExpectMsgAsync<Announcer.Opened>());
        Register(registry, older, session: first);

        Assert.Equal(CloseReason.Replaced, (await older.ExpectMsgAsync<Connection.Kick>()).Reason);
        // It is over, and was never announced.
        Assert.Equal(new Announcer.Ended(new(_alice, first)), await announcer.ExpectMsgAsync<Announcer.Ended>());
        await IsUntouchedAsync(newer);
    }

    [Fact]
    [Trait("Clause", "C3")]
    [Trait("Clause", "K1")]
    public async Task A_newer_connection_of_another_node_replaces_the_older_ones()
    {
        var (registry, announcer) = await NewSingleAsync();
        var (connection, other) = (CreateTestProbe(), CreateTestProbe());
        var session = SessionId.New();
        Register(registry, connection, session: session);
        Register(registry, other, user: new UserId(Guid.NewGuid()));
        Sys.EventStream.Publish(new SessionRegistry.OpenedElsewhere(7, new(_alice, SessionId.New())));

        var kick = await connection.ExpectMsgAsync<Connection.Kick>();
        Assert.Equal((CloseReason.Replaced, "single_socket"), (kick.Reason, kick.Notice!.Subject));
        await announcer.FishForMessageAsync(m => m.Equals(new Announcer.Ended(new(_alice, session))));
        await IsUntouchedAsync(other);
    }

    [Fact]
    [Trait("Clause", "C3")]
    [Trait("Clause", "K1")]
    public async Task A_node_that_announces_an_older_connection_is_told_of_the_newer_one()
    {
        var (registry, announcer) = await NewSingleAsync();
        var connection = CreateTestProbe();
        var (earlier, session) = (SessionId.New(), SessionId.New());
        Register(registry, connection, session: session);
        Sys.EventStream.Publish(new SessionRegistry.OpenedElsewhere(7, new(_alice, earlier)));

        await announcer.ExpectMsgAsync<Announcer.Opened>();
        Assert.Equal(new Announcer.StillOpen(7, new(_alice, session)), await announcer.ExpectMsgAsync<Announcer.StillOpen>());
        await IsUntouchedAsync(connection);
    }

    [Fact]
    [Trait("Clause", "C3")]
    [Trait("Clause", "L4")]
    public async Task Each_login_that_is_replaced_is_noted_before_its_connection_is_told()
    {
        var noted = new ConcurrentQueue<string?>();
        var (registry, _) = await NewAsync(SessionPolicy.Default with { SingleConnection = true }, identity => noted.Enqueue(identity.TokenId));
        var (first, second, third) = (CreateTestProbe(), CreateTestProbe(), CreateTestProbe());
        Register(registry, first, tokenId: "first");
        Register(registry, second, tokenId: "second");
        await first.ExpectMsgAsync<Connection.Kick>();
        Assert.Equal(["first"], noted);

        Sys.EventStream.Publish(new SessionRegistry.OpenedElsewhere(7, new(_alice, SessionId.New())));
        await second.ExpectMsgAsync<Connection.Kick>();
        Assert.Equal(["first", "second"], noted);

        Register(registry, third, tokenId: "third");
        registry.Tell(new SessionRegistry.Revoke(_alice, "third", default), TestActor);
        await third.ExpectMsgAsync<Connection.Kick>();
        Assert.Equal(["first", "second"], noted);
    }

    [Fact]
    [Trait("Clause", "C3")]
    public async Task A_connection_that_has_been_told_to_end_replaces_nobody()
    {
        var (registry, announcer) = await NewSingleAsync();
        var (revoked, next) = (CreateTestProbe(), CreateTestProbe());
        var (earlier, later) = (SessionId.New(), SessionId.New());
        Register(registry, revoked, tokenId: "revoked", session: later);
        registry.Tell(new SessionRegistry.Revoke(_alice, "revoked", default));
        await revoked.ExpectMsgAsync<Connection.Kick>();
        // The clock was set back meanwhile.
        Register(registry, next, session: earlier);

        await announcer.FishForMessageAsync(m => m.Equals(new Announcer.Opened(new(_alice, earlier))));
        await IsUntouchedAsync(next);
    }

    [Fact]
    [Trait("Clause", "C3")]
    public async Task Where_a_user_may_have_many_connections_nothing_is_announced_and_nobody_replaced()
    {
        var (registry, announcer) = await NewAsync(SessionPolicy.Default);
        var (one, two) = (CreateTestProbe(), CreateTestProbe());
        Register(registry, one);
        Register(registry, two);
        Sys.EventStream.Publish(new SessionRegistry.OpenedElsewhere(7, new(_alice, SessionId.New())));
        Sys.EventStream.Publish(RelayFailed.Instance);
        Assert.Equal(CloseReason.Failure, (await one.ExpectMsgAsync<Connection.Kick>()).Reason);
        Assert.Equal(CloseReason.Failure, (await two.ExpectMsgAsync<Connection.Kick>()).Reason);
        Assert.False(announcer.HasMessages);
    }

    private Task<(IActorRef Registry, TestProbe Announcer)> NewSingleAsync() =>
        NewAsync(SessionPolicy.Default with { SingleConnection = true });

    private async Task<(IActorRef Registry, TestProbe Announcer)> NewAsync(SessionPolicy policy, Action<Identity>? replaced = null)
    {
        var announcer = CreateTestProbe();
        var registry = Sys.ActorOf(SessionRegistry.Props(policy, announcer, replaced));
        // It has subscribed to the event stream when it answers.
        await registry.Ask<ActorIdentity>(new Identify(null), TimeSpan.FromSeconds(10));
        return (registry, announcer);
    }

    /// <summary>The first thing that the connection is told is what comes now.</summary>
    private async Task IsUntouchedAsync(TestProbe connection)
    {
        Sys.EventStream.Publish(RelayFailed.Instance);
        Assert.Equal(CloseReason.Failure, (await connection.ExpectMsgAsync<Connection.Kick>()).Reason);
    }

    private void Renew(IActorRef registry, TestProbe connection, DateTimeOffset expiry, string? tokenId = null) =>
        registry.Tell(new SessionRegistry.Renew(new Identity(_alice, "alice", tokenId, DateTimeOffset.UtcNow, expiry)), connection);

    private void Register(
        IActorRef registry, TestProbe connection, string? tokenId = null, TimeSpan? expiresIn = null, SessionId? session = null, UserId? user = null) =>
        registry.Tell(
            new SessionRegistry.Register(
                session ?? SessionId.New(),
                new Identity(user ?? _alice, "alice", tokenId, DateTimeOffset.UtcNow, DateTimeOffset.UtcNow + (expiresIn ?? TimeSpan.FromDays(1)))),
            connection);
}
