using Presence.Actors.Delivery;
using Presence.Actors.Messages;
using Presence.Actors.Model;
using Presence.Actors.Users;
using Presence.Tests.Node;
using Xunit;

namespace Presence.Tests.Users;

/// <summary>A home that fails; the message that makes it fail could not be serialized.</summary>
public sealed class RestartedHomeSpecs() : ActorSpec("akka.actor.serialize-messages = off")
{
    [Fact]
    [Trait("Clause", "K2")]
    public async Task A_home_that_is_restarted_asks_its_relays_to_report_again()
    {
        var user = NewUser();
        var id = NewRelayId();
        var relay = CreateTestProbe();
        var home = Sys.ActorOf(UserPresence.Props(HomeSettings.Default, new PeerTable(), new ObservedRelays()));
        home.Tell(new NodeReport(user, id, new Page(1, [Shows("one")]), true, []), relay);
        var before = await relay.ExpectMsgAsync<ReportAccepted>();

        home.Tell(new NodeReport(user, id, null!, true, []), relay);

        Assert.Equal(new AskReport(user, id), await relay.ExpectMsgAsync<AskReport>());
        home.Tell(new NodeReport(user, id, new Page(2, [Shows("one")]), true, []), relay);
        Assert.NotEqual(before.Incarnation, (await relay.ExpectMsgAsync<ReportAccepted>()).Incarnation);
    }
}
