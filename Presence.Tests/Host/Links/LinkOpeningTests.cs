using Akka.TestKit.Xunit2;
using Microsoft.Extensions.DependencyInjection;
using Presence.Actors.Connections;
using Presence.Host.Auth;
using Presence.Host.Links;
using Presence.Tests.Semantics.Clients;
using Xunit;

namespace Presence.Tests.Host.Links;

public sealed class LinkOpeningTests(ServerFixture server) : TestKit("akka.test.single-expect-default = 30s"), IClassFixture<ServerFixture>
{
    [Fact]
    [Trait("Clause", "A1")]
    [Trait("Clause", "C4")]
    public async Task A_logout_that_came_before_the_node_knew_of_the_connection_ends_it()
    {
        var identity = Peers.IdentityOf(Peers.NewUser(), "alice");
        var link = server.Services.GetRequiredService<LinkOpening>().Make(identity, LinkFormat.WebSocketJson, holdsFirstFrame: false);
        // It has waited for its connection for too long, and begins without.
        link.Watch(Environment.TickCount64 + 1001);
        Assert.True(link.Started.IsCompleted);
        server.Services.GetRequiredService<Revocations>().RevokeLogin(identity);

        link.Attach(TestActor);

        Assert.Equal(CloseReason.Revoked, (await ExpectMsgAsync<Connection.Kick>()).Reason);
        link.Over();
    }

    [Fact]
    [Trait("Clause", "C2")]
    public async Task A_client_that_has_ended_its_side_does_not_wait_for_ever_for_a_connection_that_has_failed()
    {
        var identity = Peers.IdentityOf(Peers.NewUser(), "alice");
        var link = server.Services.GetRequiredService<LinkOpening>().Make(identity, LinkFormat.Lines, holdsFirstFrame: false);
        var carrier = new Carrier();
        link.Begin(carrier);
        link.Attach(TestActor);
        link.EndOfInput();
        link.Continue();
        await ExpectMsgAsync<LinkSignal.Received>();
        var now = Environment.TickCount64;

        link.Watch(now + 20_000);
        Assert.False(carrier.IsAborted);
        link.Watch(now + 26_000);

        Assert.True(carrier.IsAborted);
        link.Over();
    }

    private sealed class Carrier : ICarrier
    {
        public bool IsAborted { get; private set; }

        public void WriteSoon()
        {
        }

        public void ReadSoon()
        {
        }

        public void ContinueSoon()
        {
        }

        public void Finish()
        {
        }

        public void Abort() => IsAborted = true;
    }
}
