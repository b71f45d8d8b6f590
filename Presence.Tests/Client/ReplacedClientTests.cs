using Presence.Client;
using Presence.Tests.Host;
using Presence.Tests.Semantics.Clients;
using Xunit;

namespace Presence.Tests.Client;

/// <summary>Two clients of one user where only the newer may stay (contract C3): the other does not fight for its place.</summary>
public sealed class ReplacedClientTests(ReplacedClientTests.Server server) : IClassFixture<ReplacedClientTests.Server>
{
    [Theory]
    [ClassData(typeof(EveryClientKind))]
    [Trait("Clause", "C3")]
    public async Task A_client_that_is_replaced_ends_and_says_so(ClientKind kind)
    {
        var user = Peers.NewUser();
        await using var old = await PresenceClient.ConnectAsync(Clients.OptionsOf(server, kind, user, "alice")).WaitAsync(Clients.Patience);
        var changes = old.Changes.GetAsyncEnumerator();
        await using var young = await PresenceClient.ConnectAsync(Clients.OptionsOf(server, kind, user, "alice")).WaitAsync(Clients.Patience);
        var end = await Assert.ThrowsAsync<PresenceConnectionException>(() => old.Completion.WaitAsync(Clients.Patience));
        Assert.Equal(DisconnectReason.Replaced, end.Reason);
        Assert.Equal(ConnectionPhase.Closed, old.State.Phase);
        Assert.Equal(DisconnectReason.Replaced, (await Assert.ThrowsAsync<PresenceConnectionException>(() => old.SetStatusAsync("still here?"))).Reason);
        await Assert.ThrowsAsync<PresenceConnectionException>(() => changes.MoveNextAsync().AsTask());
        await young.SetStatusAsync("here");
        Assert.True(young.State.IsConnected);
    }

    public sealed class Server : ServerFixture
    {
        protected override IEnumerable<string> Settings => ["--Presence:Session:SingleSocket=true"];
    }
}
