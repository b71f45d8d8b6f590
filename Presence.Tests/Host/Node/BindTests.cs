using Akka.Actor;
using Presence.Tests.Clusters.Kit;
using Xunit;

namespace Presence.Tests.Host.Node;

/// <summary>Nodes that are called by another address than the one where they listen.</summary>
[Trait("Clause", "K1")]
public sealed class BindTests
{
    [Fact]
    public async Task A_node_behind_a_forwarder_is_reached_under_its_public_address()
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        var inner = FreePorts.Next();
        using var forwarder = new Forwarder(inner);
        var seed = $"--Presence:Cluster:Seeds:0=localhost:{forwarder.Port}";
        var behind = new Member(
        [
            seed, "--Presence:Cluster:Hostname=localhost", $"--Presence:Cluster:Port={forwarder.Port}",
            "--Presence:Cluster:BindAddress=127.0.0.1", $"--Presence:Cluster:BindPort={inner}",
        ]);
        var other = new Member([seed]);

        await behind.InitializeAsync().WaitAsync(patience.Token);
        try
        {
            await other.InitializeAsync().WaitAsync(patience.Token);
            try
            {
                await behind.SeesAsync(2, patience.Token);
                await other.SeesAsync(2, patience.Token);
                Assert.Equal(new Address("akka.tcp", "presence", "localhost", forwarder.Port), behind.Cluster.SelfAddress);
                Assert.Contains(behind.Cluster.SelfAddress, other.Up);
                Assert.True(forwarder.Taken > 0, "the second node has not come through the forwarder");
            }
            finally
            {
                await other.DisposeAsync();
            }
        }
        finally
        {
            await behind.DisposeAsync();
        }
    }
}
