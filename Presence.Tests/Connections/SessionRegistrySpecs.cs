using Akka.Actor;
using Akka.TestKit;
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
        var notice = TimeSpan.FromSeconds(1);
        var registry = Sys.ActorOf(SessionRegistry.Props(SessionPolicy.Default with { ExpiryNotice = notice }, ActorRefs.Nobody));
        var connection = CreateTestProbe();
        var expiry = DateTimeOffset.UtcNow + TimeSpan.FromSeconds(1.5);
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

    private void Register(IActorRef registry, TestProbe connection, string? tokenId = null, TimeSpan? expiresIn = null) => registry.Tell(
        new SessionRegistry.Register(
            SessionId.New(), new Identity(_alice, "alice", tokenId, DateTimeOffset.UtcNow, DateTimeOffset.UtcNow + (expiresIn ?? TimeSpan.FromDays(1)))),
        connection);
}
