using System.Net;
using System.Text;
using Akka.TestKit.Xunit2;
using Microsoft.Extensions.DependencyInjection;
using Presence.Actors.Connections;
using Presence.Host.Auth;
using Presence.Host.Links;
using Presence.Host.Links.Admission;
using Presence.Host.Links.Upgrade;
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

    [Theory]
    [Trait("Clause", "L4")]
    [InlineData("close", 4429, "Too many connections of this user; try again in 5 s")]
    [InlineData(null, 1013, "too many connections of this user")]
    public async Task A_link_that_is_one_too_many_because_several_came_at_once_is_told_so_as_it_asks_for(string? errors, int code, string text)
    {
        var identity = Peers.IdentityOf(Peers.NewUser(), "alice");
        var (opening, users) = (server.Services.GetRequiredService<LinkOpening>(), server.Services.GetRequiredService<UserLinks>());
        var accepted = Assert.IsType<UpgradeOutcome.Accepted>(await server.Services.GetRequiredService<UpgradeGate>().DecideAsync(new()
        {
            Token = Tokens.Sign(identity),
            Errors = errors,
            Connection = "Upgrade",
            Upgrade = "websocket",
            Version = "13",
            Key = "dGhlIHNhbXBsZSBub25jZQ==",
            Address = IPAddress.Loopback,
        }));
        var others = 0;
        for (; users.TryEnter(identity.User); others++)
            continue;

        var link = opening.Make(accepted, answers: false);
        link.Begin(new Carrier());
        opening.Open(link, accepted, loop: null);

        var room = new byte[200];
        Assert.Equal([0x88, (byte)(2 + text.Length), (byte)(code >> 8), (byte)code, .. Encoding.UTF8.GetBytes(text)], room[..link.CopyOutput(room)]);
        link.Over();
        for (; others >= 0; others--)
            users.Leave(identity.User);
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
